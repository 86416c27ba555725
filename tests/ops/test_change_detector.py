import dataclasses

import pytest
from hypothesis import given
from running import rows
from test_against_pandas import TABLES, quick
from test_against_pandas import rows as plain

from orchestrator.crs import projjson
from orchestrator.registry import node_type
from orchestrator.sql import literal

BEFORE = {"id": [1, 2, 3, 4, None], "name": ["a", None, "", "d", "e"], "n": [1, 2, 3, 4, 5]}
AFTER = {"id": [3, 2, 6, None, 1], "name": [None, None, "f", "e", "a"], "n": [3, 2, 6, 5, 9]}


def test_what_became_of_the_rows(run):
    assert run("change_detector", {"keys": ["id"]}, original=BEFORE, revised=AFTER) == {
        "inserted": [(6, "f", 6)],
        "updated": [(3, None, 3, ["name"]), (1, "a", 9, ["n"])],
        "deleted": [(4, "d", 4)],
        "unchanged": [(2, None, 2), (None, "e", 5)],
    }


def test_only_what_is_compared_counts(run):
    config = {"keys": ["id"], "compare": ["name"], "changed": "what", "previous": "before"}
    made = run("change_detector", config, original=BEFORE, revised=AFTER)
    assert made["updated"] == [(3, None, 3, ["name"], {"name": ""})]
    assert made["unchanged"] == [(2, None, 2), (None, "e", 5), (1, "a", 9)]


def test_whole_rows_without_keys(run):
    made = run("change_detector", {}, original={"x": [1, 1, 2, None]}, revised={"x": [None, 1, 3]})
    assert made == {"inserted": [(3,)], "updated": [], "deleted": [(1,), (2,)], "unchanged": [(None,), (1,)]}


def test_rows_of_one_key_belong_together_in_their_order(run):
    before = {"k": ["a", "a", "b"], "v": [1, 2, 3]}
    after = {"k": ["b", "a", "b", "a"], "v": [3, 1, 4, 5]}
    made = run("change_detector", {"keys": ["k"]}, original=before, revised=after)
    assert made == {
        "inserted": [("b", 4)], "updated": [("a", 5, ["v"])], "deleted": [], "unchanged": [("b", 3), ("a", 1)],
    }  # fmt: skip


def test_text_is_compared_letter_by_letter_and_numbers_by_value(run):
    before = {"k": [1, 2, 3, 4], "t": ["a", "a", "é", "x"], "x": [1, 2, 3, 4]}
    after = {"k": [1.0, 2.0, 3.0, 4.0], "t": ["A", "a ", "e", "x"], "x": [1.0, 2.0, 3.0, 4.0]}
    made = run("change_detector", {"keys": ["k"]}, original=before, revised=after)
    assert [row[-1] for row in made["updated"]] == [["t"]] * 3
    assert made["unchanged"] == [(4.0, "x", 4.0)]


def test_columns_of_one_table_only_are_not_compared(run):
    made = run("change_detector", {"keys": ["k"]}, original="SELECT 1 AS k, 1 AS a", revised="SELECT 1 AS k, 2 AS b")
    assert made == {"inserted": [], "updated": [], "deleted": [], "unchanged": [(1, 2)]}
    config = {"keys": ["k"], "previous": "before"}
    columns = run.columns("change_detector", config, "updated", original="SELECT 1 AS k", revised="SELECT 1 AS k")
    assert columns == [("k", "INTEGER"), ("changed_columns", "VARCHAR[]"), ("before", "VARCHAR")]


def test_geometry_is_compared_vertex_by_vertex(run):
    table = "SELECT * FROM (VALUES (1, '{}'::GEOMETRY), (2, NULL), (3, 'POINT EMPTY')) t(id, g)"
    before, after = table.format("LINESTRING (0 0, 1 1)"), table.format("LINESTRING (1 1, 0 0)")
    config = {"keys": ["id"], "previous": "before"}
    made = run.relations("change_detector", config, original=before, revised=after)
    assert rows(made["updated"].project("id, changed_columns, before")) == [(1, ["g"], None)]
    assert rows(made["unchanged"].project("id")) == [(2,), (3,)]


def test_lenient_geometry_in_what_is_compared_and_in_keys(run):
    table = "SELECT * FROM (VALUES (1, '{}'::GEOMETRY), (2, NULL), (3, 'POINT (0 0)')) t(id, g)"
    before, after = table.format("LINESTRING (0 0, 1 1)"), table.format("LINESTRING (1 1, 0 0)")
    made = run.relations("change_detector", {"keys": ["id"], "lenient_geometry": True}, original=before, revised=after)
    assert rows(made["unchanged"].project("id, st_astext(g)")) == [
        (1, "LINESTRING (1 1, 0 0)"), (2, None), (3, "POINT (0 0)"),
    ]  # fmt: skip
    made = run("change_detector", {"keys": ["g"], "lenient_geometry": True}, original=before, revised=after)
    assert [len(made[port]) for port in ("inserted", "updated", "deleted", "unchanged")] == [0, 0, 0, 3]
    config = {"keys": ["id"], "compare": ["id"], "lenient_geometry": True}
    made = run("change_detector", config, original="SELECT 1 AS id", revised="SELECT 1 AS id")
    assert made["unchanged"] == [(1,)]


def test_a_coordinate_system_may_be_written_in_two_ways(run):
    table = "SELECT 1 AS id, st_setcrs('POINT (1 2)'::GEOMETRY, {}) AS g"
    before, after = table.format("'EPSG:4326'"), table.format(literal(projjson("EPSG:4326")))
    made = run("change_detector", {"keys": ["id"]}, original=before, revised=after)
    assert [len(made[port]) for port in ("inserted", "updated", "deleted", "unchanged")] == [0, 0, 0, 1]


@pytest.mark.parametrize(("before", "after", "counts"), [(True, False, (4, 0)), (False, True, (0, 4))])
def test_one_side_empty(run, before, after, counts):
    none = "SELECT 1::BIGINT AS k WHERE false"
    some = "SELECT range AS k FROM range(4)"
    made = run("change_detector", {}, original=none if before else some, revised=none if after else some)
    assert (len(made["inserted"]), len(made["deleted"])) == counts
    assert made["updated"] == made["unchanged"] == []


def test_each_port_tells_of_the_same_pairs_where_it_is_read_alone(run, context, tmp_path):
    fused = dataclasses.replace(context, scratch=tmp_path / "scratch", keep_order=False, unused=frozenset({"deleted"}))
    made = run("change_detector", {"keys": ["id"]}, context=fused, original=BEFORE, revised=AFTER)
    assert sorted(row[0] for row in made["updated"]) == [1, 3]
    assert made["inserted"] == [(6, "f", 6)]


REFUSED = [
    ({"keys": ["k"]}, "1 AS k", "1 AS j", "unknown_column", "/config/keys/0"),
    ({"keys": ["k"]}, "1 AS k", "'x' AS k", "type_mismatch", "/config/keys/0"),
    ({"compare": ["a"]}, "1 AS k, 1 AS a", "1 AS k", "unknown_column", "/config/compare/0"),
    ({"keys": ["k"]}, "1 AS k, 1 AS a", "1 AS k, true AS a", "type_mismatch", "/config/compare"),
    ({}, "1 AS a", "1 AS b", "invalid_config", "/config/compare"),
    ({"keys": ["k"]}, "1 AS k, 1 AS V", "1 AS k, 2 AS v", "unknown_column", "/config/compare"),
    ({"keys": ["k", "k"]}, "1 AS k", "1 AS k", "invalid_config", "/config/keys/1"),
    ({"keys": ["k"], "previous": "changed_columns"}, "1 AS k", "1 AS k", "invalid_config", "/config/previous"),
    ({"keys": ["k"], "changed": "K"}, "1 AS k", "1 AS k", "duplicate_column", "/config/changed"),
    ({"keys": ["k"]}, "1 AS k, st_setcrs('POINT (1 2)'::GEOMETRY, 'EPSG:4326') AS g",
     "1 AS k, st_setcrs('POINT (1 2)'::GEOMETRY, 'EPSG:2056') AS g", "crs_mismatch", "/config/compare"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "before", "after", "code", "path"), REFUSED)
def test_refuses(run, config, before, after, code, path):
    found = run.refuses("change_detector", config, original=f"SELECT {before}", revised=f"SELECT {after}")
    assert found[:2] == (code, path)


def test_the_message_names_both_sides(run):
    message = run.refuses("change_detector", {"keys": ["k"]}, original="SELECT 1 AS k", revised="SELECT 'x' AS k")[2]
    assert message == (
        "'k' (original) is INTEGER and 'k' (revised) is VARCHAR: they cannot be equal. Convert one of them first."
    )


@quick
@given(TABLES, TABLES)
def test_against_pandas(session, context, before, after):
    given = {"original": session.from_frame(before[["k", "x"]]), "revised": session.from_frame(after[["k", "x"]])}
    made = {n: rows(t) for n, t in node_type("change_detector").configure({"keys": ["k"]}).call(given, context).items()}
    ours, theirs = (f.assign(nth=f.groupby("k", dropna=False).cumcount()) for f in (before, after))
    both = ours.merge(theirs, on=["k", "nth"], how="outer", suffixes=("", "_new"), indicator="found")
    pairs = both[both.found == "both"]
    same = (pairs.x == pairs.x_new).fillna(False) | (pairs.x.isna() & pairs.x_new.isna())
    assert len(made["deleted"]) == sum(both.found == "left_only")
    assert len(made["unchanged"]) == same.sum()
    assert len(made["updated"]) == len(pairs) - same.sum()
    new = theirs.merge(ours[["k", "nth"]], how="left", indicator="found").query("found == 'left_only'")
    assert made["inserted"] == plain(new[["k", "x"]])

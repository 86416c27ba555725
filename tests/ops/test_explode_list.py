import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import quick

from orchestrator.registry import node_type

# One element a row, so that no row is lost between the ports.
FEED = {"table": "SELECT * FROM (VALUES (1, ['a']), (2, ['it''s']), (3, []), (4, NULL)) v(id, tags)"}
TABLE = {"id": [1, 2, 3, 4], "l": [["a", "b", None], [], None, [""]], "z": [1, 2, 3, 4]}
ELEMENTS = [(1, "a", 1), (1, "b", 1), (1, None, 1), (2, None, 2), (3, None, 3), (4, "", 4)]


def test_a_row_for_each_element(run):
    assert run("explode_list", {"column": "l"}, table=TABLE) == {"result": ELEMENTS, "rejected": []}


def test_lists_without_elements_may_give_no_row(run):
    made = run("explode_list", {"column": "l", "keep_rows": False}, table=TABLE)
    assert made["result"] == [row for row in ELEMENTS if row[0] in (1, 4)]


def test_name_and_index(run):
    config = {"column": "l", "name": "x", "index": "n"}
    assert run.columns("explode_list", config, table=TABLE) == [
        ("id", "BIGINT"), ("x", "VARCHAR"), ("n", "BIGINT"), ("z", "BIGINT"),
    ]  # fmt: skip
    assert [row[2] for row in run("explode_list", config, table=TABLE)["result"]] == [1, 2, 3, None, None, 1]


KINDS = [
    ("[[1, 2], [3]]", {}, "INTEGER[]", [[1, 2], [3]]),
    ("[1, 2]::TINYINT[2]", {}, "TINYINT", [1, 2]),
    ("map {'k': 1}", {}, 'STRUCT("key" VARCHAR, "value" INTEGER)', [{"key": "k", "value": 1}]),
    ("'[1, \"a\", null, {\"b\": 2}]'", {}, "VARCHAR", ["1", "a", None, '{"b":2}']),
    ("'[1, \"a\", null]'::JSON", {"element_type": "JSON"}, "JSON", ["1", '"a"', None]),
    ("'[1, \"2\", null]'", {"element_type": "BIGINT"}, "BIGINT", [1, 2, None]),
    ("'[]'", {}, "VARCHAR", [None]),
    ("'null'", {}, "VARCHAR", [None]),
    ("NULL", {}, "VARCHAR", [None]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "more", "kind", "expected"), KINDS)
def test_lists_of_any_kind(run, value, more, kind, expected):
    config, table = {"column": "l", **more}, f"SELECT {value} AS l"
    assert [row[0] for row in run("explode_list", config, table=table)["result"]] == expected
    assert run.columns("explode_list", config, table=table) == [("l", kind)]


FIELDS = [
    ("[{'a': 1, 'b': {'c': 'x'}}, NULL]", {}, ["a", "b"], [(1, {"c": "x"}), (None, None)]),
    ("map {'k': 1}", {"prefix": "p_"}, ["p_key", "p_value"], [("k", 1)]),
    ("'[{\"a\": 1}, {}]'", {"element_type": "STRUCT(a INT)"}, ["a"], [(1,), (None,)]),
]


@pytest.mark.parametrize(("value", "more", "names", "expected"), FIELDS)
def test_fields_of_elements(run, value, more, names, expected):
    config, table = {"column": "l", "fields": True, **more}, f"SELECT {value} AS l"
    assert run("explode_list", config, table=table)["result"] == expected
    assert [name for name, _ in run.columns("explode_list", config, table=table)] == names


def test_geometry_keeps_its_system(run):
    table = "SELECT [st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84')] AS l"
    assert run.columns("explode_list", {"column": "l"}, table=table) == [("l", "GEOMETRY('OGC:CRS84')")]


def test_rejects(run):
    table = {"id": [1, 2, 3, 4, 5], "l": ["[1]", "[1,", '{"a": 1}', '[1, "x"]', None], "rejection_message": [0] * 5}
    made = run("explode_list", {"column": "l", "element_type": "INT"}, table=table)
    assert made == {
        "result": [(1, 1, 0), (5, None, 0)],
        "rejected": [
            (2, "[1,", "invalid_json", "l: [1, is no JSON array."),
            (3, '{"a": 1}', "invalid_json", 'l: {"a": 1} is no JSON array.'),
            (4, '[1, "x"]', "cast_failed", 'l: "x" cannot become INTEGER.'),
        ],
    }


def test_a_wrong_value_inside_of_an_element_is_wrong(run):
    table = {"l": ["[[1, null]]", '[[1], [1, "x"]]']}
    made = run("explode_list", {"column": "l", "element_type": "INT[]"}, table=table)
    assert made["result"] == [([1, None],)]
    assert made["rejected"][0][1:] == ("cast_failed", 'l: [1,"x"] cannot become INTEGER[].')


REFUSED = [
    ({"column": "id"}, "type_mismatch", "/config/column"),
    ({"column": "l", "name": "ID"}, "duplicate_column", "/config/name"),
    ({"column": "l", "index": "id"}, "duplicate_column", "/config/index"),
    ({"column": "l", "index": "l"}, "duplicate_column", "/config/index"),
    ({"column": "l", "fields": True}, "type_mismatch", "/config/fields"),
    ({"column": "s", "fields": True, "name": "x"}, "invalid_config", "/config/name"),
    ({"column": "s", "fields": True}, "duplicate_column", "/config/prefix"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = "SELECT 1 AS id, [1] AS l, [{'id': 1}] AS s"
    assert run.refuses("explode_list", config, table=table)[:2] == (code, path)


@quick
@given(st.lists(st.none() | st.lists(st.none() | st.sampled_from(["", "a", "é"]), max_size=3), max_size=6))
def test_as_pandas(run, lists):
    frame = pd.DataFrame({"id": range(len(lists)), "l": pd.Series(lists, dtype=object)})
    expected = [(id_, None if pd.isna(each) else each) for id_, each in frame.explode("l").itertuples(index=False)]
    table = run.session.arrow(pa.table({"id": list(range(len(lists))), "l": pa.array(lists, pa.list_(pa.string()))}))
    made = node_type("explode_list").configure({"column": "l"}).call({"table": table}, run.context)
    assert made["result"].fetchall() == expected

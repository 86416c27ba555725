import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, plain, quick, rows
from test_against_pandas import run as call

TABLE = {"id": [1, 2, 3, 4, 5, 6, 7, 8], "t": ["b", "a", None, "b", "", "a", None, "A"], "n": [1, 2, 3, 1, 3, 4, 3, 2]}

AS_GEOMETRY = {"columns": [{"name": "w", "expression": "w::GEOMETRY"}]}


def groups(made):
    return {
        "matched": [(row[0], row[-1]) for row in made["matched"]],
        "single": [(row[0], row[-1]) for row in made["single_matched"]],
        "not": [row[0] for row in made["not_matched"]],
    }


CASES = [
    ({"columns": ["t"]},
     [(1, 1), (2, 2), (3, 3), (4, 1), (6, 2), (7, 3)], [(1, 1), (2, 2), (3, 3)], [5, 8]),
    ({"columns": ["t"], "null_equals_empty": True},
     [(1, 1), (2, 2), (3, 3), (4, 1), (5, 3), (6, 2), (7, 3)], [(1, 1), (2, 2), (3, 3)], [8]),
    ({"columns": ["t", "n"]}, [(1, 1), (3, 2), (4, 1), (7, 2)], [(1, 1), (3, 2)], [2, 5, 6, 8]),
    ({}, [], [], [1, 2, 3, 4, 5, 6, 7, 8]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "matched", "single", "alone"), CASES)
def test_equal_rows(run, config, matched, single, alone):
    assert groups(run("matcher", config, table=TABLE)) == {"matched": matched, "single": single, "not": alone}


def test_an_empty_text_is_equal_to_null_in_text_only(run):
    made = run("matcher", {"columns": ["x"], "null_equals_empty": True}, table={"x": [0, None, None]})
    assert groups(made) == {"matched": [(None, 1), (None, 1)], "single": [(None, 1)], "not": [0]}


def test_geometry_is_compared_vertex_by_vertex(run):
    shapes = ["LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 0 0)", "LINESTRING (0 0, 1 1)", None]
    relation = run.relations("compute", AS_GEOMETRY, table={"id": [1, 2, 3, 4], "w": shapes})
    made = run("matcher", {"columns": ["w"]}, table=relation["result"])
    assert groups(made) == {"matched": [(1, 1), (3, 1)], "single": [(1, 1)], "not": [2, 4]}


ALIKE = [
    (["LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 0 0)"], True),
    (["LINESTRING (0 0, 1 0, 1 1, 0 0)", "LINESTRING (1 1, 1 0, 0 0, 1 1)"], True),
    (["POLYGON ((0 0, 1 0, 1 1, 0 0))", "POLYGON ((1 1, 1 0, 0 0, 1 1))"], True),
    (["MULTIPOINT (1 1, 2 2)", "MULTIPOINT (2 2, 1 1)"], True),
    (["MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "POLYGON ((0 0, 1 0, 1 1, 0 0))"], True),
    (["GEOMETRYCOLLECTION (POINT (1 1), POINT (2 2))", "GEOMETRYCOLLECTION (POINT (2 2), POINT (1 1))"], True),
    (["LINESTRING Z (0 0 5, 1 1 6)", "LINESTRING Z (1 1 6, 0 0 5)"], True),
    (["POINT EMPTY", "POINT EMPTY"], True),
    ([None, None], True),
    (["LINESTRING Z (0 0 5, 1 1 6)", "LINESTRING Z (0 0 5, 1 1 7)"], False),
    (["LINESTRING (0 0, 2 2)", "LINESTRING (0 0, 1 1, 2 2)"], False),
    (["POINT (0 0)", "POINT Z (0 0 0)"], False),
    (["POINT (0 0)", None], False),
]


@pytest.mark.parametrize(("shapes", "equal"), ALIKE)
def test_shapes_that_differ_in_how_they_were_drawn(run, shapes, equal):
    relation = run.relations("compute", AS_GEOMETRY, table={"id": [1, 2], "w": shapes})["result"]
    made = run("matcher", {"columns": ["w"], "lenient_geometry": True}, table=relation)
    assert groups(made)["matched"] == ([(1, 1), (2, 1)] if equal else [])
    assert len(made["not_matched"]) == (0 if equal else 2)


def test_shapes_come_out_as_they_were_drawn(run):
    relation = run.relations("compute", AS_GEOMETRY, table={"w": ["LINESTRING (1 1, 0 0)", "LINESTRING (0 0, 1 1)"]})
    made = run.relations("matcher", {"lenient_geometry": True}, table=relation["result"])["matched"]
    assert made.project("st_astext(w)").fetchall() == [("LINESTRING (1 1, 0 0)",), ("LINESTRING (0 0, 1 1)",)]


def test_columns(run):
    columns = run.columns("matcher", {"match_id": "g"}, "matched", table="SELECT 1 AS a")
    assert columns == [("a", "INTEGER"), ("g", "BIGINT")]
    assert run.columns("matcher", {"match_id": "g"}, "not_matched", table="SELECT 1 AS a") == [("a", "INTEGER")]


def test_a_port_that_is_read_alone(run, context, tmp_path):
    fused = dataclasses.replace(context, scratch=tmp_path / "x", unused=frozenset({"matched", "not_matched"}))
    assert groups(run("matcher", {"columns": ["t"]}, context=fused, table=TABLE))["single"] == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    ("config", "code", "path"),
    [
        ({"columns": ["a"], "match_id": "A"}, "duplicate_column", "/config/match_id"),
        ({"columns": ["a", "A"]}, "invalid_config", "/config/columns/1"),
    ],
)
def test_refuses(run, config, code, path):
    assert run.refuses("matcher", config, table="SELECT 1 AS a")[:2] == (code, path)


@quick
@given(TABLES, st.sampled_from([["k"], ["t"], ["k", "x"]]))
def test_against_pandas(context, frame, columns):
    again = frame.duplicated(columns, keep=False)
    made = call(context, "matcher", {"columns": columns}, table=frame)
    assert made["not_matched"] == rows(frame[~again])
    numbers = frame[again].groupby(columns, dropna=False, sort=False).ngroup() + 1
    assert made["matched"] == [(*plain(row), n) for row, n in zip(rows(frame[again]), numbers, strict=True)]
    first = set(frame[~frame.duplicated(columns)].id)
    assert made["single_matched"] == [row for row in made["matched"] if row[-2] in first]

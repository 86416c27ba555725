import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo

from orchestrator.ops.base import Context
from orchestrator.ops.coordinates import Coordinates

SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))"
VERTICES = [
    ({}, "POINT (1 2)", (1, 2)),
    ({}, "LINESTRING (1 2, 3 4, 5 6)", (1, 2)),
    ({"vertex": "last"}, "LINESTRING (1 2, 3 4, 5 6)", (5, 6)),
    ({"vertex": "index", "index": 1}, "LINESTRING (1 2, 3 4, 5 6)", (3, 4)),
    ({"vertex": "index", "index": -3}, "LINESTRING (1 2, 3 4, 5 6)", (1, 2)),
    ({"vertex": "index", "index": 3}, "LINESTRING (1 2, 3 4, 5 6)", (None, None)),
    ({"vertex": "index", "index": -4}, "LINESTRING (1 2, 3 4, 5 6)", (None, None)),
    ({"vertex": "index", "index": 4}, SQUARE, (2, 1)),
    ({"vertex": "last"}, "MULTIPOINT (1 2, 3 4)", (3, 4)),
    ({"z": "z"}, "POINT Z (1 2 3)", (1, 2, 3)),
    ({"z": "z"}, "POINT M (1 2 3)", (1, 2, None)),
    ({"z": "z"}, "POINT EMPTY", (None, None, None)),
    ({"z": "z"}, None, (None, None, None)),
]


@pytest.mark.parametrize(("config", "shape", "expected"), VERTICES)
def test_a_vertex(run, config, shape, expected):
    made = run.relations("coordinates", config, table=geo("POINT (8 8)", shape, "POINT (9 9)"))["result"]
    assert made.project(", ".join("xyz"[: len(expected)])).fetchall()[1] == expected
    assert made.columns == ["id", "geometry", *"xyz"[: len(expected)]]


LISTS = [
    ("LINESTRING Z (1 2 3, 4 5 6)", [{"x": 1, "y": 2, "z": 3}, {"x": 4, "y": 5, "z": 6}]),
    ("POINT (1 2)", [{"x": 1, "y": 2, "z": None}]),
    ("POINT EMPTY", []),
    (None, None),
]


@pytest.mark.parametrize(("shape", "expected"), LISTS)
def test_all_vertices(run, shape, expected):
    table = geo("MULTIPOINT (8 8, 9 9)", shape, "POINT (7 7)")
    made = run.relations("coordinates", {"vertex": "all", "list": "v"}, table=table)["result"]
    assert made.columns == ["id", "geometry", "v"]
    assert [row[0] for row in made.project("v").fetchall()][1] == expected
    assert made.project("len(v)").fetchall()[2] == (1,)


def test_replaces_columns_of_these_names(run):
    table = f"SELECT 'a' AS X, geometry, 5 AS b FROM ({geo('POINT (1 2)')})"
    made = run.relations("coordinates", {}, table=table)["result"]
    assert made.columns == ["x", "geometry", "b", "y"]
    assert made.project("x, b, y").fetchall() == [(1, 5, 2)]


LINES = st.lists(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=5), max_size=6)


@settings(max_examples=30, deadline=None)
@given(LINES, st.integers(-6, 6))
def test_as_shapely_does_for_each(opened, rows, index):
    table = opened.connection.sql(geo(*map(shapely.LineString, rows)))
    op = Coordinates(vertex="index", index=index)
    made = op.call({"table": table}, Context(opened, None))["result"].project("x, y").fetchall()
    assert made == [each[index] if -len(each) <= index < len(each) else (None, None) for each in rows]


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"x": "a", "y": "A"}, geo("POINT (1 2)"), "invalid_config", "/config/y"),
    ({"vertex": "middle"}, geo("POINT (1 2)"), "invalid_config", "/config/vertex"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("coordinates", config, table=table)[:2] == (code, path)

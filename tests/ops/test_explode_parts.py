import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.explode_parts import ExplodeParts
from orchestrator.schema import columns

INNER = "GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), MULTIPOINT (2 2, 3 3))"
NESTED = f"GEOMETRYCOLLECTION (POINT (1 1), {INNER})"
EXPLODED = [
    ({}, "POINT Z (1 2 3)", ["POINT Z (1 2 3)"], [1]),
    ({}, "MULTIPOINT (0 0, 1 1, 0 0)", ["POINT (0 0)", "POINT (1 1)", "POINT (0 0)"], [1, 2, 3]),
    ({}, NESTED, ["POINT (1 1)", "LINESTRING (0 0, 1 1)", "POINT (2 2)", "POINT (3 3)"], [1, 2, 3, 4]),
    ({"nested": False}, NESTED, ["POINT (1 1)", INNER], [1, 2]),
    ({}, None, [None], [None]),
    ({}, "POINT EMPTY", ["POINT EMPTY"], [None]),
    ({}, "GEOMETRYCOLLECTION (POINT EMPTY)", ["GEOMETRYCOLLECTION (POINT EMPTY)"], [None]),
    ({}, "MULTIPOINT (EMPTY, 1 1)", ["POINT (1 1)"], [1]),
    (
        {},
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0), (3 1, 4 1, 4 2, 3 1)), ((20 0, 21 0, 21 1, 20 0)))",
        ["POLYGON ((0 0, 9 0, 9 9, 0 0), (3 1, 4 1, 4 2, 3 1))", "POLYGON ((20 0, 21 0, 21 1, 20 0))"],
        [1, 2],
    ),
]


@pytest.mark.parametrize(("config", "shape", "parts", "numbers"), EXPLODED)
def test_explodes(run, config, shape, parts, numbers):
    table = geo("POINT (7 7)", shape, "POINT (8 8)")
    made = run.relations("explode_parts", config, table=table)["result"]
    expected = [each and shapely.from_wkt(each) for each in parts]
    assert shapes(made) == [shapely.Point(7, 7), *expected, shapely.Point(8, 8)]
    assert made.project("id, part_number").fetchall() == [(0, 1), *((1, number) for number in numbers), (2, 1)]


def test_many_parts_of_one_shape_take_little_memory(run):
    assert len(run("explode_parts", {}, table=geo(shapely.MultiPoint([(x, 0) for x in range(15_000)])))) == 15_000


COLUMNS = [
    ({}, "1 a", ["a", "geometry", "part_number"]),
    ({"number": None}, "1 a", ["a", "geometry"]),
    ({"number": "A"}, "'x' a", ["A", "geometry"]),
]


@pytest.mark.parametrize(("config", "table", "expected"), COLUMNS)
def test_columns(run, config, table, expected):
    table = f"SELECT {table}, geometry FROM ({geo('MULTIPOINT (0 0, 1 1)')})"
    made = run.relations("explode_parts", config, table=table)["result"]
    assert made.columns == expected
    assert [each.crs for each in columns(made) if each.name == "geometry"] == ["EPSG:3857"]
    assert len(made.fetchall()) == 2


POINTS = st.lists(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=4), max_size=8)


@settings(max_examples=30, deadline=None)
@given(POINTS)
def test_as_shapely_does_for_each(opened, rows):
    table = opened.connection.sql(geo(*map(shapely.MultiPoint, rows)))
    made = ExplodeParts().call({"table": table}, Context(opened, None))["result"]
    found = list(zip(made.project("id, part_number").fetchall(), shapes(made), strict=True))
    expected = []
    for row, points in enumerate(rows):
        parts = [((row, number), shapely.Point(each)) for number, each in enumerate(points, 1)]
        expected += parts or [((row, None), shapely.MultiPoint())]
    assert found == expected


def test_refuses_a_table_without_geometry(run):
    assert run.refuses("explode_parts", {}, table="SELECT 1 AS a")[:2] == ("missing_geometry", None)

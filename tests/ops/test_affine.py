import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.affine import Affine
from orchestrator.ops.base import Context
from orchestrator.schema import columns

LINE, SQUARE = "LINESTRING (0 0, 2 0)", "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"
MOVED = [
    ({"dx": 1, "dy": -2}, LINE, "LINESTRING (1 -2, 3 -2)"),
    ({"dx": 1, "dz": 5}, LINE, "LINESTRING (1 0, 3 0)"),
    ({"dz": 5, "scale_z": 2}, "POINT Z (1 2 3)", "POINT Z (1 2 11)"),
    ({"rotate": 90}, LINE, "LINESTRING (1 -1, 1 1)"),
    ({"rotate": -90}, LINE, "LINESTRING (1 1, 1 -1)"),
    ({"rotate": 180, "about": "origin"}, LINE, "LINESTRING (0 0, -2 0)"),
    ({"rotate": 450, "about": "point", "point": [2, 0]}, LINE, "LINESTRING (2 -2, 2 0)"),
    ({"scale_x": 2}, SQUARE, "POLYGON ((-1 0, 3 0, 3 2, -1 2, -1 0))"),
    ({"scale_x": 2, "about": "origin"}, SQUARE, "POLYGON ((0 0, 4 0, 4 2, 0 2, 0 0))"),
    ({"scale_y": -1, "about": "center"}, "LINESTRING (0 0, 0 2, 4 2)", "LINESTRING (0 2, 0 0, 4 0)"),
    ({"scale_x": 2, "rotate": 90, "dx": 10, "about": "origin"}, "POINT (1 0)", "POINT (10 2)"),
    ({"rotate": 90, "dx": 1}, "POINT EMPTY", "POINT EMPTY"),
    ({"rotate": 90, "about": "center"}, "GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (0 0, 2 0))", 
     "GEOMETRYCOLLECTION (POINT (1 -1), LINESTRING (1 -1, 1 1))"),
    ({"dx": 1}, "POINT ZM (1 2 3 4)", "POINT Z (2 2 3)"),
    ({"dx": 1}, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("config", "shape", "expected"), MOVED)
def test_in_order(run, config, shape, expected):
    made = run.relations("affine", config, table=geo(shape, "POINT Z (7 7 7)", "POINT (8 8)"))["result"]
    first = shapes(made)[0]
    assert (first and first.wkt) == (expected and shapely.from_wkt(expected).wkt) or first == shapely.from_wkt(expected)
    assert [each.has_z for each in shapes(made)[1:]] == [True, False]
    assert columns(made)[1].crs == "EPSG:3857"


def test_amounts_in_columns(run):
    table = f"""SELECT *, [1, 2.5, NULL, 'inf'::DOUBLE][id + 1] AS "a b", id::DECIMAL(5, 2) AS up
        FROM ({geo("POINT (0 0)", "POINT Z (0 0 0)", "POINT (0 0)", "POINT (0 0)")})"""
    made = run.relations("affine", {"dx": "A B", "dy": "up", "dz": "up"}, table=table)["result"]
    assert made.columns == ["id", "geometry", "a b", "up"]
    assert shapes(made) == [shapely.Point(1, 0), shapely.Point(2.5, 1, 1), None, None]


LINES = st.lists(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=5), max_size=6)
ABOUT = {"centroid": "centroid", "center": "center", "origin": (0, 0)}


@settings(max_examples=40, deadline=None)
@given(LINES, st.floats(-400, 400), st.floats(-3, 3), st.sampled_from(list(ABOUT)))
def test_as_shapely_does_for_each(opened, rows, angle, factor, about):
    given = [shapely.LineString(each) for each in rows]
    table = opened.connection.sql(geo(*given))
    op = Affine(scale_x=factor, rotate=angle, dx=3, dy=-1, about=about)
    made = shapes(op.call({"table": table}, Context(opened, None))["result"])
    for before, after in zip(given, made, strict=True):
        fixed = before.centroid if about == "centroid" else ABOUT[about]
        if about == "center":
            west, south, east, north = before.bounds
            fixed = ((west + east) / 2, (south + north) / 2)
        scaled = shapely.affinity.scale(before, factor, 1, origin=fixed)
        turned = shapely.affinity.rotate(scaled, angle, origin=fixed)
        assert shapely.affinity.translate(turned, 3, -1).equals_exact(after, tolerance=1e-9)


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"dx": "far"}, geo("POINT (1 2)"), "unknown_column", "/config/dx"),
    ({"rotate": "geometry"}, geo("POINT (1 2)"), "type_mismatch", "/config/rotate"),
    ({"about": "point"}, geo("POINT (1 2)"), "invalid_config", "/config/point"),
    ({"point": [1, 2]}, geo("POINT (1 2)"), "invalid_config", "/config/point"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("affine", config, table=table)[:2] == (code, path)

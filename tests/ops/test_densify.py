import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.densify import Densify
from orchestrator.schema import columns

DENSE = [
    ("LINESTRING (0 0, 3 0)", 1, "LINESTRING (0 0, 1 0, 2 0, 3 0)"),
    ("LINESTRING (0 0, 3 0, 3 1)", 2, "LINESTRING (0 0, 1.5 0, 3 0, 3 1)"),
    ("LINESTRING Z (0 0 0, 2 0 10)", 1, "LINESTRING Z (0 0 0, 1 0 5, 2 0 10)"),
    ("LINESTRING M (0 0 0, 2 0 10)", 1, "LINESTRING (0 0, 1 0, 2 0)"),
    ("LINESTRING ZM (0 0 0 7, 2 0 10 7)", 1, "LINESTRING Z (0 0 0, 1 0 5, 2 0 10)"),
    ("LINESTRING (1 1, 1 1)", 1, "LINESTRING (1 1, 1 1)"),
    ("MULTILINESTRING ((0 0, 2 0), (9 9, 9 8))", 1, "MULTILINESTRING ((0 0, 1 0, 2 0), (9 9, 9 8))"),
    ("POLYGON ((0 0, 2 0, 0 1, 0 0))", 2, "POLYGON ((0 0, 2 0, 1 0.5, 0 1, 0 0))"),
    ("POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))", 4, "POLYGON ((0 0, 2 2, 4 4, 4 0, 2 2, 0 4, 0 0))"),
    (
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0), (3 1, 4 1, 4 2, 3 1)), ((20 0, 21 0, 21 1, 20 0)))",
        5,
        "MULTIPOLYGON (((0 0, 4.5 0, 9 0, 9 4.5, 9 9, 6 6, 3 3, 0 0), (3 1, 4 1, 4 2, 3 1)), "
        "((20 0, 21 0, 21 1, 20 0)))",
    ),
    (
        "GEOMETRYCOLLECTION (POINT (1 1), GEOMETRYCOLLECTION (LINESTRING (0 0, 2 0)))",
        1,
        "GEOMETRYCOLLECTION (POINT (1 1), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 0, 2 0)))",
    ),
    ("MULTIPOINT (0 0, 9 9)", 1, "MULTIPOINT (0 0, 9 9)"),
    (
        "GEOMETRYCOLLECTION ZM (POINT ZM (1 1 2 3), LINESTRING ZM (0 0 0 7, 2 0 2 7))",
        1,
        "GEOMETRYCOLLECTION Z (POINT Z (1 1 2), LINESTRING Z (0 0 0, 1 0 1, 2 0 2))",
    ),
    ("LINESTRING EMPTY", 1, "LINESTRING EMPTY"),
    ("GEOMETRYCOLLECTION EMPTY", 1, "GEOMETRYCOLLECTION EMPTY"),
]


@pytest.mark.parametrize(("shape", "length", "expected"), DENSE)
def test_adds_vertices(run, shape, length, expected):
    (made,) = shapes(run.relations("densify", {"length": length}, table=geo(shape))["result"])
    assert made.wkt == shapely.from_wkt(expected).wkt


def test_mixed_kinds_beside_null(run):
    made = run.relations("densify", {"length": 1}, table=geo(None, *[each[0] for each in DENSE]))["result"]
    expected = [shapely.from_wkt(each[0]).geom_type for each in DENSE]
    assert [getattr(each, "geom_type", None) for each in shapes(made)] == [None, *expected]
    assert columns(made)[1].crs == "EPSG:3857"


UNITS = [
    ("EPSG:4326", "LINESTRING (10 60, 11 60)", 1000, 56),
    ("EPSG:4807", "LINESTRING (10 66.6666666667, 11.1111111111 66.6666666667)", 1000, 56),
    ("EPSG:4326", "LINESTRING (-180 0, 180 0)", 1_000_000, 41),
    ("EPSG:4326", "LINESTRING (-170 0, 170 0)", 1_000_000, 38),
    ("EPSG:2263", "LINESTRING (0 0, 100 0)", 10, 4),
    ("EPSG:25832", "LINESTRING (0 0, 100 0)", 10, 10),
]


@pytest.mark.parametrize(("crs", "shape", "length", "pieces"), UNITS)
def test_metres(run, crs, shape, length, pieces):
    (made,) = shapes(run.relations("densify", {"length": length, "unit": "metre"}, table=geo(shape, crs=crs))["result"])
    assert shapely.get_num_coordinates(made) == pieces + 1
    assert len(set(np.round(np.diff(shapely.get_coordinates(made)[:, 0]), 9))) == 1


def test_no_piece_in_degrees_is_longer(run):
    table = geo("POLYGON ((-60 -20, 80 10, 40 75, -60 -20))", crs="EPSG:4326")
    (made,) = shapes(run.relations("densify", {"length": 50_000, "unit": "metre"}, table=table)["result"])
    at = shapely.get_coordinates(made)
    assert max(Geod(ellps="WGS84").inv(*at[:-1].T, *at[1:].T)[2]) <= 50_000.001


LINES = st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=2, max_size=6, unique=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from([0.7123, 3.3377, 100.0]))
def test_as_shapely_does_for_each(opened, rows, length):
    """With lengths that fit no piece a whole number of times: there GEOS may cut once more, by rounding."""
    given = [shapely.LineString(each) for each in rows]
    given += [shapely.MultiLineString(given), *(shapely.LineString(each).buffer(1) for each in rows)]
    table = opened.connection.sql(geo(*given))
    made = shapes(Densify(length=length).call({"table": table}, Context(opened, None))["result"])
    for before, after in zip(given, made, strict=True):
        assert after.geom_type == before.geom_type
        expected = shapely.get_parts(shapely.segmentize(before, length))
        assert shapely.equals_exact(shapely.get_parts(after), expected, tolerance=1e-9).all()


REFUSED = [
    ({"length": 1}, "SELECT 1 AS a", "missing_geometry", None),
    ({"length": 1, "unit": "metre"}, geo("POINT (1 2)", crs=None), "missing_crs", "table"),
    ({"length": 0}, geo("POINT (1 2)"), "invalid_config", "/config/length"),
    ({}, geo("POINT (1 2)"), "invalid_config", "/config/length"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    found = run.refuses("densify", config, table=table)
    assert found[0] == code
    assert found[1] == (None if path == "table" else path)

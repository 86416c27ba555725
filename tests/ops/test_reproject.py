import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from spatial_tables import geo, shapes

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.reproject import Reproject
from orchestrator.schema import columns


def moved(text, source, target):
    """What GeoPandas makes of it."""
    return geopandas.GeoSeries.from_wkt([text], crs=source).to_crs(target).iloc[0]


MOVES = [
    ("POINT (10 50)", "EPSG:4326", "EPSG:3857"),
    ("POINT (10 50)", "OGC:CRS84", "EPSG:25832"),
    ("POINT (565469 5539000)", "EPSG:25832", "EPSG:4326"),
    ("POINT Z (10 50 7)", "EPSG:4326", "EPSG:3857"),
    ("POINT ZM (10 50 7 3)", "EPSG:4326", "EPSG:3857"),
    ("LINESTRING M (10 50 7, 11 51 8)", "EPSG:4326", "EPSG:3857"),
    ("LINESTRING (10 50, 11 51)", "EPSG:4326", "ESRI:54030"),
    ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))", "EPSG:4326", "EPSG:3035"),
    ("GEOMETRYCOLLECTION (POINT (10 50), LINESTRING (0 1, 2 3))", "EPSG:4326", "EPSG:3857"),
    ("POINT EMPTY", "EPSG:4326", "EPSG:3857"),
    ("POINT (10 50)", "EPSG:4326", "+proj=laea +lat_0=50 +lon_0=10"),
]


@pytest.mark.parametrize(("shape", "source", "target"), MOVES)
def test_moves(run, shape, source, target):
    made = run.relations("reproject", {"to": target}, table=geo(shape, crs=source))["result"]
    assert shapes(made)[0].equals_exact(moved(shape, source, target), 1e-6)
    assert shapes(made)[0].has_z == ("Z" in shape)


def test_keeps_the_rest(run):
    table = f"SELECT *, 'a' AS name, [1] AS list FROM ({geo('POINT (1 2)', None, 'POINT Z (1 2 3)', crs='EPSG:4326')})"
    made = run.relations("reproject", {"to": "EPSG:3857"}, table=table)["result"]
    assert [(each.name, each.type, each.crs) for each in columns(made)] == [
        ("id", "INTEGER", None),
        ("geometry", "GEOMETRY", "EPSG:3857"),
        ("name", "VARCHAR", None),
        ("list", "INTEGER[]", None),
    ]
    assert made.project("id, name, list").fetchall() == [(number, "a", [1]) for number in range(3)]
    assert [each and each.has_z for each in shapes(made)] == [False, None, True]


def test_moves_the_first_geometry_alone(run):
    table = f"SELECT *, geometry AS second FROM ({geo('POINT (1 2)', crs='EPSG:4326')})"
    made = run.relations("reproject", {"to": "EPSG:3857"}, table=table)["result"]
    assert [each.crs for each in columns(made)] == [None, "EPSG:3857", "EPSG:4326"]
    assert shapes(made, "second") == [shapely.Point(1, 2)]


FROM = [
    (None, "EPSG:4326", "EPSG:3857", (111319.49079327357, 222684.20850554405)),
    ("EPSG:3857", "EPSG:4326", "EPSG:3857", (111319.49079327357, 222684.20850554405)),
    (None, "EPSG:3857", "EPSG:3857", (1, 2)),
    ("EPSG:4326", "OGC:CRS84", "OGC:CRS84", (1, 2)),
    ("EPSG:3857", "EPSG:25832", "EPSG:25832", (1, 2)),
]


@pytest.mark.parametrize(("says", "source", "target", "expected"), FROM)
def test_from_is_taken_in_place_of_what_the_data_says(run, says, source, target, expected):
    made = run.relations("reproject", {"to": target, "from": source}, table=geo("POINT (1 2)", crs=says))["result"]
    assert shapes(made)[0].equals_exact(shapely.Point(expected), 1e-6)
    assert columns(made)[1].crs == target


REFUSED = [
    ({"to": "EPSG:3857"}, geo("POINT (1 2)", crs=None), "missing_crs", None),
    ({"to": "EPSG:3857"}, "SELECT 1 AS a", "missing_geometry", None),
    ({"to": "EPSG:99999999"}, geo("POINT (1 2)"), "invalid_crs", "/config/to"),
    ({"to": "EPSG:3857", "from": "nowhere"}, geo("POINT (1 2)"), "invalid_crs", "/config/from"),
    ({"to": "IAU_2015:30100"}, geo("POINT (1 2)", crs="EPSG:4326"), "invalid_crs", "/config/to"),
    ({}, geo("POINT (1 2)"), "invalid_config", "/config/to"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("reproject", config, table=table)[:2] == (code, path)


def test_names_the_row_that_has_no_place(run):
    table = geo("POINT (1 2)", None, "LINESTRING (1 2, 1 95)", crs="EPSG:4326")
    with pytest.raises(
        NodeError, match=r"Row 3 cannot be reprojected from EPSG:4326 to EPSG:3857: \(1, 95\)"
    ) as caught:
        run.relations("reproject", {"to": "EPSG:3857"}, table=table)
    assert (caught.value.code, caught.value.row) == ("out_of_bounds", 3)


CENTRE = [
    ("POINT (45 0)", "POINT Z (4510023.92 4510023.92 0)"),
    ("POINT M (45 0 7)", "POINT Z (4510023.92 4510023.92 0)"),
    ("POINT Z (45 0 1000)", "POINT Z (4510731.03 4510731.03 0)"),
    (None, None),
]


@pytest.mark.parametrize(("shape", "expected"), CENTRE)
def test_to_what_counts_from_the_centre_of_the_earth(run, shape, expected):
    made = run.relations("reproject", {"to": "EPSG:4978"}, table=geo(shape, crs="EPSG:4326"))["result"]
    (found,) = shapes(made)
    assert (found and shapely.to_wkt(found, rounding_precision=2)) == expected


def test_from_the_centre_of_the_earth_needs_a_third_number(run):
    table = geo(None, "POINT Z EMPTY", "POINT Z (4510731 4510731 0)", "POINT (4510731 4510731)", crs="EPSG:4978")
    with pytest.raises(NodeError, match="Row 4 cannot be reprojected from EPSG:4978 to EPSG:4326: it has no z") as no:
        run.relations("reproject", {"to": "EPSG:4326"}, table=table)
    assert (no.value.code, no.value.row) == ("out_of_bounds", 4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-179, 179), st.floats(-80, 80)), min_size=1, max_size=20))
def test_against_pyproj_point_by_point(opened, points):
    there = Transformer.from_crs(4326, 3857, always_xy=True)
    table = opened.connection.sql(geo(*[shapely.Point(each) for each in points], crs="EPSG:4326"))
    made = Reproject(to="EPSG:3857").call({"table": table}, Context(opened, None))["result"]
    expected = [there.transform(*point) for point in points]
    assert np.allclose(shapely.get_coordinates(shapes(made)), expected, rtol=0, atol=1e-9)

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from spatial_tables import geo, shapes

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.buffer import Buffer
from orchestrator.schema import columns
from orchestrator.tables import Session

LINE, SQUARE = "LINESTRING (0 0, 4 0)", "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
PLANE = [
    ({"distance": 1, "cap": "flat"}, LINE, 8),
    ({"distance": 1, "cap": "square"}, LINE, 12),
    ({"distance": 1, "segments": 64}, LINE, 8 + math.pi),
    ({"distance": 1, "join": "mitre"}, SQUARE, 36),
    ({"distance": 1, "join": "bevel"}, SQUARE, 34),
    ({"distance": -1}, SQUARE, 4),
    ({"distance": -3}, SQUARE, 0),
    ({"distance": 1, "segments": 1}, "POINT Z (0 0 5)", 2),
    ({"distance": 0}, SQUARE, 16),
    ({"distance": 1}, "POINT EMPTY", 0),
]


@pytest.mark.parametrize(("config", "shape", "area"), PLANE)
def test_on_a_plane(run, config, shape, area):
    (made,) = shapes(run.relations("buffer", config, table=geo(shape))["result"])
    assert made.area == pytest.approx(area, abs=0.01)
    assert not made.has_z


def test_keeps_the_rest(run):
    table = f"SELECT *, 'a' AS name FROM ({geo('POINT (1 2)', None, 'POINT EMPTY')})"
    made = run.relations("buffer", {}, table=table)["result"]
    assert [(each.name, each.crs) for each in columns(made)] == [
        ("id", None), ("geometry", "EPSG:3857"), ("name", None),
    ]  # fmt: skip
    assert made.project("id, name").fetchall() == [(0, "a"), (1, "a"), (2, "a")]
    assert [each is not None and each.area > 0 for each in shapes(made)] == [True, False, False]


WIDTHS = "SELECT *, [1, 2.5, NULL, 0, -1][id + 1]::{kind} AS width FROM ({table})"


@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(9,2)", "FLOAT"])
@pytest.mark.parametrize("config", [{}, {"unit": "metre"}, {"distance": 7, "cap": "square"}])
@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326"])
def test_each_row_by_its_own_distance(run, kind, config, crs):
    table = geo(SQUARE, "MULTIPOINT (1 1, 3 3)", SQUARE, LINE, "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))", crs=crs)
    made = run.relations("buffer", config | {"distance_from": "width"}, table=WIDTHS.format(kind=kind, table=table))
    for row, (shape, width) in enumerate(zip(shapes(made["result"]), [1, 2.5, None, 0, -1], strict=True)):
        alone = run.relations("buffer", config | {"distance": width or 0}, table=f"FROM ({table}) WHERE id = {row}")
        assert (shape is None) if width is None else shapely.equals_exact(shape, shapes(alone["result"])[0], 1e-9)


FAR = [
    ("CASE id WHEN 1 THEN 'inf'::DOUBLE END", "crs", 2, "has the distance inf, which is too far."),
    ("6e6", "metre", 1, "has the distance 6,000,000, which is too far."),
]


@pytest.mark.parametrize(("width", "unit", "row", "message"), FAR)
def test_refuses_a_distance_of_a_row(run, width, unit, row, message):
    table = f"SELECT *, {width} AS width FROM ({geo('POINT (1 2)', 'POINT (3 4)', crs='EPSG:4326')})"
    with pytest.raises(NodeError) as error:
        run("buffer", {"distance_from": "width", "unit": unit}, table=table)
    assert (error.value.code, error.value.path, error.value.row) == ("out_of_bounds", "/config/distance_from", row)
    assert error.value.message == f"Row {row} of the table at 'table' {message}"


def test_on_a_plane_no_distance_is_too_far(run):
    table = f"SELECT *, 6e6 AS width FROM ({geo('POINT (1 2)', crs='EPSG:3857')})"
    (made,) = shapes(run.relations("buffer", {"distance_from": "width", "unit": "metre"}, table=table)["result"])
    assert made.area == pytest.approx(math.pi * 36e12, rel=0.01)


def test_a_distance_is_a_number(run):
    table = f"SELECT *, 'a' AS width FROM ({geo(SQUARE)})"
    assert run.refuses("buffer", {"distance_from": "width"}, table=table) == (
        "type_mismatch", "/config/distance_from", "Column 'width' is VARCHAR; a distance is a number.",
    )  # fmt: skip


UNITS = [
    ("EPSG:3857", "crs", 10, 10),
    ("EPSG:2263", "crs", 10, 10),
    ("EPSG:2263", "metre", 10, 10 / (1200 / 3937)),
    ("EPSG:25832", "metre", 10, 10),
    (None, "crs", 10, 10),
    ("EPSG:4326", "crs", 0.5, 0.5),
]


@pytest.mark.parametrize(("crs", "unit", "distance", "radius"), UNITS)
def test_units(run, crs, unit, distance, radius):
    made = run.relations("buffer", {"distance": distance, "unit": unit}, table=geo("POINT (0 0)", crs=crs))["result"]
    assert shapes(made)[0].bounds == pytest.approx((-radius, -radius, radius, radius))


DISSOLVED = [
    (["POINT (0 0)", "POINT (1 0)", None, "POINT (9 9)"], 1, "MultiPolygon"),
    (["POINT (0 0)"], 1, "Polygon"),
    ([None], 0, None),
    ([], 0, None),
]


@pytest.mark.parametrize(("given", "count", "kind"), DISSOLVED)
def test_dissolves(run, given, count, kind):
    made = run.relations("buffer", {"distance": 1, "dissolve": True}, table=geo(*given))["result"]
    assert made.columns == ["geometry"]
    assert [each.geom_type for each in shapes(made)] == [kind] * count


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"unit": "metre"}, geo("POINT (1 2)", crs=None), "missing_crs", None),
    ({"unit": "metre", "distance": 6e6}, geo("POINT (1 2)", crs="EPSG:4326"), "out_of_bounds", "/config/distance"),
    (
        {"unit": "metre", "distance": 18_000},
        geo("POINT (1 2)", crs="IAU_2015:40100"),
        "out_of_bounds",
        "/config/distance",
    ),
    ({"distance": "far"}, geo("POINT (1 2)"), "invalid_config", "/config/distance"),
    ({"distance": math.inf}, geo("POINT (1 2)"), "invalid_config", "/config/distance"),
    ({"segments": 0}, geo("POINT (1 2)"), "invalid_config", "/config/segments"),
    ({"cap": "pointed"}, geo("POINT (1 2)"), "invalid_config", "/config/cap"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("buffer", config, table=table)[:2] == (code, path)


def test_names_the_row_that_geos_cannot_use(run):
    with pytest.raises(NodeError, match="Row 2 of the table at 'table'") as caught:
        run.relations("buffer", {}, table=geo("POINT (1 1)", "POLYGON ((0 0, 1 1))"))
    assert (caught.value.code, caught.value.row) == ("invalid_geometry", 2)


def test_latitudes_that_cannot_be(run):
    with pytest.raises(NodeError, match="latitude of 95° is beyond 90°"):
        run.relations("buffer", {"unit": "metre"}, table=geo("POINT (1 95)", crs="EPSG:4326"))


GEOD = Geod(ellps="WGS84")


def around(shape, metres, crs="EPSG:4326", **config):
    with Session([]) as session:
        table = session.connection.sql(geo(shape, crs=crs))
        op = Buffer(distance=metres, unit="metre", **config)
        (made,) = shapes(op.call({"table": table}, Context(session, None))["result"])
        return made


def area(shape):
    return abs(sum(GEOD.geometry_area_perimeter(part)[0] for part in shapely.get_parts(shape)))


ROUND = [
    ("POINT (10 50)", "Polygon"),
    ("POINT (179.99 -17)", "MultiPolygon"),
    ("POINT (-180 65)", "MultiPolygon"),
    ("POINT (0 -90)", "Polygon"),
    ("POINT (70 89.95)", "Polygon"),
    ("POINT (-170 89.9)", "Polygon"),
]


@pytest.mark.parametrize(("point", "kind"), ROUND)
@pytest.mark.parametrize("metres", [20_000, 1_000_000])
def test_a_circle_anywhere(point, kind, metres):
    made = around(point, metres, segments=64)
    west, south, east, north = made.bounds
    assert made.is_valid
    assert made.geom_type == kind or metres > 20_000
    assert west >= -180
    assert east <= 180
    assert max(-south, north) <= 90
    curved = 2 * math.pi * 6371000**2 * (1 - math.cos(metres / 6371000))
    assert area(shapely.segmentize(made, 0.05)) == pytest.approx(curved, rel=0.01)


@settings(max_examples=60, deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from([10.0, 5_000.0, 300_000.0]), st.randoms())
def test_holds_what_is_near_and_nothing_else(lon, lat, metres, random):
    """Against geodesic distances from the point, to other points in all directions."""
    made = around(shapely.Point(lon, lat), metres, segments=32)
    for part, inside in [(0.0, True), (0.5, True), (0.99, True), (1.01, False), (2.0, False)]:
        there = GEOD.fwd(lon, lat, random.uniform(0, 360), metres * part)[:2]
        assert made.buffer(1e-12).covers(shapely.Point(there)) is inside


@pytest.mark.parametrize("pole", [-90, 90])
@pytest.mark.parametrize("lon", [-180, -135, 0, 45.3, 92, 180])
def test_a_pole_is_one_place_whatever_its_longitude(lon, pole):
    made = around(shapely.Point(lon, pole), 5000)
    assert made.bounds[::2] == (-180, 180)
    assert made.area == pytest.approx(around(shapely.Point(0, pole), 5000).area, rel=1e-6)


GROWN = [
    ("MULTIPOINT (0 0, 90 45)", 1000, 2 * math.pi * 1000**2),
    ("LINESTRING (5 5, 5 5)", 1000, math.pi * 1000**2),
    ("MULTILINESTRING ((5 5, 5 5), (9 9, 9 9, 9 9))", 1000, 2 * math.pi * 1000**2),
    ("LINESTRING (0 0, 1 0)", 1000, 2000 * 111_319.5 + math.pi * 1000**2),
    ("GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (10 0, 11 0))", 1000, 2000 * 111_319.5 + 2 * math.pi * 1000**2),
]


@pytest.mark.parametrize(("shape", "metres", "expected"), GROWN)
def test_parts_are_grown_where_they_are(shape, metres, expected):
    assert area(around(shape, metres, segments=64)) == pytest.approx(expected, rel=1e-3)


def test_an_area_over_the_pole():
    """Antarctica as files have it: down to -90°."""
    cap = "POLYGON ((-180 -70, -90 -70, 0 -70, 90 -70, 180 -70, 180 -90, -180 -90, -180 -70))"
    grown, shrunk = around(cap, 100_000), around(cap, -100_000)
    assert grown.bounds == pytest.approx((-180, -90, 180, -69.1), abs=0.02)
    assert grown.is_valid
    assert shrunk.is_valid
    assert (
        area(shapely.segmentize(shrunk, 0.1))
        < area(shapely.segmentize(shapely.from_wkt(cap), 0.1))
        < area(shapely.segmentize(grown, 0.1))
    )


def test_a_long_line_keeps_its_way():
    """The 49th parallel is no geodesic: the buffer goes along with it."""
    made = around("LINESTRING (-120 49, -95 49)", 1000)
    assert all(made.covers(shapely.Point(lon, 49)) for lon in np.linspace(-120, -95, 50))
    assert made.bounds[3] < 49.02


def test_other_angles_than_degrees():
    """EPSG:4807 is in grads."""
    assert CRS(4807).axis_info[0].unit_name == "grad"
    made = around("POINT (0 50)", 1000, crs="EPSG:4807")
    assert (made.bounds[3] - made.bounds[1]) / 2 == pytest.approx(0.01, rel=1e-2)

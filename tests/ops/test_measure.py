import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import affinity
from spatial_tables import geo

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.measure import Measure

ALL = {"area": "a", "length": "l", "perimeter": "p", "vertices": "v"}
HOLED = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))"
CASES = [
    ("POINT (1 2)", 0, 0, 0, 1),
    ("LINESTRING (0 0, 3 4)", 0, 5, 0, 2),
    ("LINESTRING Z (0 0 0, 3 4 9)", 0, 5, 0, 2),
    (HOLED, 15, 0, 20, 10),
    ("MULTILINESTRING ((0 0, 1 0), (0 1, 2 1))", 0, 3, 0, 4),
    (f"GEOMETRYCOLLECTION ({HOLED}, LINESTRING (0 0, 3 4), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 0)))", 15, 6, 20, 14),
    ("POLYGON EMPTY", 0, 0, 0, 0),
    (None, None, None, None, None),
]


@pytest.mark.parametrize(("shape", *"alpv"), CASES)
def test_on_a_plane(run, shape, a, l, p, v):  # noqa: E741
    assert run("measure", ALL, table=geo(shape))[0][2:] == (a, l, p, v)


def test_columns(run):
    table = f"SELECT 'x' AS Area, * FROM ({geo('POINT (1 2)')})"
    made = run.columns("measure", {"area": "area", "vertices": "n"}, table=table)
    assert [(name, kind[:8]) for name, kind in made] == [
        ("id", "INTEGER"), ("geometry", "GEOMETRY"), ("area", "DOUBLE"), ("n", "BIGINT"),
    ]  # fmt: skip


def test_multiplies_areas_by_the_square(run):
    config = {"area": "a", "perimeter": "p", "multiplier": 0.1}
    assert run("measure", config, table=geo(HOLED))[0][2:] == pytest.approx((0.15, 2))


DEGREES = [
    ("EPSG:4326", "POLYGON ((0 0, 0 1, 1 1, 1 0, 0 0))", 12308778361.469, 443770.917, 0),
    ("EPSG:4326", "MULTILINESTRING ((179 0, 181 0), (0 0, 1 0))", 0, 0, 3 * 111319.4908),
    ("EPSG:4326", "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0), (0 0, 0 1, 1 1, 1 0, 0 0))", 0, 2 * 443770.917, 0),
    ("EPSG:4807", "LINESTRING (0 0, 100 0)", 0, 0, math.pi / 2 * 6378249.2),
]


def box(west, south, east, north, *holes):
    ring = f"({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south})"
    return f"POLYGON ({', '.join([ring, *holes])})"


EARTH = 510_065_621.724  # square kilometres of WGS 84
WIDE = [
    ("the Earth", box(-180, -90, 180, 90), "EPSG:4326", EARTH),
    ("from 0 to 360", box(0, -90, 360, 90), "EPSG:4326", EARTH),
    ("in grads", box(-200, -100, 200, 100), "EPSG:4807", 510_064_924.064),
    ("without a hole", box(-180, -90, 180, 90, "(0 0, 90 0, 0 90, 0 0)"), "EPSG:4326", EARTH * 7 / 8),
    ("a hemisphere", box(-180, 0, 180, 90), "EPSG:4326", EARTH / 2),
    ("the north and the tropics", box(-180, -30, 180, 90), "EPSG:4326", 382_121_080.8),
    ("a polar cap", box(-180, 80, 180, 90), "EPSG:4326", 3_908_572.8),
    ("a band", box(-180, 10, 180, 20), "EPSG:4326", 42_787_867.9),
    (
        "a band in Mercator",
        box(-20037508.342789244, -1118889.97, 20037508.342789244, 1118889.97),
        "EPSG:3857",
        88_187_925.2,
    ),
    ("half by longitude", box(-180, -90, 0, 90), "EPSG:4326", EARTH / 2),
    ("over the antimeridian", box(179, 0, -179, 1), "EPSG:4326", 24_619.4438),
    ("past 180", box(179, 0, 181, 1), "EPSG:4326", 24_619.4438),
]


@pytest.mark.parametrize(("shape", "crs", "area"), [each[1:] for each in WIDE], ids=[each[0] for each in WIDE])
def test_around_the_earth(run, shape, crs, area):
    """Areas between parallels are those that authalic latitudes give."""
    config = {"area": "a", "method": "geodesic", "multiplier": 0.001}
    assert run("measure", config, table=geo(shape, crs=crs))[0][2] == pytest.approx(area, rel=1e-6)


def test_two_rounds_of_the_equator(run):
    config, table = {"length": "l", "method": "geodesic"}, geo("LINESTRING (-360 0, 360 0)", crs="EPSG:4326")
    assert run("measure", config, table=table)[0][2] == pytest.approx(2 * 40_075_016.686)


def test_once_around_the_equator(run):
    config = {"length": "l", "perimeter": "p", "method": "geodesic"}
    table = geo("LINESTRING (-180 0, 180 0)", box(-180, -90, 180, 90), crs="EPSG:4326")
    assert [row[2:] for row in run("measure", config, table=table)] == [
        pytest.approx((40_075_016.686, 0)), pytest.approx((0, 40_007_862.917)),
    ]  # fmt: skip


@pytest.mark.parametrize(("crs", "shape", "area", "perimeter", "length"), DEGREES)
def test_on_the_ellipsoid(run, crs, shape, area, perimeter, length):
    config = {"area": "a", "perimeter": "p", "length": "l", "method": "geodesic"}
    assert run("measure", config, table=geo(shape, crs=crs))[0][2:] == pytest.approx(
        (area, length, perimeter), abs=1e-2
    )


def test_the_true_size_of_what_web_maps_blow_up(run):
    """A square of 10 km at 60° north."""
    square = shapely.box(0, 0, 20_000, 20_000)
    north = affinity.translate(square, 0, 8_399_738)
    (row,) = run("measure", {"area": "a", "method": "geodesic"}, table=geo(north))
    assert row[2] == pytest.approx(1e8, rel=0.01)


GEOD = Geod(ellps="WGS84")
PLACE = st.tuples(st.floats(-179, 179), st.floats(-89, 89)).map(lambda at: (round(at[0], 4), round(at[1], 4)))
LINE = st.lists(PLACE, min_size=2, max_size=6, unique=True).map(shapely.LineString)
AREA = st.lists(PLACE, min_size=3, max_size=6, unique=True).map(shapely.Polygon)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), LINE, AREA), max_size=5))
def test_against_pyproj(opened, given):
    op = Measure(area="a", length="l", perimeter="p", method="geodesic")
    tables = {"table": opened.connection.sql(geo(*given, crs="EPSG:4326"))}
    made = op.call(tables, Context(opened, None))["result"].project("a, l, p").fetchall()
    for shape, (area, length, perimeter) in zip(given, made, strict=True):
        if shape is None:
            assert area is length is perimeter is None
        elif shape.geom_type == "LineString":
            assert (area, perimeter) == (0, 0)
            assert length == pytest.approx(GEOD.geometry_length(shape))
        else:
            expected = GEOD.geometry_area_perimeter(shape)
            assert (area, perimeter) == pytest.approx((abs(expected[0]), expected[1]))


REFUSED = [
    ({}, geo(), "invalid_config", "/config/area"),
    ({"area": "a", "length": "A"}, geo(), "invalid_config", "/config/length"),
    ({"area": "a", "method": "geodesic"}, geo(crs=None), "missing_crs", None),
    ({"area": "a"}, "SELECT 1 AS a", "missing_geometry", None),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses(run, config, table, code, path):
    assert run.refuses("measure", config, table=table)[:2] == (code, path)


def test_places_that_are_nowhere(run):
    with pytest.raises(NodeError, match="Row 1 of the table at 'table': a latitude of 95° is beyond 90°"):
        run("measure", {"area": "a", "method": "geodesic"}, table=geo("LINESTRING (0 0, 0 95)", crs="EPSG:4326"))

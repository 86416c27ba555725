import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from spatial_tables import SHAPE, geo, table

from orchestrator.errors import NodeError
from orchestrator.ops._balls import Balls
from orchestrator.ops._near import Found, Plane
from orchestrator.ops._same_places import NearOnce
from orchestrator.ops.base import Context
from orchestrator.ops.nearest import Nearest

BASE = geo("POINT (0 0)", "POINT (10 0)", None, "POINT EMPTY", first="base")
FOUND = geo("POINT (0 3)", "POINT (3 0)", None, "POINT (10 0)", "POINT EMPTY", first="found")
CASES = [
    ({}, [(0, 3.0, 0), (1, 0.0, 3)]),
    ({"count": 2}, [(0, 3.0, 0), (0, 3.0, 1), (1, 0.0, 3), (1, 7.0, 1)]),
    ({"count": 9}, [(0, 3.0, 0), (0, 3.0, 1), (0, 10.0, 3), (1, 0.0, 3), (1, 7.0, 1), (1, 109**0.5, 0)]),
    ({"count": 9, "max_distance": 7}, [(0, 3.0, 0), (0, 3.0, 1), (1, 0.0, 3), (1, 7.0, 1)]),
    ({"max_distance": 2}, [(1, 0.0, 3)]),
    ({"max_distance": 0}, [(1, 0.0, 3)]),
    ({"unit": "metre", "max_distance": 2}, [(1, 0.0, 3)]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_nearest_first_and_ties_in_order(run, config, expected):
    made = run("nearest", config, base=BASE, candidate=FOUND)
    assert [(row[0], row[2], row[3]) for row in made["matched"]] == expected
    assert [row[0] for row in made["unmatched"]] == sorted({0, 1, 2, 3} - {row[0] for row in expected})


def test_columns(run):
    config = {"count": 2, "bearing": "to", "rank": "n", "columns": ["base", "distance"], "suffix": "_c"}
    candidate = f"SELECT found AS base, found * 10 AS distance, geometry FROM ({FOUND})"
    made = run.relations("nearest", config, base=BASE, candidate=candidate)["matched"]
    assert made.columns == ["base", "geometry", "distance", "to", "n", "base_c", "distance_c"]
    assert made.project("* EXCLUDE (geometry)").fetchall() == [
        (0, 3.0, 0.0, 1, 0, 0), (0, 3.0, 90.0, 2, 1, 10), (1, 0.0, None, 1, 3, 30), (1, 7.0, 270.0, 2, 1, 10),
    ]  # fmt: skip


@pytest.mark.parametrize("x", [1e-18, -1e-18])
def test_north_is_0_and_not_360(run, x):
    made = run("nearest", {"bearing": "to"}, base=geo("POINT (0 0)"), candidate=geo(shapely.Point(x, 1), first="b"))
    assert made["matched"][0][3] == pytest.approx(0)


def test_feet(run):
    base, candidate = geo("POINT (0 0)", crs="EPSG:2263"), geo("POINT (1000 0)", crs="EPSG:2263", first="b")
    assert run("nearest", {"unit": "metre"}, base=base, candidate=candidate)["matched"][0][2] == pytest.approx(304.8006)


@pytest.mark.parametrize("config", [{}, {"count": 3}])
@pytest.mark.parametrize(("base", "candidate"), [(geo(), FOUND), (BASE, geo(first="b")), (BASE, geo(None, first="b"))])
def test_one_side_is_empty(run, config, base, candidate):
    made = run("nearest", config, base=base, candidate=candidate)
    assert (made["matched"], len(made["unmatched"])) == ([], 0 if base == geo() else 4)


REFUSED = [
    ({}, "SELECT 1 AS a", FOUND, "missing_geometry", None),
    ({}, BASE, geo(crs="EPSG:4326"), "crs_mismatch", None),
    ({"unit": "metre"}, geo(crs=None), geo(crs=None), "missing_crs", None),
    ({"distance": "BASE"}, BASE, FOUND, "duplicate_column", "/config/distance"),
    ({"rank": "distance"}, BASE, FOUND, "duplicate_column", "/config/rank"),
    ({"columns": ["fond"]}, BASE, FOUND, "unknown_column", "/config/columns/0"),
    ({"count": 0}, BASE, FOUND, "invalid_config", "/config/count"),
]


@pytest.mark.parametrize(("config", "base", "candidate", "code", "path"), REFUSED)
def test_refuses(run, config, base, candidate, code, path):
    assert run.refuses("nearest", config, base=base, candidate=candidate)[:2] == (code, path)


NOWHERE = [
    ("LINESTRING (0 0, 1 1)", "Row 2 of the table at 'candidate' is a LineString", "invalid_geometry"),
    ("POINT (0 95)", "Row 2 of the table at 'candidate': a latitude of 95° is beyond 90°", "out_of_bounds"),
]


@pytest.mark.parametrize(("shape", "message", "code"), NOWHERE)
def test_metres_are_between_points_on_earth(run, shape, message, code):
    with pytest.raises(NodeError, match=message) as caught:
        run(
            "nearest",
            {"unit": "metre"},
            base=geo(crs="EPSG:4326"),
            candidate=geo("POLYGON EMPTY", shape, crs="EPSG:4326", first="b"),
        )
    assert caught.value.code == code


COUNTS, LIMITS = st.integers(1, 4), st.one_of(st.none(), st.integers(0, 4))


def expected(base, candidates, apart, count, limit):
    """Row by row, all with all."""
    made = []
    for one, ours in enumerate(base):
        found = [(apart(ours, theirs), other) for other, theirs in enumerate(candidates) if ours and theirs]
        found = sorted(pair for pair in found if limit is None or pair[0] <= limit)[:count]
        made += [(one, distance, other) for distance, other in found]
    return made


METRES = {"unit": "metre", "crs": "EPSG:4326"}


def run_on(session, base, candidates, **config):
    crs = config.pop("crs", None)
    if crs:
        tables = [session.connection.sql(geo(*each, crs=crs, first=n)) for each, n in ((base, "a"), (candidates, "b"))]
    else:
        tables = [table(session, base, "a"), table(session, candidates, "b")]
    op = Nearest(**config)
    made = op.call({"base": tables[0], "candidate": tables[1]}, Context(session, None))
    return made["matched"].project("a, distance, b").fetchall()


@settings(max_examples=80, deadline=None)
@given(st.lists(SHAPE, max_size=6), st.lists(SHAPE, max_size=8), COUNTS, LIMITS)
def test_against_a_loop_over_shapely(opened, base, candidates, count, limit):
    made = run_on(opened, base, candidates, count=count, max_distance=limit)
    assert made == expected(base, candidates, shapely.distance, count, limit)


GEOD = Geod(ellps="WGS84")
LON = st.one_of(st.integers(-180, 180), st.sampled_from([179.999, -179.999, 0.001, 350.0]))
LAT = st.one_of(st.integers(-90, 90), st.sampled_from([89.999, -89.999]))
PLACES = st.lists(st.one_of(st.none(), st.builds(shapely.Point, LON, LAT)), max_size=8)


@settings(max_examples=80, deadline=None)
@given(PLACES, PLACES, COUNTS, st.sampled_from([None, 1000.0, 1e6, 1.9e7]))
def test_on_the_ellipsoid_against_all_with_all(opened, base, candidates, count, limit):
    made = run_on(opened, base, candidates, count=count, max_distance=limit, unit="metre", crs="EPSG:4326")
    apart = lambda one, other: GEOD.inv(one.x, one.y, other.x, other.y)[2]  # noqa: E731
    wanted = expected(base, candidates, apart, count, limit)
    assert [(a, b) for a, _, b in made] == [(a, b) for a, _, b in wanted]
    assert [d for _, d, _ in made] == pytest.approx([d for _, d, _ in wanted])


FEW = st.sampled_from([(0, 0), (0, 1), (1, 0), (170, 80), (-0.0, 0)])
ALIKE = st.lists(st.one_of(st.none(), st.builds(shapely.Point, FEW)), max_size=10)
ALIKE_OR_NOT = st.one_of(st.builds(shapely.Point, st.sampled_from([(0, 0), (2, 1), (3, 3)])), SHAPE)


@settings(max_examples=80, deadline=None)
@given(ALIKE, ALIKE, COUNTS, st.sampled_from([None, 0.0, 1.2e5]))
def test_many_at_one_place_against_all_with_all(opened, base, candidates, count, limit):
    made = run_on(opened, base, candidates, count=count, max_distance=limit, unit="metre", crs="EPSG:4326")
    apart = lambda one, other: GEOD.inv(one.x, one.y, other.x, other.y)[2]  # noqa: E731
    wanted = expected(base, candidates, apart, count, limit)
    assert [(a, b) for a, _, b in made] == [(a, b) for a, _, b in wanted]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(ALIKE_OR_NOT, max_size=10), st.lists(ALIKE_OR_NOT, max_size=10), COUNTS, st.sampled_from([None, 0.0, 2.0])
)
def test_many_at_one_place_of_a_plane(opened, base, candidates, count, limit):
    made = run_on(opened, base, candidates, count=count, max_distance=limit)
    assert made == [(a, d, b) for a, d, b in expected(base, candidates, shapely.distance, count, limit)]


SPREAD = list(shapely.points(np.random.default_rng(4).uniform(-1, 1, (4_000, 2))))
ONE_PLACE = [shapely.Point(500, 500)] * 4_000


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("base", "candidates"), [(SPREAD, ONE_PLACE), (ONE_PLACE, SPREAD), (ONE_PLACE, ONE_PLACE)])
def test_a_place_is_looked_for_once(base, candidates, count):
    """All with all took 20 s of the processor."""
    near = NearOnce(np.array(candidates), Plane())
    began = time.process_time()
    found = near.nearest(np.array(base), count)
    assert time.process_time() - began < 2
    assert len(found.left) == count * len(base)
    assert candidates is SPREAD or (found.right.reshape(-1, count) == range(count)).all()


@pytest.mark.parametrize(("unit", "crs"), [("crs", None), ("metre", "EPSG:4326")])
def test_many(opened, unit, crs):
    """Against all distances at once, where one search is not wide enough for all."""
    random = np.random.default_rng(1)
    spots = np.concatenate([random.normal(0, 0.01, (40, 2)), random.uniform(-60, 60, (40, 2))])
    base = list(shapely.points(random.permutation(spots)[:30]))
    made = run_on(opened, base, list(shapely.points(spots)), count=5, unit=unit, crs=crs)
    apart = shapely.distance if unit == "crs" else lambda one, other: GEOD.inv(one.x, one.y, other.x, other.y)[2]
    wanted = expected(base, list(shapely.points(spots)), apart, 5, None)
    assert [(a, b) for a, _, b in made] == [(a, b) for a, _, b in wanted]


class Counting:
    """An ellipsoid that counts the distances that are asked for."""

    a, b, asked = GEOD.a, GEOD.b, 0

    def inv(self, *places):
        self.asked += places[0].size
        return GEOD.inv(*places)


CROWDS = [
    ("far in the east", (-100, -80, 30, 50), (5, 15, 45, 55)),
    ("around the pole", (-180, 180, 60, 70), (-180, 180, 89.9, 90)),
    ("anywhere else", (-180, 180, -90, 0), (179, 181, 40, 41)),
    ("one beside the other", (0, 10, 0, 10), (10, 20, 0, 10)),
]


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(("base", "candidates"), [each[1:] for each in CROWDS], ids=[each[0] for each in CROWDS])
def test_of_a_crowd_far_off_few_are_measured(base, candidates, count):
    random = np.random.default_rng(7)
    ours, theirs = (random.uniform(box[::2], box[1::2], (n, 2)).T for box, n in ((base, 150), (candidates, 3000)))
    geod = Counting()
    found = Found(*Balls(theirs, geod).nearest(ours, count, np.inf)).best(count)
    apart = GEOD.inv(*np.broadcast_arrays(*ours[:, :, None], *theirs[:, None, :]))[2]
    nearest = np.argsort(apart, axis=1)[:, :count]
    assert geod.asked < 150 * (200 + 15 * count)
    assert (found.right.reshape(-1, count) == nearest).all()
    assert (found.distance == np.take_along_axis(apart, nearest, axis=1).ravel()).all()


@pytest.mark.parametrize("count", [1, 30])
def test_a_crowd_seen_from_far_off(opened, count):
    """Beside rows that are near, which are asked for otherwise."""
    random = np.random.default_rng(8)
    spots = random.uniform((5, 45), (15, 55), (300, 2))
    base = np.concatenate([random.uniform((-120, 30), (-80, 50), (20, 2)), spots[:20] + 0.01])
    made = run_on(
        opened, list(shapely.points(base)), list(shapely.points(spots)), count=count, unit="metre", crs="EPSG:4326"
    )
    apart = lambda one, other: GEOD.inv(one.x, one.y, other.x, other.y)[2]  # noqa: E731
    wanted = expected(shapely.points(base), shapely.points(spots), apart, count, None)
    assert [(a, b) for a, _, b in made] == [(a, b) for a, _, b in wanted]


@pytest.mark.parametrize("config", [{}, {"count": 2}, {"max_distance": 3e6}])
def test_longitudes_of_two_rounds(opened, config):
    """350° and -350° are 20° apart."""
    assert [
        row[2] for row in run_on(opened, [shapely.Point(-350, 0)], [shapely.Point(350, 0)], **METRES, **config)
    ] == [0]


@pytest.mark.parametrize("crs", ["IAU_2015:30100", "IAU_2015:59901"], ids=["Moon", "Jupiter"])
def test_metres_on_other_bodies(opened, crs):
    geod = CRS(crs).get_geod()
    places = [shapely.Point(lon, lat) for lon in range(-180, 180, 37) for lat in range(-80, 85, 33)]
    made = run_on(opened, places[::3], places[1::3], count=3, unit="metre", crs=crs)
    assert made == expected(
        places[::3], places[1::3], lambda a, b: geod.inv(a.x, a.y, b.x, b.y)[2], count=3, limit=None
    )

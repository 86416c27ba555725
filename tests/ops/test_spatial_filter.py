import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import SHAPE, geo, table

from orchestrator.ops.base import Context
from orchestrator.ops.spatial_filter import SpatialFilter

AREAS = geo("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))", None, "POINT EMPTY")
POINTS = geo("POINT (1.5 1.5)", "POINT (9 9)", "POINT (0 0)", None, "POINT EMPTY", "POINT (2.5 2.5)")
CASES = [
    ({}, [0, 2, 5], [1]),
    ({"match": "all"}, [0], [1, 2, 5]),
    ({"predicate": "disjoint"}, [1, 2, 5], [0]),
    ({"predicate": "disjoint", "match": "all"}, [1], [0, 2, 5]),
    ({"predicate": "dwithin", "distance": 10}, [0, 1, 2, 5], []),
    ({"predicate": "dwithin", "distance": 8.5, "unit": "metre"}, [0, 1, 2, 5], []),
    ({"predicate": "touches"}, [2], [0, 1, 5]),
]


@pytest.mark.parametrize(("config", "passed", "failed"), CASES)
def test_any_or_all(run, config, passed, failed):
    made = run("spatial_filter", config, candidate=POINTS, filter=AREAS)
    assert [row[0] for row in made["passed"]] == passed
    assert [row[0] for row in made["failed"]] == failed
    assert [(row[0], row[2]) for row in made["rejected"]] == [(3, "null_geometry"), (4, "empty_geometry")]


def test_broken_candidates_are_rejected_as_they_came(run):
    shapes = ["POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "POLYGON ((0 0, 1 1))", "POINT (1 1)"]
    made = run("spatial_filter", {}, candidate=geo(*shapes), filter=AREAS)
    assert [row[0] for row in made["passed"]] == [2]
    assert [row[2:] for row in made["rejected"]] == [
        ("invalid_geometry", "Self-intersection at (1 1)."),
        ("invalid_geometry", "Points of LinearRing do not form a closed linestring."),
    ]


@pytest.mark.parametrize("config", [{}, {"match": "all"}, {"predicate": "disjoint", "match": "all"}])
def test_a_filter_that_is_nowhere_does_not_count(run, config):
    nowhere = geo("POINT (NaN NaN)", "LINESTRING (1 1, NaN 2, 3 3)", "POLYGON ((0 0, inf 1, 1 1, 0 0))")
    both = run("spatial_filter", config, candidate=POINTS, filter=f"{AREAS} UNION ALL {nowhere}")
    assert both == run("spatial_filter", config, candidate=POINTS, filter=AREAS)
    assert run("spatial_filter", config, candidate=POINTS, filter=nowhere)["passed"] == []


@pytest.mark.parametrize("config", [{}, {"match": "all"}, {"predicate": "disjoint", "match": "all"}])
def test_without_filters_nothing_passes(run, config):
    made = run("spatial_filter", config, candidate=POINTS, filter=geo(None))
    assert (made["passed"], len(made["failed"])) == ([], 4)


REFUSED = [
    ({}, "SELECT 1 AS a", AREAS, "missing_geometry", None),
    ({}, POINTS, geo(crs="EPSG:4326"), "crs_mismatch", None),
    ({"predicate": "dwithin"}, POINTS, AREAS, "invalid_config", "/config/distance"),
    ({"distance": 1}, POINTS, AREAS, "invalid_config", "/config/distance"),
    ({"predicate": "dwithin", "distance": 1, "unit": "metre"}, geo(crs=None), geo(crs=None), "missing_crs", None),
]


@pytest.mark.parametrize(("config", "candidate", "filter_", "code", "path"), REFUSED)
def test_refuses(run, config, candidate, filter_, code, path):
    assert run.refuses("spatial_filter", config, candidate=candidate, filter=filter_)[:2] == (code, path)


PREDICATES = [
    "intersects", "within", "contains", "touches", "crosses", "overlaps", "covers", "covered_by", "equals", "disjoint",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(SHAPE, max_size=6),
    st.lists(SHAPE, max_size=4),
    st.sampled_from(PREDICATES),
    st.sampled_from(["any", "all"]),
)
def test_against_a_loop_over_shapely(opened, candidates, filters, predicate, match):
    usable = [each for each in filters if each]
    rule = {"any": any, "all": all}[match]
    expected = [
        number
        for number, each in enumerate(candidates)
        if each and usable and rule(getattr(shapely, predicate)(each, other) for other in usable)
    ]
    tables = {"candidate": table(opened, candidates, "a"), "filter": table(opened, filters, "b")}
    made = SpatialFilter(predicate=predicate, match=match).call(tables, Context(opened, None))
    assert [row[0] for row in made["passed"].fetchall()] == expected
    assert len(made["rejected"].fetchall()) == len([each for each in candidates if not each])

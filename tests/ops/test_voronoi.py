import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.voronoi import Voronoi

BOX = [0, 0, 10, 10]
LEFT, RIGHT = "POLYGON ((0 0, 5 0, 5 10, 0 10, 0 0))", "POLYGON ((5 0, 10 0, 10 10, 5 10, 5 0))"
CASES = [
    (["POINT (1 5)", "POINT (9 5)"], {"bounds": BOX}, [LEFT, RIGHT]),
    (["POINT (9 5)", "POINT (1 5)", "POINT (9 5)"], {"bounds": BOX}, [RIGHT, LEFT, RIGHT]),
    (["POINT Z (1 5 7)", "POINT (9 5)"], {"bounds": BOX}, [LEFT, RIGHT]),
    (["POINT (3 3)"], {"bounds": BOX}, ["POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"]),
    (["POINT (3 3)"], {}, ["POLYGON ((2 2, 4 2, 4 4, 2 4, 2 2))"]),
    (["POINT (0 0)", "POINT (10 0)"], {}, [
        "POLYGON ((-1 -1, 5 -1, 5 1, -1 1, -1 -1))", "POLYGON ((5 -1, 11 -1, 11 1, 5 1, 5 -1))",
    ]),
    (["POINT (0 0)", "POINT (10 10)"], {"margin": 0}, [
        "POLYGON ((0 0, 10 0, 0 10, 0 0))", "POLYGON ((10 0, 10 10, 0 10, 10 0))",
    ]),
    (["POINT (1 5)", "POINT (99 5)"], {"bounds": BOX}, ["POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))", "POLYGON EMPTY"]),
]  # fmt: skip


@pytest.mark.parametrize(("points", "config", "expected"), CASES)
def test_areas(run, points, config, expected):
    made = run.relations("voronoi", config, table=geo(*points))["result"]
    assert [row[0] for row in made.project("id").fetchall()] == list(range(len(points)))
    for found, wanted in zip(shapes(made), expected, strict=True):
        assert found.symmetric_difference(shapely.from_wkt(wanted)).area == pytest.approx(0, abs=1e-9)


def test_rejects_what_is_no_point(run):
    given = ["POINT (1 1)", None, "POINT EMPTY", "POINT (inf 1)", "MULTIPOINT (1 1)", "LINESTRING (0 0, 1 1)"]
    made = run("voronoi", {}, table=geo(*given))
    assert [row[0] for row in made["result"]] == [0]
    assert [(row[0], row[2]) for row in made["rejected"]] == [
        (1, "null_geometry"), (2, "empty_geometry"), (3, "not_finite"), (4, "not_a_point"), (5, "not_a_point"),
    ]  # fmt: skip


REFUSED = [
    ({"bounds": [0, 0, 1]}, geo(), "/config/bounds"),
    ({"bounds": [0, 0, 0, 1]}, geo(), "/config/bounds"),
    ({"margin": -1}, geo(), "/config/margin"),
]


@pytest.mark.parametrize(("config", "table", "path"), REFUSED)
def test_refuses(run, config, table, path):
    assert run.refuses("voronoi", config, table=table)[:2] == ("invalid_config", path)


def test_needs_geometry(run):
    assert run.refuses("voronoi", {}, table="SELECT 1 AS a")[0] == "missing_geometry"


PLACE = st.tuples(st.integers(0, 20), st.integers(0, 20))


@settings(max_examples=40, deadline=None)
@given(st.lists(PLACE, min_size=1, max_size=10), st.lists(PLACE, min_size=5, max_size=5))
def test_each_place_is_in_the_area_of_its_nearest_point(opened, places, asked):
    points = [shapely.Point(at) for at in places]
    tables = {"table": opened.connection.sql(geo(*points))}
    areas = shapes(Voronoi(bounds=[0, 0, 20, 20]).call(tables, Context(opened, None))["result"])
    assert shapely.union_all(areas).area == pytest.approx(400)
    for place in map(shapely.Point, asked):
        nearest = min(place.distance(each) for each in points)
        for point, area in zip(points, areas, strict=True):
            if place.distance(point) == nearest:
                assert area.distance(place) == pytest.approx(0, abs=1e-9)

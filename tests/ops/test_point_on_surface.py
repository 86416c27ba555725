import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.point_on_surface import PointOnSurface
from orchestrator.schema import columns

POINTS = [
    ("POLYGON ((0 0, 9 0, 9 9, 8 9, 8 1, 0 1, 0 0))", "Polygon"),
    ("LINESTRING (0 0, 2 0, 2 2)", "LineString"),
    ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 9 5, 9 9, 5 5)))", "MultiPolygon"),
    ("POLYGON Z ((0 0 5, 4 0 5, 4 4 5, 0 0 5))", "Polygon"),
    ("POINT ZM (1 2 3 4)", "Point"),
]


@pytest.mark.parametrize(("shape", "kind"), POINTS)
def test_lies_on_it(run, shape, kind):
    (made,) = shapes(run.relations("point_on_surface", {}, table=geo(shape))["result"])
    assert made.geom_type == "Point"
    assert not made.has_z
    assert shapely.from_wkt(shape).geom_type == kind
    assert shapely.from_wkt(shape).intersects(made)


def test_keeps_null_empty_and_the_system(run):
    made = run.relations("point_on_surface", {}, table=geo(None, "POLYGON EMPTY", "LINESTRING (1 1, 1 1)"))["result"]
    assert shapes(made) == [None, shapely.Point(), shapely.Point(1, 1)]
    assert columns(made)[1].crs == "EPSG:3857"


COORDINATES = st.tuples(st.integers(-50, 50), st.integers(-50, 50))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(COORDINATES, min_size=3, max_size=6), min_size=1, max_size=5))
def test_as_shapely_does_for_each(opened, rows):
    given = [shapely.Polygon(each).buffer(0) for each in rows]
    table = opened.connection.sql(geo(*given))
    made = shapes(PointOnSurface().call({"table": table}, Context(opened, None))["result"])
    assert made == [shapely.point_on_surface(each) for each in given]


def test_refuses_a_table_without_geometry(run):
    assert run.refuses("point_on_surface", {}, table="SELECT 1 AS a")[:2] == ("missing_geometry", None)

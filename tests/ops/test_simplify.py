import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.simplify import Simplify
from orchestrator.schema import columns

ALONE = [
    ({"tolerance": 0.5}, "LINESTRING (0 0, 1 0.1, 2 0)", "LINESTRING (0 0, 2 0)"),
    ({"tolerance": 0.05}, "LINESTRING (0 0, 1 0.1, 2 0)", "LINESTRING (0 0, 1 0.1, 2 0)"),
    ({"tolerance": 0}, "LINESTRING (0 0, 1 0, 2 0)", "LINESTRING (0 0, 2 0)"),
    ({"tolerance": 0.5}, "LINESTRING Z (0 0 1, 1 0.1 2, 2 0 3)", "LINESTRING Z (0 0 1, 2 0 3)"),
    ({"tolerance": 0.5}, "LINESTRING ZM (0 0 1 7, 1 0.1 2 7, 2 0 3 7)", "LINESTRING Z (0 0 1, 2 0 3)"),
    ({"tolerance": 9}, "POINT ZM (1 2 3 4)", "POINT Z (1 2 3)"),
    ({"tolerance": 9, "method": "coverage"}, "POINT ZM (1 2 3 4)", "POINT Z (1 2 3)"),
    ({"tolerance": 9}, "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))", "POLYGON ((0 1, 1 0, 1 1, 0 1))"),
    ({"tolerance": 9, "topology": False}, "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))", "POLYGON EMPTY"),
    ({"tolerance": 9, "topology": False}, "POINT EMPTY", "POINT EMPTY"),
    ({"tolerance": 9}, "POINT (1 1)", "POINT (1 1)"),
    ({"tolerance": 9}, "GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION EMPTY"),
    ({"tolerance": 9, "method": "coverage"}, "LINESTRING (0 0, 1 0.1, 2 0)", "LINESTRING (0 0, 1 0.1, 2 0)"),
    ({"tolerance": 9, "method": "coverage"}, "POLYGON EMPTY", "POLYGON EMPTY"),
    ({"tolerance": 9, "method": "coverage"}, None, None),
]


@pytest.mark.parametrize(("config", "shape", "expected"), ALONE)
def test_each_alone(run, config, shape, expected):
    made = run.relations("simplify", config, table=geo(shape, None))["result"]
    assert shapes(made) == [expected and shapely.from_wkt(expected), None]
    assert columns(made)[1].crs == "EPSG:3857"


LEFT = "POLYGON ((0 0, 5 0, 5.2 2, 5 4, 0 4, 0 2, 0 0))"
RIGHT = "POLYGON ((5 0, 9 0, 9 4, 5 4, 5.2 2, 5 0))"


@pytest.mark.parametrize(("outline", "vertices"), [(True, [5, 5]), (False, [6, 5])])
def test_shared_boundaries_stay_shared(run, outline, vertices):
    config = {"tolerance": 1, "method": "coverage", "outline": outline}
    table = geo(LEFT, None, "POINT (1 1)", RIGHT)
    left, nothing, point, right = shapes(run.relations("simplify", config, table=table)["result"])
    assert [shapely.get_num_coordinates(each) for each in (left, right)] == vertices
    assert (nothing, point) == (None, shapely.Point(1, 1))
    assert left.touches(right)
    assert left.union(right).equals(shapely.box(0, 0, 9, 4))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=9), min_size=1, max_size=4
    ),
    st.sampled_from([0.5, 2.0, 7.0]),
    st.booleans(),
)
def test_as_shapely_does_for_each(opened, rows, tolerance, topology):
    given = [shapely.LineString(each) for each in rows]
    given += shapely.from_wkt(shapely.to_wkt(shapely.buffer(given, 1), rounding_precision=-1)).tolist()
    table = opened.connection.sql(geo(*given))
    op = Simplify(tolerance=tolerance, topology=topology)
    made = shapes(op.call({"table": table}, Context(opened, None))["result"])
    assert made == [shapely.simplify(each, tolerance, preserve_topology=topology) for each in given]


REFUSED = [
    ({"tolerance": 1}, "SELECT 1 AS a", "missing_geometry", None),
    ({"tolerance": 1, "method": "coverage"}, "SELECT 1 AS a", "missing_geometry", None),
    ({"tolerance": -1}, geo("POINT (1 2)"), "invalid_config", "/config/tolerance"),
    ({}, geo("POINT (1 2)"), "invalid_config", "/config/tolerance"),
    ({"tolerance": 1, "geometry": "id"}, geo("POINT (1 2)"), "type_mismatch", "/config/geometry"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("simplify", config, table=table)[:2] == (code, path)

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.bounding_box import BoundingBox
from orchestrator.schema import columns

BOXES = [
    ({}, "LINESTRING (0 0, 2 1)", "POLYGON ((0 0, 2 0, 2 1, 0 1, 0 0))"),
    ({}, "LINESTRING (0 0, 2 0)", "LINESTRING (0 0, 2 0)"),
    ({}, "LINESTRING (1 0, 1 5, 1 3)", "LINESTRING (1 0, 1 5)"),
    ({}, "POINT Z (1 2 3)", "POINT (1 2)"),
    ({}, "LINESTRING (1 1, 1 1)", "POINT (1 1)"),
    ({}, "GEOMETRYCOLLECTION EMPTY", "POLYGON EMPTY"),
    ({}, None, None),
    ({"rotated": True}, "POLYGON ((0 0, 2 2, 1 3, -1 1, 0 0))", "POLYGON ((0 0, 2 2, 1 3, -1 1, 0 0))"),
    ({"rotated": True}, "LINESTRING Z (0 0 5, 2 2 5)", "LINESTRING (0 0, 2 2)"),
    ({"rotated": True}, "POINT EMPTY", "POLYGON EMPTY"),
    ({"rotated": True}, None, None),
]


@pytest.mark.parametrize(("config", "shape", "expected"), BOXES)
def test_boxes(run, config, shape, expected):
    result = run.relations("bounding_box", config, table=geo(shape))["result"]
    (made,) = shapes(result)
    if expected is None:
        assert made is None
    else:
        assert made.normalize() == shapely.from_wkt(expected).normalize()
        assert made.is_valid
    assert columns(result)[1].crs == "EPSG:3857"


TABLE = f"SELECT *, 7 AS XMIN, id % 2 AS k FROM ({geo('LINESTRING (0 1, 4 3)', None, 'POINT EMPTY', 'POINT (5 5)')})"
SIDES = [(0, 1, 4, 3), (None,) * 4, (None,) * 4, (5, 5, 5, 5)]
COLUMNS = [
    ({"output": "columns"}, ["id", "geometry", "xmin", "k", "ymin", "xmax", "ymax"], "LineString"),
    ({"output": "both"}, ["id", "geometry", "xmin", "k", "ymin", "xmax", "ymax"], "Polygon"),
    (
        {"output": "columns", "prefix": "b_", "rotated": True},
        ["id", "geometry", "XMIN", "k", "b_xmin", "b_ymin", "b_xmax", "b_ymax"],
        "LineString",
    ),
]


@pytest.mark.parametrize(("config", "expected", "kind"), COLUMNS)
def test_columns(run, config, expected, kind):
    made = run.relations("bounding_box", config, table=TABLE)["result"]
    prefix = config.get("prefix", "")
    assert made.columns == expected
    found = made.project(", ".join(prefix + side for side in ("xmin", "ymin", "xmax", "ymax"))).fetchall()
    assert found == SIDES
    assert shapes(made)[0].geom_type == kind


GROUPS = [
    ({}, ["k", "geometry"]),
    ({"output": "columns"}, ["k", "xmin", "ymin", "xmax", "ymax"]),
    ({"output": "both"}, ["k", "geometry", "xmin", "ymin", "xmax", "ymax"]),
]


@pytest.mark.parametrize(("config", "expected"), GROUPS)
def test_of_groups(run, config, expected):
    made = run.relations("bounding_box", config | {"per": "group", "group_by": ["k"]}, table=TABLE)["result"]
    assert made.columns == expected
    assert made.project("k").fetchall() == [(0,), (1,)]
    if "xmin" in expected:
        assert made.project("xmin, ymax").fetchall() == [(0, 3), (5, 5)]
    if "geometry" in expected:
        assert shapes(made)[0].equals(shapely.box(0, 1, 4, 3))
        assert shapes(made)[1] == shapely.Point(5, 5)


LINES = st.lists(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=4), max_size=8)


@settings(max_examples=30, deadline=None)
@given(LINES)
def test_as_shapely_does_for_each(opened, rows):
    given = [shapely.LineString(each) for each in rows]
    table = opened.connection.sql(geo(*given))
    made = BoundingBox(output="both").call({"table": table}, Context(opened, None))["result"]
    assert made.project("xmin, ymin, xmax, ymax").fetchall() == [each.bounds for each in given]
    for before, after in zip(given, shapes(made), strict=True):
        assert after.bounds == before.bounds
        assert after.covers(before)


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"group_by": ["k"]}, TABLE, "invalid_config", "/config/group_by"),
    ({"per": "group", "group_by": ["xmin"], "output": "both"}, TABLE, "duplicate_column", "/config/prefix"),
    ({"output": "box"}, TABLE, "invalid_config", "/config/output"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("bounding_box", config, table=table)[:2] == (code, path)

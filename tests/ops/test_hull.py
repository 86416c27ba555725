import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.hull import Hull
from orchestrator.schema import columns

STAR = "MULTIPOINT (0 0, 4 0, 4 4, 0 4, 2 3)"
ALONE = [
    ({}, STAR, "POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))"),
    ({"kind": "concave", "ratio": 1}, STAR, "POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))"),
    ({"kind": "concave", "ratio": 0}, STAR, "POLYGON ((0 0, 0 4, 4 4, 4 0, 2 3, 0 0))"),
    ({}, "LINESTRING (0 0, 1 1, 2 2)", "LINESTRING (0 0, 2 2)"),
    ({}, "POINT Z (1 2 3)", "POINT Z (1 2 3)"),
    ({}, "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "POLYGON ((0 0, 0 2, 2 2, 2 0, 0 0))"),
]


@pytest.mark.parametrize(("config", "shape", "expected"), ALONE)
def test_of_each_row(run, config, shape, expected):
    made = run.relations("hull", config, table=geo(shape, None, "POINT EMPTY"))["result"]
    one, nothing, empty = shapes(made)
    assert one.equals(shapely.from_wkt(expected))
    assert one.has_z == shapely.from_wkt(expected).has_z
    assert nothing is None
    assert empty.is_empty
    assert [(each.name, each.crs) for each in columns(made)] == [("id", None), ("geometry", "EPSG:3857")]


POINTS = geo("POINT (0 0)", "POINT (9 9)", "POINT (2 0)", None, "POINT (0 2)", "POINT EMPTY")
TABLE = f"SELECT *, ['b', 'a', 'b', NULL, 'b', NULL][id + 1] AS k FROM ({POINTS})"


def test_of_each_group_in_the_order_of_appearance(run):
    config = {"per": "group", "group_by": ["k"], "aggregations": [{"function": "count", "name": "n"}]}
    made = run.relations("hull", config, table=TABLE)["result"]
    assert made.project("k, n").fetchall() == [("b", 3), ("a", 1), (None, 2)]
    b, a, nothing = shapes(made)
    assert b.equals(shapely.Polygon([(0, 0), (2, 0), (0, 2)]))
    assert a == shapely.Point(9, 9)
    assert nothing.is_empty


def test_of_all_rows(run):
    made = run.relations("hull", {"per": "group"}, table=TABLE)["result"]
    assert made.columns == ["geometry"]
    assert shapes(made)[0].area == 18
    assert shapes(run.relations("hull", {"per": "group"}, table=geo())["result"]) == []
    assert shapes(run.relations("hull", {"per": "group"}, table=geo(None, None))["result"]) == [None]


PLACES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=15)


@settings(max_examples=30, deadline=None)
@given(PLACES, st.sampled_from(["convex", "concave"]))
def test_as_shapely_does_for_each_group(opened, rows, kind):
    points = geo(*(shapely.Point(x, y) for _, x, y in rows))
    keys = ", ".join(f"'{key}'" for key, _, _ in rows)
    table = opened.connection.sql(f"SELECT *, [{keys}][id + 1] AS k FROM ({points})")
    op = Hull(per="group", group_by=["k"], kind=kind)
    made = op.call({"table": table}, Context(opened, None))["result"]
    found = dict(zip([row[0] for row in made.project("k").fetchall()], shapes(made), strict=True))
    assert list(found) == list(dict.fromkeys(key for key, _, _ in rows))
    for key, hull in found.items():
        cloud = shapely.MultiPoint([(x, y) for other, x, y in rows if other == key])
        assert hull.equals(cloud.convex_hull if kind == "convex" else shapely.concave_hull(cloud, ratio=0.3))


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"per": "group"}, "SELECT 1 AS a", "missing_geometry", None),
    ({"group_by": ["k"]}, TABLE, "invalid_config", "/config/group_by"),
    ({"ratio": 2}, TABLE, "invalid_config", "/config/ratio"),
    ({"per": "group", "group_by": ["kk"]}, TABLE, "unknown_column", "/config/group_by/0"),
    ({"per": "group", "group_by": ["geometry"]}, TABLE, "duplicate_column", "/config/aggregations"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("hull", config, table=table)[:2] == (code, path)

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.lines_from_points import LinesFromPoints
from orchestrator.schema import columns

COMBINES = True
CORNERS = ["POINT (0 0)", "POINT (2 0)", "POINT (2 2)"]
CONNECTED = [
    ({}, CORNERS, "LINESTRING (0 0, 2 0, 2 2)"),
    ({"order_by": "id", "descending": True}, CORNERS, "LINESTRING (2 2, 2 0, 0 0)"),
    ({"close": True}, CORNERS, "POLYGON ((0 0, 2 0, 2 2, 0 0))"),
    ({"close": True}, [*CORNERS, "POINT (0 0)"], "POLYGON ((0 0, 2 0, 2 2, 0 0))"),
    ({}, ["POINT (1 1)", "POINT (1 1)"], "LINESTRING (1 1, 1 1)"),
    ({}, ["POINT Z (1 1 5)", "POINT Z (2 2 6)"], "LINESTRING Z (1 1 5, 2 2 6)"),
    ({}, ["POINT Z (1 1 5)", "POINT (2 2)"], "LINESTRING (1 1, 2 2)"),
    ({"close": True}, ["POINT Z (0 0 1)", "POINT Z (2 0 2)", "POINT Z (2 2 3)"],
     "POLYGON Z ((0 0 1, 2 0 2, 2 2 3, 0 0 1))"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "points", "expected"), CONNECTED)
def test_connects(run, config, points, expected):
    made = run.relations("lines_from_points", config, table=geo(*points))
    assert [each.wkt for each in shapes(made["result"])] == [shapely.from_wkt(expected).wkt]
    assert columns(made["result"])[0].crs == "EPSG:3857"
    assert made["rejected"].fetchall() == []


FEW = "too_few_points"
AREA = "points: an area needs 3, and to end elsewhere."
REJECTED = [
    ({}, ["POINT (1 1)"], [(0, FEW, "Its group has 1 point: a line needs 2.")]),
    ({"close": True}, CORNERS[:2], [(n, FEW, f"Its group has 2 {AREA}") for n in (0, 1)]),
    ({"close": True}, [*CORNERS[:2], CORNERS[0]],
     [(n, FEW, f"Its group has 3 {AREA}") for n in (0, 1, 2)]),
    ({}, [None, *CORNERS, "POINT EMPTY", "LINESTRING (0 0, 1 1)"], [
        (0, "not_a_point", "It has no geometry."), (4, "not_a_point", "The point is empty."),
        (5, "not_a_point", "It is a LineString, not a Point."),
    ]),
    ({}, [*CORNERS, "POINT (NaN 1)"], [(3, "not_a_point", "A coordinate of it is not a number, or infinite.")]),
    ({}, [], []),
]  # fmt: skip


@pytest.mark.parametrize(("config", "points", "expected"), REJECTED)
def test_rejects(run, config, points, expected):
    made = run.relations("lines_from_points", config, table=geo(*points))
    assert made["rejected"].columns == ["id", "geometry", "rejection_code", "rejection_message"]
    assert made["rejected"].project("id, rejection_code, rejection_message").fetchall() == expected
    assert len(shapes(made["result"])) == (1 if len(points) > 3 else 0)


def test_groups_in_the_order_of_a_column(run):
    keys = "['b', 'a', 'b', NULL, 'b', 'a', NULL][id + 1] AS k, [3, 1, NULL, 5, 1, 1, 4][id + 1] AS t"
    table = f"SELECT *, {keys} FROM ({geo(*(f'POINT ({n} 0)' for n in range(7)))})"
    wanted = [{"function": "count", "name": "n"}, {"function": "sum", "column": "t", "name": "total"}]
    wanted += [{"function": each, "column": "id", "name": each} for each in ("first", "last", "concat")]
    config = {"group_by": ["k"], "order_by": "T", "aggregations": wanted}
    made = run.relations("lines_from_points", config, table=table)["result"]
    assert made.columns == ["k", "n", "total", "first", "last", "concat", "geometry"]
    assert made.project("k, n, total").fetchall() == [("b", 3, 4), ("a", 2, 2), (None, 2, 9)]
    along = [(4, 2, "4, 0, 2"), (1, 5, "1, 5"), (6, 3, "6, 3")]
    assert made.project('"first", "last", "concat"').fetchall() == along
    assert [list(each.coords) for each in shapes(made)] == [
        [(4, 0), (0, 0), (2, 0)], [(1, 0), (5, 0)], [(6, 0), (3, 0)],
    ]  # fmt: skip


POINTS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9, 9), st.integers(0, 3)), max_size=15)


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_as_sorted_does(opened, rows):
    keys, times = [row[0] for row in rows] or [""], [row[2] for row in rows] or [0]
    points = geo(*(shapely.Point(x, n) for n, (_, x, _) in enumerate(rows)))
    table = opened.connection.sql(f"SELECT *, {keys}[id + 1] AS k, {times}[id + 1] AS t FROM ({points})")
    op = LinesFromPoints(group_by=["k"], order_by="t")
    made = op.call({"table": table}, Context(opened, None))
    found = [list(each.coords) for each in shapes(made["result"])]
    left = [row[0] for row in made["rejected"].project("id").fetchall()]
    groups = {key: [(t, n, x) for n, (k, x, t) in enumerate(rows) if k == key] for key in dict.fromkeys(keys)}
    assert found == [[(x, n) for _, n, x in sorted(each)] for each in groups.values() if len(each) > 1]
    assert left == sorted(each[0][1] for each in groups.values() if len(each) == 1)


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"order_by": "t"}, geo("POINT (1 2)"), "unknown_column", "/config/order_by"),
    ({"group_by": ["k"]}, geo("POINT (1 2)"), "unknown_column", "/config/group_by/0"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("lines_from_points", config, table=table)[:2] == (code, path)

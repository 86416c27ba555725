import pytest
import shapely
from feeds import ROWS
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.crs import projjson
from orchestrator.ops.base import Context
from orchestrator.ops.polygons_from_lines import PolygonsFromLines
from orchestrator.schema import columns
from orchestrator.sql import literal

COMBINES = True
RING = "format('LINESTRING ({0} 0, {1} 0, {1} 1, {0} 0)', id * 2, id * 2 + 1)::GEOMETRY"
FEED = {"table": f"SELECT * REPLACE (st_setcrs({RING}, {literal(projjson('EPSG:4326'))}) AS geometry) FROM ({ROWS})"}
SQUARE = "LINESTRING (0 0, 4 0, 4 4, 0 4, 0 0)"
INSIDE = "LINESTRING (1 1, 2 1, 2 2, 1 1)"
BUILT = [
    ({}, [SQUARE], [16]),
    ({}, ["LINESTRING (0 0, 4 0)", "LINESTRING (4 0, 4 4)", "LINESTRING (4 4, 0 0)"], [8]),
    ({}, ["MULTILINESTRING ((0 0, 4 0), (4 0, 4 4), (4 4, 0 0))"], [8]),
    ({}, [SQUARE, INSIDE], [0.5, 15.5]),
    ({"holes": False}, [SQUARE, INSIDE], [0.5, 16]),
    ({}, [SQUARE, "LINESTRING (-1 2, 5 2)"], [8, 8]),
    ({}, [SQUARE, SQUARE], [16]),
    ({}, ["LINESTRING (0 0, 2 2, 2 0, 0 2, 0 0)"], [1, 1]),
    ({}, [], []),
]


@pytest.mark.parametrize(("config", "lines", "expected"), BUILT)
def test_builds(run, config, lines, expected):
    made = run.relations("polygons_from_lines", config, table=geo(*lines))["result"]
    assert sorted(each.area for each in shapes(made)) == expected
    assert all(each.is_valid for each in shapes(made))
    assert columns(made)[0].crs == "EPSG:3857"


CUT = ["LINESTRING (0 0, 1 0, 1 1, 0 0)", "LINESTRING (0 0, -5 0)", "LINESTRING (-5 0, -6 0, -6 1, -5 0)"]
UNUSED = [
    ({}, [SQUARE, "LINESTRING (4 2, 6 2)"], [("dangle", "LINESTRING (4 2, 6 2)")]),
    ({"node": False}, [SQUARE, "LINESTRING (-1 2, 5 2)"], [("dangle", "LINESTRING (-1 2, 5 2)")]),
    ({}, CUT, [("cut", "LINESTRING (0 0, -5 0)")]),
    ({"node": False}, ["LINESTRING (0 0, 1 1, 0 1, 1 0, 0 0)"],
     [("invalid_ring", "LINESTRING (0 0, 1 1, 0 1, 1 0, 0 0)")]),
    ({}, [None, "POINT (1 1)", "LINESTRING EMPTY"],
     [("not_a_line", None), ("not_a_line", "POINT (1 1)"), ("not_a_line", "LINESTRING EMPTY")]),
    ({}, [SQUARE], []),
]  # fmt: skip


@pytest.mark.parametrize(("config", "lines", "expected"), UNUSED)
def test_rejects_what_bounds_no_area(run, config, lines, expected):
    made = run.relations("polygons_from_lines", config, table=geo(*lines))["rejected"]
    assert made.columns == ["geometry", "rejection_code", "rejection_message"]
    codes = [row[0] for row in made.project("rejection_code").fetchall()]
    found = [getattr(each and each.normalize(), "wkt", None) for each in shapes(made)]
    wanted = [wkt and shapely.from_wkt(wkt).normalize().wkt for _, wkt in expected]
    assert sorted(zip(codes, found, strict=True), key=repr) == sorted(
        zip([code for code, _ in expected], wanted, strict=True), key=repr
    )


def test_groups(run):
    lines = [SQUARE, "LINESTRING (0 0, 4 0)", INSIDE, "LINESTRING (4 0, 4 4, 0 0)", None]
    table = f"SELECT *, ['b', 'a', 'b', 'a', NULL][id + 1] AS k FROM ({geo(*lines)})"
    config = {"group_by": ["k"], "aggregations": [{"function": "count", "name": "n"}]}
    made = run.relations("polygons_from_lines", config, table=table)
    assert made["result"].columns == ["k", "n", "geometry"]
    assert made["result"].project("k, n").fetchall() == [("b", 2), ("b", 2), ("a", 2)]
    assert [each.area for each in shapes(made["result"])][2] == 8
    assert made["rejected"].project("k, n, rejection_code").fetchall() == [(None, 1, "not_a_line")]


LINES = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=4, unique=True), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(LINES)
def test_as_shapely_does(opened, rows):
    given = [shapely.LineString(each) for each in rows]
    table = opened.connection.sql(geo(*given))
    made = PolygonsFromLines().call({"table": table}, Context(opened, None))
    found, left = shapes(made["result"]), shapes(made["rejected"])
    areas, *unused = shapely.polygonize_full([shapely.union_all(given)])
    assert found == list(areas.geoms)
    assert left == [line for each in unused for line in each.geoms]
    assert shapely.union_all(given).equals(shapely.union_all([*shapely.boundary(found), *left])) or not given


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"group_by": ["k"]}, geo(SQUARE), "unknown_column", "/config/group_by/0"),
    ({"node": "maybe"}, geo(SQUARE), "invalid_config", "/config/node"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("polygons_from_lines", config, table=table)[:2] == (code, path)

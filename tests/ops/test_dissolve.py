import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.dissolve import Dissolve
from orchestrator.schema import columns

LEFT, RIGHT = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
FAR = shapely.box(8, 8, 9, 9)
MERGED = [
    ({}, [LEFT, RIGHT], [shapely.box(0, 0, 2, 1)]),
    ({}, [LEFT, None, "POLYGON EMPTY"], [LEFT]),
    ({}, [LEFT, FAR], [shapely.MultiPolygon([LEFT, FAR])]),
    ({"parts": True}, [FAR, LEFT, RIGHT], [shapely.box(0, 0, 2, 1), FAR]),
    ({}, ["POINT (1 1)", "POINT (1 1)"], [shapely.Point(1, 1)]),
    ({}, ["POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))"], [shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)])]),
    ({"grid": 0.1}, [shapely.box(0, 0, 0.99, 1), RIGHT], [shapely.box(0, 0, 2, 1)]),
    ({"grid": 1}, ["POLYGON ((0 0, 3.4 0, 3.4 2.8, 0 0))"], [shapely.Polygon([(0, 0), (3, 0), (3, 3)])]),
    ({"grid": 1}, ["POLYGON ((0 0, 0.3 0, 0.3 0.3, 0 0))", "LINESTRING EMPTY"], [shapely.Polygon()]),
    ({}, ["LINESTRING (0 0, 2 2)", "LINESTRING (0 2, 2 0)"], [
        shapely.from_wkt("MULTILINESTRING ((0 0, 1 1), (0 2, 1 1), (1 1, 2 2), (1 1, 2 0))")
    ]),
    ({}, ["POINT (9 9)", LEFT], [shapely.GeometryCollection([shapely.Point(9, 9), LEFT])]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "given", "expected"), MERGED)
def test_merges_all_rows(run, config, given, expected):
    made = run.relations("dissolve", config, table=geo(*given))["result"]
    assert made.columns == ["geometry"]
    assert columns(made)[0].crs == "EPSG:3857"
    found = shapes(made)
    assert [each.geom_type for each in found] == [each.geom_type for each in expected]
    assert {each.normalize().simplify(0).wkt for each in found} == {
        each.normalize().simplify(0).wkt for each in expected
    }


NOTHING = [({}, [], []), ({"parts": True}, [], []), ({}, [None], [None]), ({"parts": True}, [None], [None])]


@pytest.mark.parametrize(("config", "given", "expected"), NOTHING)
def test_nothing(run, config, given, expected):
    assert shapes(run.relations("dissolve", config, table=geo(*given))["result"]) == expected


GROUPED = f"SELECT *, ['b', 'a', 'b', NULL, 'b'][id + 1] AS k FROM ({geo(LEFT, FAR, RIGHT, None, FAR)})"


@pytest.mark.parametrize(("parts", "keys"), [(False, ["b", "a", None]), (True, ["b", "b", "a", None])])
def test_groups(run, parts, keys):
    wanted = [{"function": "count", "name": "n"}, {"function": "last", "column": "id", "name": "id"}]
    config = {"group_by": ["k"], "aggregations": wanted, "parts": parts}
    made = run.relations("dissolve", config, table=GROUPED)["result"]
    known = {"b": (3, 4), "a": (1, 1), None: (1, 3)}
    assert made.columns == ["k", "n", "id", "geometry"]
    assert made.project("k, n, id").fetchall() == [(key, *known[key]) for key in keys]
    assert sum(each.area for each in shapes(made) if each) == 4


BOXES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9), st.integers(1, 4)), max_size=12)


@settings(max_examples=30, deadline=None)
@given(BOXES)
def test_as_shapely_does_for_each_group(opened, rows):
    areas = [shapely.box(x, y, x + size, y + 1) for _, x, y, size in rows]
    keys = [row[0] for row in rows]
    table = opened.connection.sql(f"SELECT *, {keys or [0]}[id + 1] AS k FROM ({geo(*areas)})")
    made = Dissolve(group_by=["k"]).call({"table": table}, Context(opened, None))["result"]
    found = dict(zip([row[0] for row in made.project("k").fetchall()], shapes(made), strict=True))
    assert list(found) == list(dict.fromkeys(keys))
    for key, made in found.items():
        assert made.equals(shapely.union_all([area for k, area in zip(keys, areas, strict=True) if k == key]))


def test_names_the_group_that_cannot_be_merged(run):
    bowtie = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
    table = f"SELECT *, ['a', 'b', 'b'][id + 1] AS k FROM ({geo(LEFT, bowtie, LEFT)})"
    with pytest.raises(NodeError, match="group that begins with row 2") as caught:
        run.relations("dissolve", {"group_by": ["k"]}, table=table)
    assert (caught.value.code, caught.value.row) == ("invalid_geometry", 2)


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"parts": True}, "SELECT 1 AS a", "missing_geometry", None),
    ({"grid": 0}, geo("POINT (1 2)"), "invalid_config", "/config/grid"),
    ({"geometry": "id"}, geo("POINT (1 2)"), "type_mismatch", "/config/geometry"),
    ({"group_by": ["geometry"]}, geo("POINT (1 2)"), "duplicate_column", "/config/aggregations"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("dissolve", config, table=table)[:2] == (code, path)

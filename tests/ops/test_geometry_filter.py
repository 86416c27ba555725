import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_shapes import SHAPES as DRAWN
from random_shapes import same, stored, told
from spatial_tables import geo

from orchestrator.ops.base import Context
from orchestrator.ops.geometry_filter import GeometryFilter

SHAPES = [
    "POINT (1 1)", "LINESTRING (0 0, 1 1)", "POLYGON ((0 0, 1 0, 1 1, 0 0))", "MULTIPOINT (1 1)",
    "MULTILINESTRING ((0 0, 1 1))", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "GEOMETRYCOLLECTION (POINT (1 1))",
    None, "POINT EMPTY", "MULTIPOLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY",
    "MULTIPOINT (EMPTY, EMPTY)", "POINT Z (1 1 1)",
]  # fmt: skip
AREAS = {"port": "areas", "kinds": ["polygon", "multipolygon"]}
CASES = [
    (["point"], {"point": [0, 12], "rest": [*range(1, 12)]}),
    ([AREAS, "null"], {"areas": [2, 5], "null": [7], "rest": [0, 1, 3, 4, 6, 8, 9, 10, 11, 12]}),
    (["empty", "line", "multiline"],
     {"empty": [8, 9, 10, 11], "line": [1], "multiline": [4], "rest": [0, 2, 3, 5, 6, 7, 12]}),
    ([{"port": "nothing", "kinds": ["null", "empty"]}, "collection", "multipoint"],
     {"nothing": [7, 8, 9, 10, 11], "collection": [6], "multipoint": [3], "rest": [0, 1, 2, 4, 5, 12]}),
]  # fmt: skip


@pytest.mark.parametrize(("branches", "expected"), CASES)
def test_sends_each_kind_to_its_port(run, branches, expected):
    made = run("geometry_filter", {"branches": branches}, table=geo(*SHAPES))
    assert {port: [row[0] for row in found] for port, found in made.items()} == expected


REFUSED = [
    ([], "invalid_config", "/config/branches"),
    (["point", "point"], "invalid_config", "/config/branches/1/port"),
    (["polygon", AREAS], "invalid_config", "/config/branches/1/kinds/0"),
    ([{"port": "rest", "kinds": ["point"]}], "invalid_config", "/config/branches/0/port"),
    (["circle"], "invalid_config", "/config/branches/0/kinds/0"),
    ([{"port": "a", "kinds": []}], "invalid_config", "/config/branches/0/kinds"),
]


@pytest.mark.parametrize(("branches", "code", "path"), REFUSED)
def test_refuses(run, branches, code, path):
    assert run.refuses("geometry_filter", {"branches": branches}, table=geo())[:2] == (code, path)


def test_needs_geometry(run):
    assert run.refuses("geometry_filter", {"branches": ["point"]}, table="SELECT 1 AS a")[0] == "missing_geometry"


NAMES = {
    "Point": "point", "LineString": "line", "Polygon": "polygon", "MultiPoint": "multipoint",
    "MultiLineString": "multiline", "MultiPolygon": "multipolygon", "GeometryCollection": "collection",
}  # fmt: skip
EVERY = [*NAMES.values(), "empty", "null"]
DEALT = st.lists(st.sampled_from(EVERY), unique=True, min_size=1).flatmap(
    lambda kinds: st.tuples(st.just(kinds), st.lists(st.integers(0, 2), min_size=len(kinds), max_size=len(kinds)))
)


def kind_of(shape):
    return "null" if shape is None else "empty" if shape.is_empty else NAMES[shape.geom_type]


@settings(max_examples=100, deadline=None)
@given(DRAWN, DEALT)
def test_against_shapely(opened, shapes, dealt):
    ports = {}
    for kind, number in zip(*dealt, strict=True):
        ports.setdefault(f"p{number}", []).append(kind)
    to = {kind: port for port, kinds in ports.items() for kind in kinds}
    expected = {port: [] for port in [*ports, "rest"]}
    for number, shape in enumerate(shapes):
        expected[to.get(kind_of(shape), "rest")].append(number)
    branches = [{"port": port, "kinds": kinds} for port, kinds in ports.items()]
    made = GeometryFilter(branches=branches).call({"table": stored(opened, shapes)}, Context(opened, None))
    found = {port: told(each) for port, each in made.items()}
    assert {port: [number for number, _ in rows] for port, rows in found.items()} == expected
    assert all(same(shape, shapes[number]) for rows in found.values() for number, shape in rows)

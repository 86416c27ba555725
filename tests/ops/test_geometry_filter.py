import pytest
from spatial_tables import geo

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

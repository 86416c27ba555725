from itertools import pairwise

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from random_shapes import SHAPES, same, stored, told
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.validate_geometry import ValidateGeometry

BOWTIE = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
REPEATED = "LINESTRING (0 0, 1 1, 1 1, 2 0)"
CROSSING = "LINESTRING (0 0, 2 2, 2 0, 0 2)"
OPEN = "POLYGON ((0 0, 1 0, 1 1))"
FLAT = "POLYGON ((0 0, 1 1, 2 2, 0 0))"
GIVEN = ["POINT (1 1)", None, "POLYGON EMPTY", "LINESTRING (0 0, inf 1)", BOWTIE, REPEATED, CROSSING, OPEN, FLAT]
ALL = ["null", "empty", "not_finite", "invalid", "repeated_points", "not_simple"]
ISSUES = {1: "null", 2: "empty", 3: "not_finite", 4: "invalid", 5: "repeated_points", 6: "not_simple", 7: "invalid", 8: "invalid"}  # noqa: E501 # fmt: skip
CASES = [
    ({"checks": ALL}, [0], ISSUES, {}),
    ({"checks": ["null"]}, [0, 2, 3, 4, 5, 6, 8], {1: "null", 7: "invalid"}, {}),
    ({}, [0, 5, 6], {n: ISSUES[n] for n in (1, 2, 3, 4, 7, 8)}, {}),
    (
        {"checks": ALL, "repair": "structure"}, [0],
        {n: ISSUES[n] for n in (1, 2, 3, 6, 8)}, {n: ISSUES[n] for n in (4, 5, 7)},
    ),
    ({"checks": ["invalid"], "repair": "linework"}, [0, 1, 2, 5, 6], {3: "invalid"}, {4: "invalid", 7: "invalid", 8: "invalid"}),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("config", "passed", "failed", "repaired"), CASES)
def test_sorts_and_says_why(run, config, passed, failed, repaired):
    made = run("validate_geometry", config, table=geo(*GIVEN))
    assert [row[0] for row in made["passed"]] == passed
    assert {row[0]: row[2] for row in made["failed"]} == failed
    assert {row[0]: row[2] for row in made["repaired"]} == repaired


@pytest.mark.parametrize(
    ("shape", "repeats"),
    [
        ("LINESTRING (5 5, 5 5)", True),
        ("GEOMETRYCOLLECTION (POINT (0 0), MULTILINESTRING ((0 0, 1 1), (5 5, 5 5)))", True),
        ("POLYGON ((0 0, 9 0, 9 9, 0 0), (6 2, 7 2, 7 2, 7 3, 6 2))", True),
        ("MULTIPOINT (1 1, 1 1)", False),
        ("MULTILINESTRING ((0 0, 1 1), (1 1, 2 2))", False),
        ("POLYGON ((0 0, 9 0, 9 9, 0 0))", False),
        ("LINESTRING Z (0 0 1, 0 0 2, 1 1 1)", True),
    ],
)
def test_vertices_that_come_twice_in_a_row(run, shape, repeats):
    made = run("validate_geometry", {"checks": ["repeated_points"]}, table=geo(shape))
    assert (len(made["failed"]), len(made["passed"])) == ((1, 0) if repeats else (0, 1))


@pytest.mark.parametrize("method", ["linework", "structure"])
def test_repairs(run, method):
    config = {"checks": ALL, "repair": method}
    made = run.relations("validate_geometry", config, table=geo(BOWTIE, OPEN, REPEATED))["repaired"]
    bowtie, ring, line = shapes(made)
    assert bowtie.equals(shapely.from_wkt("MULTIPOLYGON (((0 0, 1 1, 0 2, 0 0)), ((1 1, 2 2, 2 0, 1 1)))"))
    assert ring.equals(shapely.from_wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))"))
    assert line.wkt == "LINESTRING (0 0, 1 1, 2 0)"


def test_what_fails_stays_as_it_came(run):
    made = run.relations("validate_geometry", {"checks": ["null"]}, table=f"SELECT * FROM ({geo(OPEN, None)})")
    assert made["failed"].project("st_astext(geometry)").fetchall() == [(OPEN,), (None,)]


@pytest.mark.parametrize("checks", [["invalid"], ["not_simple"], ["not_finite"], ALL])
@pytest.mark.parametrize("repair", ["linework", "structure"])
def test_what_is_infinite_is_never_repaired(run, checks, repair):
    made = run("validate_geometry", {"checks": checks, "repair": repair}, table=geo("POLYGON ((0 0, inf 1, 1 1, 0 0))"))
    assert (len(made["passed"]), len(made["failed"])) == ((1, 0) if checks == ["not_simple"] else (0, 1))


MESSAGES = [
    (BOWTIE, "Self-intersection at (1 1)."),
    (OPEN, "Points of LinearRing do not form a closed linestring."),
    (None, "There is no geometry."),
]


@pytest.mark.parametrize(("shape", "message"), MESSAGES)
def test_says_where(run, shape, message):
    assert run("validate_geometry", {}, table=geo(shape))["failed"][0][-1] == message


REFUSED = [
    ({"checks": []}, geo(), "invalid_config", "/config/checks"),
    ({"repair": "glue"}, geo(), "invalid_config", "/config/repair"),
    ({}, "SELECT 1 AS a", "missing_geometry", None),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses(run, config, table, code, path):
    assert run.refuses("validate_geometry", config, table=table)[:2] == (code, path)


FAILS = {
    "null": lambda each: each is None,
    "empty": lambda each: each is not None and each.is_empty,
    "invalid": lambda each: each is not None and not each.is_valid,
    "repeated_points": lambda each: each is not None and repeats(each),
    "not_simple": lambda each: each is not None and not each.is_simple,
}


def repeats(shape):
    """Whether a vertex comes twice in a row in any line or ring."""
    if hasattr(shape, "geoms"):
        return shape.geom_type != "MultiPoint" and any(map(repeats, shape.geoms))
    lines = [shape.exterior, *shape.interiors] if shape.geom_type == "Polygon" else [shape]
    steps = [list(each.coords) for each in lines]
    return any(one[:2] == other[:2] for each in steps for one, other in pairwise(each))


@settings(max_examples=150, deadline=None)
@given(
    SHAPES,
    st.lists(st.sampled_from(list(FAILS)), min_size=1, unique=True),
    st.sampled_from(["none", "linework", "structure"]),
)
def test_against_shapely(opened, shapes, checks, repair):
    issues = [next((name for name, fails in FAILS.items() if name in checks and fails(each)), "") for each in shapes]
    node = ValidateGeometry(checks=checks, repair=repair)
    made = node.call({"table": stored(opened, shapes)}, Context(opened, None))
    passed, failed, repaired = (told(made[port]) for port in ("passed", "failed", "repaired"))
    said = [row for port in ("failed", "repaired") for row in made[port].project("id, issue").fetchall()]
    assert [number for number, _ in passed] == [number for number, issue in enumerate(issues) if not issue]
    assert dict(said) == {number: issue for number, issue in enumerate(issues) if issue}
    assert all(same(shape, shapes[number]) for number, shape in [*passed, *failed])
    for number, shape in repaired:
        assert issues[number] in ("invalid", "repeated_points")
        assert repair != "none"
        assert not shape.is_empty
        assert not any(FAILS[name](shape) for name in checks)
        assert shape.has_z == shapes[number].has_z
        if issues[number] == "repeated_points" and shapes[number].is_valid:
            assert shape.equals(shapes[number])
    if repair == "linework" and checks == ["invalid"]:
        assert not failed  # GEOS can repair all that is finite

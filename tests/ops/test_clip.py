import dataclasses

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import SHAPE, geo, shapes, table

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.clip import Clip

BOX = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
FEED = {"table": geo(BOX, None), "clipper": f"SELECT 'CH' AS country, geometry FROM ({geo(BOX)})"}
AREAS = geo(BOX, "POLYGON ((2 0, 6 0, 6 4, 2 4, 2 0))", None, first="area")
CASES = [
    ("POINT (1 1)", "POINT (1 1)", None),
    ("POINT (0 1)", "POINT (0 1)", None),
    ("POINT (9 9)", None, "POINT (9 9)"),
    ("MULTIPOINT (1 1, 9 9, 0 0)", "MULTIPOINT (0 0, 1 1)", "POINT (9 9)"),
    ("LINESTRING (-1 1, 7 1)", "LINESTRING (0 1, 6 1)", "MULTILINESTRING ((-1 1, 0 1), (6 1, 7 1))"),
    ("LINESTRING (0 1, 0 3)", "LINESTRING (0 1, 0 3)", None),
    ("LINESTRING (-2 0, 0 0, 0 -2)", None, "LINESTRING (-2 0, 0 0, 0 -2)"),
    ("POLYGON ((1 1, 5 1, 5 2, 1 2, 1 1))", "POLYGON ((1 1, 5 1, 5 2, 1 2, 1 1))", None),
    ("POLYGON ((-2 0, 0 0, 0 4, -2 4, -2 0))", None, "POLYGON ((-2 0, 0 0, 0 4, -2 4, -2 0))"),
    ("POLYGON ((-2 0, 1 0, 1 1, -2 1, -2 0))", "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))",
     "POLYGON ((-2 0, 0 0, 0 1, -2 1, -2 0))"),
    (None, None, None),
    ("POINT EMPTY", None, "POINT EMPTY"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "inside", "outside"), CASES)
def test_both_sides(run, shape, inside, outside):
    made = run.relations("clip", {}, table=geo(shape), clipper=AREAS)
    if shape is None:
        assert [row[0] for row in made["outside"].fetchall()] == [0]
    for port, expected in (("inside", inside), ("outside", outside)):
        found = [each for each in shapes(made[port]) if each is not None]
        assert [each.normalize().wkt for each in found] == (
            [shapely.from_wkt(expected).normalize().wkt] if expected else []
        )


def test_each_clipper_with_its_columns(run):
    table = f"SELECT *, id AS area FROM ({geo('LINESTRING (-1 1, 7 1)', 'POINT (3 3)', 'POINT (9 9)')})"
    made = run.relations("clip", {"clippers": "each", "columns": ["area"]}, table=table, clipper=AREAS)
    assert made["inside"].project("id, area_clipper, st_astext(geometry)").fetchall() == [
        (0, 0, "LINESTRING (0 1, 4 1)"), (0, 1, "LINESTRING (2 1, 6 1)"),
        (1, 0, "POINT (3 3)"), (1, 1, "POINT (3 3)"),
    ]  # fmt: skip
    assert made["inside"].columns == ["id", "geometry", "area", "area_clipper"]
    assert made["outside"].columns == ["id", "geometry", "area"]
    assert [row[0] for row in made["outside"].fetchall()] == [0, 2]


def test_a_port_that_nobody_reads_is_not_cut(run, context):
    half = dataclasses.replace(context, unused=frozenset({"outside"}))
    made = run("clip", {}, half, table=geo("LINESTRING (-1 1, 7 1)", None), clipper=AREAS)
    assert (len(made["inside"]), made["outside"]) == (1, [])


BROKEN = [
    (geo(BOX), geo(None, "LINESTRING (0 0, 1 1)"), "Row 2 of the table at 'clipper' is a LineString"),
    (geo(BOX), geo("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"), "Row 1 of the table at 'clipper' has invalid geometry"),
    (geo(None, "POLYGON ((-1 0, 2 2, 2 0, -1 2, -1 0))"), geo(BOX),
     "Row 2 of the table at 'table' has invalid geometry"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "clipper", "message"), BROKEN)
def test_names_the_row(run, table, clipper, message):
    with pytest.raises(NodeError, match=message) as caught:
        run("clip", {}, table=table, clipper=clipper)
    assert caught.value.code == "invalid_geometry"


REFUSED = [
    ({}, "SELECT 1 AS a", AREAS, "missing_geometry", None),
    ({}, geo(), geo(crs="EPSG:4326"), "crs_mismatch", None),
    ({"columns": ["area"]}, geo(), AREAS, "invalid_config", "/config/columns"),
    ({"clippers": "each", "columns": ["aera"]}, geo(), AREAS, "unknown_column", "/config/columns/0"),
    ({"clippers": "each", "columns": ["id"], "suffix": ""}, geo(), geo(), "duplicate_column", "/config/suffix"),
]


@pytest.mark.parametrize(("config", "table", "clipper", "code", "path"), REFUSED)
def test_refuses(run, config, table, clipper, code, path):
    assert run.refuses("clip", config, table=table, clipper=clipper)[:2] == (code, path)


AREA = SHAPE.filter(lambda shape: shape is None or shape.geom_type == "Polygon")


@settings(max_examples=60, deadline=None)
@given(st.lists(SHAPE, max_size=5), st.lists(AREA, max_size=4))
def test_against_one_union(opened, given, clippers):
    mask = shapely.union_all([each for each in clippers if each])
    tables = {"table": table(opened, given, "a"), "clipper": table(opened, clippers, "b")}
    made = Clip().call(tables, Context(opened, None))
    found = {port: dict(zip([r[0] for r in t.fetchall()], shapes(t), strict=True)) for port, t in made.items()}
    for number, shape in enumerate(given):
        if not shape:
            assert number in found["outside"]
            continue
        inside, outside = (found[port].get(number, shapely.Point()) for port in ("inside", "outside"))
        measure = {0: shapely.get_num_geometries, 1: shapely.length, 2: shapely.area}[shapely.get_dimensions(shape)]
        whole = {each: measure(getattr(shape, each)(mask)) for each in ("intersection", "difference")}
        if shape.geom_type != "Point":
            # An overlay makes one of what a line runs over twice; a line that lies on one side stays as it is.
            assert measure(shapely.unary_union(inside)) == pytest.approx(whole["intersection"], abs=1e-9)
            assert measure(shapely.unary_union(outside)) == pytest.approx(whole["difference"], abs=1e-9)
        else:
            assert (number in found["inside"]) == shape.intersects(mask) != (number in found["outside"])

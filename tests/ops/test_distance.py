import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import SHAPE, geo, table

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.distance import Distance

POINTS = geo("POINT (0 0)", None, "POINT EMPTY", "LINESTRING (6 8, 9 9)")
OTHER = geo("POINT (3 4)", None, "POLYGON ((6 8, 7 8, 7 9, 6 8))")


def test_to_another_table(run):
    assert [row[2] for row in run("distance", {}, table=POINTS, other=OTHER)] == [5.0, None, None, 0.0]


def test_to_another_table_without_geometry(run):
    assert [row[2] for row in run("distance", {}, table=POINTS, other=geo(None))] == [None] * 4


THERE = geo("POINT (0 4)", "POINT (0 4)", "POINT (0 4)", "POINT (0 4)", column="there")


def test_to_a_second_column(run):
    table = f"SELECT * FROM ({POINTS}) JOIN ({THERE}) USING (id) ORDER BY id"
    made = run("distance", {"to": "there", "name": "d"}, table=table)
    assert [row[3] for row in made] == [4.0, None, None, pytest.approx(52**0.5)]


def test_metres_on_the_ellipsoid(run):
    given = {"table": geo("POINT (0 0)", crs="EPSG:4326"), "other": geo("POINT (1 0)", crs="EPSG:4326")}
    assert run("distance", {"unit": "metre"}, **given)[0][2] == pytest.approx(111319.4908)
    with pytest.raises(NodeError, match="Row 1 of the table at 'table' is a LineString"):
        run("distance", {"unit": "metre"}, **{**given, "table": geo("LINESTRING (0 0, 1 1)", crs="EPSG:4326")})


REFUSED = [
    ({}, {"table": POINTS}, "invalid_config", "/config/to"),
    ({"to": "geometry"}, {"table": POINTS, "other": OTHER}, "invalid_config", "/config/to"),
    ({"to": "id"}, {"table": POINTS}, "type_mismatch", "/config/to"),
    ({"name": "ID"}, {"table": POINTS, "other": OTHER}, "duplicate_column", "/config/name"),
    ({}, {"table": POINTS, "other": geo(crs="EPSG:4326")}, "crs_mismatch", None),
    ({"unit": "metre"}, {"table": geo(crs=None), "other": geo(crs=None)}, "missing_crs", None),
]


@pytest.mark.parametrize(("config", "tables", "code", "path"), REFUSED)
def test_refuses(run, config, tables, code, path):
    assert run.refuses("distance", config, **tables)[:2] == (code, path)


@settings(max_examples=40, deadline=None)
@given(st.lists(SHAPE, max_size=6), st.lists(SHAPE, max_size=6))
def test_against_a_loop_over_shapely(opened, left, right):
    expected = [
        min((shapely.distance(one, other) for other in right if other), default=None) if one else None for one in left
    ]
    tables = {"table": table(opened, left, "a"), "other": table(opened, right, "b")}
    made = Distance().call(tables, Context(opened, None))["result"]
    assert [row[0] for row in made.project("distance").fetchall()] == expected

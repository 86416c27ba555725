import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.ops._parts import parts_of
from orchestrator.ops.base import Context
from orchestrator.ops.combine_parts import CombineParts
from orchestrator.schema import columns

A, B = "POLYGON ((0 0, 1 0, 1 1, 0 0))", "POLYGON ((5 5, 6 5, 6 6, 5 5))"
COMBINED = [
    (["POINT (1 1)", "POINT (1 1)"], "MULTIPOINT (1 1, 1 1)"),
    (["POINT (1 1)", None, "POINT EMPTY"], "MULTIPOINT (1 1)"),
    (["POINT (1 1)", "MULTIPOINT (3 3, 2 2)"], "MULTIPOINT (1 1, 3 3, 2 2)"),
    (["LINESTRING (0 0, 1 1)", "MULTILINESTRING ((1 1, 2 2))"], "MULTILINESTRING ((0 0, 1 1), (1 1, 2 2))"),
    ([A, B], "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))"),
    (["POINT (1 1)", A], f"GEOMETRYCOLLECTION (POINT (1 1), {A})"),
    (["GEOMETRYCOLLECTION (POINT (1 1), MULTIPOINT (2 2))"], "MULTIPOINT (1 1, 2 2)"),
    (["POINT Z (1 2 3)", "POINT Z (4 5 6)"], "MULTIPOINT Z (1 2 3, 4 5 6)"),
    (["POINT Z (1 2 3)", "POINT (4 5)"], "MULTIPOINT (1 2, 4 5)"),
    (["POINT ZM (1 2 3 4)", "POINT EMPTY"], "MULTIPOINT Z (1 2 3)"),
    (["POINT M (1 2 3)", "LINESTRING Z (0 0 1, 1 1 1)"], "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))"),
    (["POLYGON EMPTY", None], "GEOMETRYCOLLECTION EMPTY"),
    ([None], None),
]


@pytest.mark.parametrize(("given", "expected"), COMBINED)
def test_combines_all_rows(run, given, expected):
    made = run.relations("combine_parts", {}, table=geo(*given))["result"]
    assert made.columns == ["geometry"]
    assert columns(made)[0].crs == "EPSG:3857"
    assert [each and each.wkt for each in shapes(made)] == [expected and shapely.from_wkt(expected).wkt] or (
        shapes(made) == [shapely.GeometryCollection()]
    )


def test_no_row_gives_none(run):
    assert run("combine_parts", {}, table=geo()) == []


def test_groups_and_aggregates(run):
    table = f"SELECT *, ['b', NULL, 'b', 'a', NULL][id + 1] k, geometry AS g2 FROM ({geo(*['POINT (1 1)'] * 5)})"
    wanted = [
        {"function": "count", "name": "n"}, {"function": "sum", "column": "id", "name": "total"},
        {"function": "first", "column": "g2", "name": "g"}, {"function": "concat", "column": "id", "name": "ids"},
    ]  # fmt: skip
    made = run.relations("combine_parts", {"group_by": ["k"], "aggregations": wanted}, table=table)["result"]
    assert made.columns == ["k", "n", "total", "geometry", "g", "ids"]
    assert made.project("k, n, total, ids").fetchall() == [("b", 2, 2, "0, 2"), (None, 2, 5, "1, 4"), ("a", 1, 3, "3")]
    assert [each.crs for each in columns(made) if each.type == "GEOMETRY"] == ["EPSG:3857"] * 2
    assert shapes(made, "g") == [shapely.Point(1, 1)] * 3


KINDS = st.sampled_from(["POINT (1 1)", "MULTIPOINT (3 3, 2 2)", "LINESTRING (0 0, 1 1)", A, "POINT EMPTY"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), KINDS), max_size=10))
def test_no_part_is_lost(opened, rows):
    table = opened.connection.sql(
        f"SELECT *, {[k for k, _ in rows] or [0]}[id + 1] AS k FROM ({geo(*(g for _, g in rows))})"
    )
    made = CombineParts(group_by=["k"]).call({"table": table}, Context(opened, None))["result"]
    found = dict(zip([row[0] for row in made.project("k").fetchall()], shapes(made), strict=True))
    assert list(found) == list(dict.fromkeys(k for k, _ in rows))
    for key, made in found.items():
        wanted = [shapely.from_wkt(wkt) for k, wkt in rows if k == key]
        assert list(shapely.get_parts(made)) == list(parts_of(wanted)[0])


SUM = {"function": "sum", "column": "k"}
REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"group_by": ["k"]}, geo("POINT (1 2)"), "unknown_column", "/config/group_by/0"),
    ({"aggregations": [SUM]}, geo("POINT (1 2)"), "unknown_column", "/config/aggregations/0/column"),
    (
        {"aggregations": [{**SUM, "column": "geometry"}]},
        geo("POINT (1 2)"),
        "type_mismatch",
        "/config/aggregations/0/function",
    ),
    (
        {"aggregations": [{"function": "union_geometry", "column": "geometry"}]},
        geo("POINT (1 2)"),
        "invalid_config",
        "/config/aggregations/0/function",
    ),
    (
        {"group_by": ["id"], "aggregations": [{"function": "max", "column": "id", "name": "ID"}]},
        geo("POINT (1 2)"),
        "invalid_config",
        "/config/aggregations/0/name",
    ),
    (
        {"aggregations": [{"function": "count", "name": "Geometry"}]},
        geo("POINT (1 2)"),
        "duplicate_column",
        "/config/aggregations",
    ),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("combine_parts", config, table=table)[:2] == (code, path)

import pytest
from spatial_tables import geo

TWO = f"SELECT 1 AS a, geometry, 'x' AS b, 'POINT (1 1)'::GEOMETRY AS other FROM ({geo('POINT (1 2)', None)})"
KEPT = [
    ({}, ["a", "b"]),
    ({"geometry": "geometry"}, ["a", "b", "other"]),
    ({"geometry": "OTHER"}, ["a", "geometry", "b"]),
]


@pytest.mark.parametrize(("config", "expected"), KEPT)
def test_columns_that_are_left(run, config, expected):
    made = run.relations("remove_geometry", config, table=TWO)["result"]
    assert made.columns == expected
    assert made.project("a, b").fetchall() == [(1, "x"), (1, "x")]


def test_a_table_without_geometry_passes(run):
    assert run("remove_geometry", {}, table="SELECT 1 AS a, NULL AS b") == [(1, None)]


REFUSED = [
    ({}, "SELECT geometry FROM (" + geo("POINT (1 2)") + ")", "invalid_config", "/config/geometry"),
    ({"geometry": "id"}, geo("POINT (1 2)"), "type_mismatch", "/config/geometry"),
    ({"geometry": "gone"}, geo("POINT (1 2)"), "unknown_column", "/config/geometry"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("remove_geometry", config, table=table)[:2] == (code, path)

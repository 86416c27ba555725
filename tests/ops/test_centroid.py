import pytest
import shapely
from spatial_tables import geo, shapes

from orchestrator.schema import columns

BOWTIE = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
CENTRES = [
    ({}, "POLYGON ((0 0, 4 0, 0 4, 0 0))", (4 / 3, 4 / 3)),
    ({"center": "bounding_box"}, "POLYGON ((0 0, 4 0, 0 4, 0 0))", (2, 2)),
    ({}, "LINESTRING (0 0, 2 0, 2 2)", (1.5, 0.5)),
    ({"center": "bounding_box"}, "LINESTRING (0 0, 2 0, 2 2)", (1, 1)),
    ({}, "MULTIPOINT (0 0, 0 0, 3 0)", (1, 0)),
    ({}, "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 2 0))", (1, 0)),
    ({}, "POINT Z (1 2 3)", (1, 2)),
    ({"center": "bounding_box"}, "POINT ZM (1 2 3 4)", (1, 2)),
    ({}, BOWTIE, (1, 1)),
    ({}, "LINESTRING (5 5, 5 5)", (5, 5)),
]


@pytest.mark.parametrize(("config", "shape", "expected"), CENTRES)
def test_centres(run, config, shape, expected):
    (made,) = shapes(run.relations("centroid", config, table=geo(shape))["result"])
    assert (made.x, made.y) == pytest.approx(expected)
    assert not made.has_z


@pytest.mark.parametrize("center", ["gravity", "bounding_box"])
def test_keeps_the_rest(run, center):
    table = f"SELECT *, 'a' AS name FROM ({geo('POINT (1 2)', None, 'POLYGON EMPTY', 'POINT EMPTY')})"
    made = run.relations("centroid", {"center": center}, table=table)["result"]
    assert [(each.name, each.crs) for each in columns(made)] == [
        ("id", None), ("geometry", "EPSG:3857"), ("name", None),
    ]  # fmt: skip
    assert made.project("id, name").fetchall() == [(0, "a"), (1, "a"), (2, "a"), (3, "a")]
    empty = shapely.Point()
    assert shapes(made) == [shapely.Point(1, 2), None, empty, empty]


TWO = "SELECT 'POINT (1 1)'::GEOMETRY AS a, 'LINESTRING (0 0, 2 0)'::GEOMETRY AS \"B\""


def test_the_first_geometry_column_or_another(run):
    first = run.relations("centroid", {}, table=TWO)["result"]
    other = run.relations("centroid", {"geometry": "b"}, table=TWO)["result"]
    assert [each.geom_type for each in shapes(first, "a") + shapes(first, "b")] == ["Point", "LineString"]
    assert shapes(other, "b") == [shapely.Point(1, 0)]
    assert other.columns == ["a", "B"]


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"geometry": "geometri"}, geo("POINT (1 2)"), "unknown_column", "/config/geometry"),
    ({"geometry": "id"}, geo("POINT (1 2)"), "type_mismatch", "/config/geometry"),
    ({"center": "edge"}, geo("POINT (1 2)"), "invalid_config", "/config/center"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("centroid", config, table=table)[:2] == (code, path)

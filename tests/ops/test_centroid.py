import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from random_shapes import SHAPES, stored, told
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.centroid import Centroid
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
EMPTY = ["POINT Z EMPTY", "POLYGON Z EMPTY", "MULTIPOINT M EMPTY", "GEOMETRYCOLLECTION (POINT EMPTY)"]


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


@pytest.mark.parametrize("center", ["gravity", "bounding_box"])
def test_of_empty_geometry_an_empty_point_without_heights(run, center):
    made = shapes(run.relations("centroid", {"center": center}, table=geo(*EMPTY))["result"])
    assert [(each.wkt, each.has_z) for each in made] == [("POINT EMPTY", False)] * len(EMPTY)


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


@settings(max_examples=100, deadline=None)
@given(SHAPES, st.sampled_from(["gravity", "bounding_box"]))
def test_against_geopandas(opened, shapes, center):
    series = geopandas.GeoSeries(shapes)
    if center == "gravity":
        expected = list(series.centroid)
    else:
        middle = (series.bounds[["minx", "miny"]].to_numpy() + series.bounds[["maxx", "maxy"]].to_numpy()) / 2
        expected = [shapely.Point() if np.isnan(at).any() else shapely.Point(at) for at in middle]
    made = Centroid(center=center).call({"table": stored(opened, shapes)}, Context(opened, None))["result"]
    found = told(made)
    assert [number for number, _ in found] == list(range(len(shapes)))
    for shape, (_, point), wanted in zip(shapes, found, expected, strict=True):
        assert (point is None) == (shape is None)
        if point is not None:
            assert (point.geom_type, point.has_z, point.is_empty) == ("Point", False, shape.is_empty)
            assert point.equals_exact(wanted, 1e-9)

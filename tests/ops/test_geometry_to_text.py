import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo

from orchestrator.ops.base import Context
from orchestrator.ops.geometry_to_text import GeometryToText

LINE = "LINESTRING (0.123456 1, 2 3)"
WRITTEN = [
    ({"format": "wkt"}, LINE, LINE),
    ({"format": "wkt", "precision": 2}, LINE, "LINESTRING (0.12 1, 2 3)"),
    ({"format": "wkt", "precision": 0}, "POINT Z (1.6 2.4 3.5)", "POINT Z (2 2 4)"),
    ({"format": "wkt"}, "POINT ZM (1 2 3 4)", "POINT ZM (1 2 3 4)"),
    ({"format": "wkt", "precision": 1}, "POINT ZM (1 2 3 4)", "POINT Z (1 2 3)"),
    ({"format": "wkt", "precision": 1}, "POINT M (1 2 3)", "POINT (1 2)"),
    ({"format": "wkt"}, "GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION EMPTY"),
    ({"format": "wkt", "precision": 1}, "POINT EMPTY", "POINT EMPTY"),
    ({"format": "wkt", "precision": 1}, None, None),
    ({"format": "wkb"}, "POINT (1 2)", shapely.to_wkb(shapely.Point(1, 2), byte_order=1)),
    ({"format": "hex"}, "POINT (1 2)", shapely.to_wkb(shapely.Point(1, 2), hex=True, byte_order=1)),
    ({"format": "geojson"}, "POINT Z (1 2 3)", '{"type":"Point","coordinates":[1.0,2.0,3.0]}'),
    ({"format": "geojson", "precision": 1}, "POINT (1.26 2)", '{"type":"Point","coordinates":[1.3,2.0]}'),
    ({"format": "geojson"}, None, None),
]


@pytest.mark.parametrize(("config", "shape", "expected"), WRITTEN)
def test_writes(run, config, shape, expected):
    made = run.relations("geometry_to_text", config, table=geo(shape))["result"]
    assert made.columns == ["id", "geometry", "text"]
    assert made.project("text").fetchall() == [(expected,)]


COLUMNS = [
    ({"name": "wkt"}, ["id", "geometry", "b", "wkt"]),
    ({"drop": True}, ["id", "b", "text"]),
    ({"drop": True, "precision": 3}, ["id", "b", "text"]),
    ({"name": "ID"}, ["ID", "geometry", "b"]),
    ({"name": "geometry"}, ["id", "geometry", "b"]),
]


@pytest.mark.parametrize(("config", "expected"), COLUMNS)
def test_columns(run, config, expected):
    made = run.relations("geometry_to_text", config, table=f"SELECT *, 2 AS b FROM ({geo('POINT (1 2)')})")["result"]
    assert made.columns == expected
    assert "POINT (1 2)" in made.fetchall()[0]


def test_rounding_leaves_the_geometry_alone(run):
    made = run.relations("geometry_to_text", {"precision": 1}, table=geo("POINT (1.26 2)"))["result"]
    assert made.project("st_astext(geometry), text").fetchall() == [("POINT (1.26 2)", "POINT (1.3 2)")]


@settings(max_examples=40, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["wkt", "wkb", "hex", "geojson"]))
def test_every_bit_is_kept(opened, x, form):
    point = shapely.Point(x, 1)
    reader = {"wkt": shapely.from_wkt, "geojson": shapely.from_geojson}.get(form, shapely.from_wkb)
    table = opened.connection.sql(f"SELECT st_geomfromwkb(unhex('{shapely.to_wkb(point, hex=True)}')) AS geometry")
    made = GeometryToText(format=form).call({"table": table}, Context(opened, None))["result"]
    assert reader(made.fetchall()[0][1]) == point


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"format": "kml"}, geo("POINT (1 2)"), "invalid_config", "/config/format"),
    ({"precision": -1}, geo("POINT (1 2)"), "invalid_config", "/config/precision"),
    ({"geometry": "id"}, geo("POINT (1 2)"), "type_mismatch", "/config/geometry"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("geometry_to_text", config, table=table)[:2] == (code, path)

"""Geometry that is empty, or has empty parts, through every format of features: kept, null, or refused in words."""

from collections.abc import Callable

import pytest

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.formats import writers
from orchestrator.ops.base import Relation
from orchestrator.sql import literal

Load = Callable[..., Relation]
Save = Callable[..., int]
ENDINGS = {"geopackage": "gpkg", "shapefile": "shp", "flatgeobuf": "fgb", "mapinfo": "tab", "geoparquet": "parquet"}
FORMATS = sorted(name for name, kind in writers().items() if getattr(kind, "geometry_as", "") == "features")
POINTS, MIXED, NOTHING = "MULTIPOINT (EMPTY, 1 2)", "GEOMETRYCOLLECTION (POINT EMPTY, POINT (1 2))", "POLYGON EMPTY"
LINES, AREA = "MULTILINESTRING (EMPTY, (1 2, 3 4))", "GEOMETRYCOLLECTION (POLYGON EMPTY, POINT (1 2))"
HIGH = "GEOMETRYCOLLECTION Z (MULTIPOINT Z EMPTY, POINT Z (1 2 3))"
LOW, ONE = "GEOMETRYCOLLECTION (POINT (1 2))", "MULTIPOINT (1 2)"
AMONG, KINDS, CANNOT = "an empty point among others", "geometry_mixed", "an empty part of a geometry"
NULL, GONE = None, ()
# What comes back where it is not the same: other text, null, no row, or the code or words of a refusal.
OTHERS: dict[str, dict[str, object]] = {
    "dxf": {
        POINTS: {AMONG}, MIXED: {AMONG}, NOTHING: GONE, LINES: "LINESTRING (1 2, 3 4)", AREA: "POINT (1 2)",
        HIGH: "POINT Z (1 2 3)",
    },
    "flatgeobuf": {
        POINTS: ONE, MIXED: LOW, NOTHING: NULL, LINES: "MULTILINESTRING ((1 2, 3 4))", AREA: LOW,
        HIGH: "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))",
    },
    "geojson": {POINTS: {AMONG}, MIXED: {AMONG}, HIGH: "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))"},
    "geopackage": {},
    "geoparquet": {},
    "gml": {POINTS: {AMONG}, MIXED: {AMONG}, NOTHING: NULL},
    "gpx": {POINTS: {KINDS}, MIXED: {KINDS}, NOTHING: {KINDS}, AREA: {KINDS}, HIGH: {KINDS}},
    "kml": {
        POINTS: {AMONG}, MIXED: {AMONG}, NOTHING: NULL, AREA: {CANNOT},
        HIGH: "GEOMETRYCOLLECTION Z (GEOMETRYCOLLECTION Z EMPTY, POINT Z (1 2 3))",
    },
    "mapinfo": {POINTS: {KINDS}, MIXED: {KINDS}, NOTHING: NULL, AREA: {KINDS}, HIGH: {KINDS}},
    "shapefile": {
        POINTS: ONE, MIXED: {KINDS}, NOTHING: NULL, LINES: "LINESTRING (1 2, 3 4)", AREA: {KINDS}, HIGH: {KINDS},
    },
}  # fmt: skip
SHAPES = [POINTS, MIXED, NOTHING, LINES, AREA, HIGH]


def in_system(shape: str, crs: str) -> str:
    return f"SELECT 1 AS a, st_setcrs('{shape}'::GEOMETRY, {literal(projjson(crs))}) AS geometry"


def test_every_format_of_features_is_known() -> None:
    assert list(OTHERS) == FORMATS


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", OTHERS)
def test_an_empty_part(load: Load, save: Save, kind: str, shape: str) -> None:
    path, wanted = f"a.{ENDINGS.get(kind, kind)}", OTHERS[kind].get(shape, shape)
    if isinstance(wanted, set):
        with pytest.raises(NodeError) as error:
            save(in_system(shape, "EPSG:4326"), target_type=kind, path=path)
        assert any(each in f"{error.value.code} {error.value.message}" for each in wanted)
        return
    save(in_system(shape, "EPSG:4326"), target_type=kind, path=path)
    layer = {"layer": "tracks"} if kind == "gpx" else {}
    found = load(source_type=kind, path=path, **layer).project("geometry::VARCHAR").fetchall()
    assert found == ([] if wanted == GONE else [(wanted,)])


@pytest.mark.parametrize("kind", ["geojson", "kml"])
def test_what_is_reprojected_keeps_heights_and_empty_parts(load: Load, save: Save, kind: str) -> None:
    shape = "GEOMETRYCOLLECTION Z (MULTIPOINT Z EMPTY, POINT Z (500000 5000000 3))"
    save(in_system(shape, "EPSG:25832"), target_type=kind, path=f"a.{kind}")
    ((text,),) = load(source_type=kind, path=f"a.{kind}").project("geometry::VARCHAR").fetchall()
    assert "POINT Z (9 45.15347718443" in text
    assert text.endswith(" 3))")

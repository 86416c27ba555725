"""Parquet with geometry: what comes back, what GeoPandas reads and writes, and metadata that is wrong."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import geopandas
import pyarrow.parquet
import pytest
import shapely

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.faults import translate
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns
from orchestrator.sql import literal

Load = Callable[..., Relation]
Save = Callable[..., int]
SHAPES = [
    "POINT (1 2)", "POINT Z (1 2 3)", "POINT M (1 2 3)", "POINT ZM (1 2 3 4)", "POINT EMPTY", "LINESTRING (1 2, 3 4)",
    "LINESTRING EMPTY", "LINESTRING Z (1 2 3, 4 5 6)", "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))",
    "POLYGON EMPTY", "MULTIPOINT (1 2, 3 4)", "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))",
    "GEOMETRYCOLLECTION EMPTY", "POINT (13.412345678901234 -1e-300)",
]  # fmt: skip
OWN = """PROJCS["mine",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],
    PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],
    PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",10.5],PARAMETER["scale_factor",0.9],
    PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]"""


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_comes_back_beside_a_null(load: Load, save: Save, shape: str) -> None:
    save(f"SELECT unnest([NULL, '{shape}'])::GEOMETRY AS g", target_type="geoparquet", path="a.parquet")
    assert load(source_type="geoparquet", path="a.parquet").project("g::VARCHAR").fetchall() == [(None,), (shape,)]


def in_system(expression: str, crs: str) -> str:
    return f"st_setcrs({expression}, {literal(projjson(crs))})"


def test_shapes_of_several_kinds_and_columns(load: Load, save: Save) -> None:
    rows = " UNION ALL ".join(f"SELECT {n} AS n, '{shape}'::GEOMETRY AS g" for n, shape in enumerate(SHAPES))
    other = in_system("'POINT (7 8)'::GEOMETRY", "EPSG:3857")
    save(f"SELECT *, {other} AS h FROM ({rows})", target_type="geoparquet", path="a.parquet")
    found = load(source_type="geoparquet", path="a.parquet")
    assert [each.crs for each in columns(found)] == [None, None, "EPSG:3857"]
    assert [row[0] for row in found.order("n").project("g::VARCHAR").fetchall()] == SHAPES


@pytest.mark.parametrize("rows", ["LIMIT 0", ""])
def test_without_rows_or_shapes_it_is_geometry_all_the_same(load: Load, save: Save, rows: str) -> None:
    null = f"SELECT {in_system('g', 'EPSG:25832')} AS g FROM (SELECT unnest([NULL::GEOMETRY]) AS g) {rows}"
    assert save(null, target_type="geoparquet", path="a.parquet") == (0 if rows else 1)
    (found,) = columns(load(source_type="geoparquet", path="a.parquet"))
    assert (found.type, found.crs) == ("GEOMETRY", "EPSG:25832")


@pytest.mark.parametrize("crs", [None, "EPSG:4326", "OGC:CRS84", "EPSG:25832", "EPSG:4979", OWN, 'LOCAL_CS["x"]'])
def test_coordinate_systems_by_way_of_geopandas(context: Context, load: Load, save: Save, crs: str | None) -> None:
    frame = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.Point(1, 2), None], crs=crs)
    frame.to_parquet(context.root / "theirs.parquet")
    save(load(source_type="geoparquet", path="theirs.parquet"), target_type="geoparquet", path="ours.parquet")
    made = geopandas.read_parquet(context.root / "ours.parquet")
    assert made.crs == frame.crs
    assert made.geometry.to_wkt().tolist() == frame.geometry.to_wkt().tolist()


def test_the_box_of_a_shape_is_a_column_like_others(context: Context, load: Load, save: Save) -> None:
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    frame.to_parquet(context.root / "theirs.parquet", write_covering_bbox=True)
    found = load(source_type="geoparquet", path="theirs.parquet")
    assert found.project("bbox").fetchall() == [({"xmin": 1, "ymin": 2, "xmax": 1, "ymax": 2},)]
    save(found, target_type="geoparquet", path="ours.parquet")
    assert geopandas.read_parquet(context.root / "ours.parquet").columns.tolist() == ["a", "geometry", "bbox"]


def described(context: Context, metadata: bytes, shapes: Sequence[bytes] = (shapely.Point(1, 2).wkb,)) -> None:
    """A file with a point, or with these shapes, whose metadata is this."""
    point = pyarrow.table({"a": [1] * len(shapes), "geometry": list(shapes)})
    pyarrow.parquet.write_table(point.replace_schema_metadata({b"geo": metadata}), context.root / "a.parquet")


def geo(column: dict[str, Any] | None = None, **others: Any) -> bytes:
    """Metadata of GeoParquet; None leaves something out."""
    said = {"encoding": "WKB", "geometry_types": ["Point"], **(column or {})}
    kept = {key: value for key, value in said.items() if value != "gone"}
    whole = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": kept}, **others}
    return json.dumps({key: value for key, value in whole.items() if value != "gone"}).encode()


WRONG = [
    (b"[]", "unreadable_file", "metadata is not an object"),
    (b"{", "geometry_needed", "has no geometry column"),
    (geo(version="gone"), "unreadable_file", "does not have a version"),
    (geo(columns="gone"), "unreadable_file", "does not have a columns object"),
    (geo({"encoding": "gone"}), "unreadable_file", "column 'geometry' does not have an encoding"),
    (geo({"encoding": "WKT"}), "unreadable_file", "column 'geometry' has an unsupported encoding"),
    (geo({"geometry_types": "gone"}), "unreadable_file", "column 'geometry' does not have geometry types"),
    (geo({"crs": "EPSG:4326"}), "unreadable_file", "column 'geometry' has invalid CRS"),
    (geo(primary_column="x"), "unreadable_file", "primary geometry column is 'x', and has no such column"),
    (geo(primary_column="a"), "unreadable_file", "primary geometry column is 'a', and has no such column"),
    (
        geo(
            primary_column="y", columns={each: {"encoding": "WKB", "geometry_types": []} for each in ("y", "geometry")}
        ),
        "unreadable_file",
        "primary geometry column is 'y', and has no such column",
    ),
    (geo(primary_column=None), "unreadable_file", "primary geometry column is 'None', and has no such column"),
    (geo(primary_column=["geometry"]), "unreadable_file", "and has no such column"),
    (
        geo(primary_column="x", columns={"x": {"encoding": "WKB", "geometry_types": []}}),
        "geometry_needed",
        "has no geometry column",
    ),
]


@pytest.mark.parametrize(("metadata", "code", "text"), WRONG)
def test_metadata_that_is_wrong_is_told(
    context: Context, design: Context, metadata: bytes, code: str, text: str
) -> None:
    described(context, metadata)
    for each in (context, design):
        with pytest.raises(NodeError, match=f"^'a.parquet' .*{text}") as error:
            DataLoader.configure({"source_type": "geoparquet", "path": "a.parquet"}).call({}, each)
        assert (error.value.code, error.value.path) == (code, "/config/path")


@pytest.mark.parametrize(
    ("metadata", "crs"),
    [
        (geo(), "OGC:CRS84"),
        (geo({"crs": None}), None),
        (geo(primary_column="gone"), "OGC:CRS84"),
        (geo(version="9.0.0"), "OGC:CRS84"),
        (geo({"edges": "planar", "bbox": [1, 2, 1, 2]}), "OGC:CRS84"),
    ],
)
def test_what_else_metadata_may_say(context: Context, load: Load, metadata: bytes, crs: str | None) -> None:
    described(context, metadata)
    found = load(source_type="geoparquet", path="a.parquet")
    assert columns(found)[1].crs == crs
    assert found.project("geometry::VARCHAR").fetchall() == [("POINT (1 2)",)]


@pytest.mark.parametrize("kind", ["geoparquet", "parquet"])
@pytest.mark.parametrize(
    ("wkb", "reason"),
    [
        (b"", "it ends too early"), (shapely.Point(1, 2).wkb[:-3], "it ends too early"),
        (b"\1\2\0\0\0\xff\xff\xff\x7f", "it ends too early"),
        (shapely.Point(1, 2).wkb + b"x", "more bytes come behind its end"),
        (b"\1\x63\0\0\0", "its kind is not known"), (b"\1\x08\0\0\0\0\0\0\0", "its kind is not known"),
        (b"no geometry", "its kind is not known"),
    ],
)  # fmt: skip
def test_a_broken_geometry_is_told(context: Context, load: Load, wkb: bytes, reason: str, kind: str) -> None:
    described(context, geo(), [shapely.Point(1, 2).wkb, wkb])
    found = load(source_type=kind, path="a.parquet")
    with pytest.raises(duckdb.Error) as error:
        found.fetchall()
    told = translate(error.value)
    assert told.code == "invalid_geometry"
    assert told.message.startswith(f"A geometry is broken: it is not WKB, {reason}")
    assert load(source_type=kind, path="a.parquet", columns=["a"]).fetchall() == [(1,), (1,)]


def test_shapes_of_geoarrow_are_told(context: Context) -> None:
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)])
    frame.to_parquet(context.root / "a.parquet", geometry_encoding="geoarrow")
    with pytest.raises(NodeError, match=r"no geometry column that can be read \(encoding WKB\)") as error:
        DataLoader.configure({"source_type": "geoparquet", "path": "a.parquet"}).call({}, context)
    assert error.value.hint == "source_type parquet"


def test_geoparquet_is_read_by_others_and_the_other_way_round(context: Context, load: Load, save: Save) -> None:
    frame = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.Point(1, 2), None], crs="EPSG:25832")
    frame.to_parquet(context.root / "theirs.parquet")
    found = load(source_type="geoparquet", path="theirs.parquet")
    assert columns(found)[1].crs == "EPSG:25832"
    save(found, target_type="geoparquet", path="ours.parquet")
    made = geopandas.read_parquet(context.root / "ours.parquet")
    assert made.crs == frame.crs
    assert made.geometry.to_wkt().tolist() == frame.geometry.to_wkt().tolist()
    assert b"geo" in pyarrow.parquet.read_metadata(context.root / "ours.parquet").metadata


def test_geometry_is_needed(context: Context, design: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="GeoParquet needs a geometry column"):
        save("SELECT 1 AS a", target_type="geoparquet", path="a.parquet")
    save("SELECT 1 AS a", target_type="parquet", path="a.parquet")
    for each in (context, design):
        with pytest.raises(NodeError, match="has no geometry column") as error:
            DataLoader.configure({"source_type": "geoparquet", "path": "a.parquet"}).call({}, each)
        assert error.value.code == "geometry_needed"

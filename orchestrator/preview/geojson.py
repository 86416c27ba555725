"""Rows as a GeoJSON FeatureCollection (RFC 7946): longitude and latitude of WGS 84, outer rings counter-clockwise."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from duckdb import DuckDBPyRelation as Relation

from orchestrator.crs import same, transformer, written_in
from orchestrator.errors import NodeError
from orchestrator.ops._spatial import collecting_later, finite, kind_of, moved
from orchestrator.preview.as_json import doubtful, loads, members
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import Transformer

WGS84 = "OGC:CRS84"


class Plan(NamedTuple):
    """SQL for geometry, properties and whether their numbers need a look; and what turns coordinates into WGS 84."""

    query: str
    way: "Transformer | None"


def plan(table: Relation, rows: str) -> Plan:
    """How to write these rows. The first geometry column becomes the geometry; all others are properties.

    Raises:
        NodeError: `missing_geometry`, `missing_crs`.
    """
    column = next(iter(geometry_columns(table)), None)
    if column is None:
        message = "This table has no geometry column; it can be had as CSV, Parquet or Arrow."
        raise NodeError(message, code="missing_geometry")
    system = written_in(kind_of(table, column))
    if system is None:
        message = "The coordinate system of this geometry is not known; a reproject node can say which it is."
        raise NodeError(message, code="missing_crs")
    others = [name for name in table.columns if name != column]
    wanted = f"st_aswkb({quote(column)}), {members(table, others)}, {doubtful(table, others)}"
    way = None if same(system, WGS84) else transformer(system, WGS84)
    return Plan(f"SELECT {wanted} FROM ({rows})", way)


def pieces(batches: "Iterable[pa.RecordBatch]", plan: Plan) -> Iterator[bytes]:
    """The file, a piece for each batch. A geometry that has no place in WGS 84, or is broken, becomes null."""
    between = b'{"type":"FeatureCollection","features":[\n'
    for batch in batches:
        if batch.num_rows:
            shapes = drawn(batch.column(0).to_numpy(zero_copy_only=False), plan.way)
            features = map(feature, shapes, *(batch.column(place).to_pylist() for place in (1, 2)))
            yield between + ",\n".join(features).encode()
            between = b",\n"
    yield (between if between != b",\n" else b"") + b"\n]}\n"


def feature(geometry: str | None, properties: str, doubtful: bool) -> str:
    """One feature as JSON text; properties as DuckDB writes them unless a number in them may be changed by a client."""
    if doubtful:
        properties = json.dumps(loads(properties), ensure_ascii=False)
    return f'{{"type":"Feature","geometry":{geometry or "null"},"properties":{properties}}}'


def drawn(written: Any, way: "Transformer | None") -> Any:
    """Geometry (WKB) as GeoJSON text."""
    import numpy as np
    import shapely

    with collecting_later(), np.errstate(invalid="ignore"):
        shapes = np.asarray(shapely.from_wkb(written, on_invalid="ignore"), dtype=object)
        shapes = shapes if way is None else moved(shapes, way)
        shapes[~finite(shapes)] = None
        return shapely.to_geojson(shapely.orient_polygons(shapes))

"""Coordinate systems of geometry columns: as text, equal or not, and from one to another."""

import json
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.schema import GEOMETRY, geometry_columns
from orchestrator.sql import literal, quote

WGS_84 = "EPSG:4326"


def crs_text(table: Relation) -> str | None:
    """The coordinate system of the first geometry column as it is written, PROJJSON as a rule."""
    first = next(iter(geometry_columns(table)), None)
    kind = dict(zip(table.columns, map(str, table.types), strict=True))[first] if first else ""
    inside = kind[len(GEOMETRY) :].strip()
    return inside[2:-2].replace("''", "'") if inside else None


def system(text: str) -> Any:
    """The coordinate system as pyproj knows it."""
    import pyproj

    return pyproj.CRS.from_user_input(text)


def same(one: str, other: str) -> bool:
    """Whether two systems are the same; longitude is always the first axis in a table, whatever the system says."""
    return one == other or bool(system(one).equals(system(other), ignore_axis_order=True))


def aligned(new: Relation, old: Relation) -> Relation:
    """New rows whose geometry can be put below that of old rows: the same name and the same system.

    Raises:
        NodeError: `crs_mismatch`.
    """
    before, after = geometry_columns(old), geometry_columns(new)
    if not before or not after:
        return new
    name = before[0] if before[0] in after or before[0] not in new.columns else after[0]
    source = name if name in after else after[0]
    had, has = crs_text(old), crs_text(new)
    if had and has and not same(had, has):
        message = (
            f"The file is in {system(had).name}, and the new rows are in {system(has).name}: reproject them first."
        )
        raise NodeError(message, code="crs_mismatch", port="table")
    field = quote(source) if had == has else f"ST_SetCRS({quote(source)}, {literal(had or '')})"
    fields = [f"{field} AS {quote(name)}" if each == source else quote(each) for each in new.columns]
    return new.project(", ".join(fields))


def united(old: Relation, new: Relation, context: Context) -> Relation:
    """New rows, aligned, below old ones, by the names of their columns.

    Not as a query: DuckDB computes one that counts (`lost_values`) where it is made.
    """
    first = {name.lower() for name in old.columns}
    names = [*old.columns, *(name for name in new.columns if name.lower() not in first)]
    upper, lower = (_with(names, table) for table in (old, new))
    return upper.union(lower)


def _with(names: list[str], table: Relation) -> Relation:
    there = {name.lower() for name in table.columns}
    fields = (quote(name) if name.lower() in there else f"NULL AS {quote(name)}" for name in names)
    return table.project(", ".join(fields))


def moved(shapes: Any, text: str | None, target: str) -> Any:
    """Shapes of shapely in another coordinate system, with their heights; without one they stay as they are."""
    if text is None or same(text, target):
        return shapes
    import pyproj

    from orchestrator.ops import _spatial

    return _spatial.moved(shapes, pyproj.Transformer.from_crs(system(text), target, always_xy=True))


def reprojected(table: Relation, target: str, context: Context) -> Relation:
    """The rows with their first geometry column in another coordinate system; without one it stays as it is."""
    text = crs_text(table)
    if text is None or same(text, target):
        return table
    import shapely

    from orchestrator.ops._spatial import wkb

    arrow = table.to_arrow_table()
    index = arrow.column_names.index(geometry_columns(table)[0])
    shapes = moved(shapely.from_wkb(arrow.column(index).to_numpy(zero_copy_only=False)), text, target)
    field = arrow.schema.field(index).with_metadata(crs_metadata(target))
    return context.session.arrow(arrow.set_column(index, field, wkb(shapes).cast(field.type)))


def geo_options(table: Relation) -> list[str]:
    """Options of COPY that write GeoParquet's metadata in full.

    DuckDB's own leaves out a geometry column of no rows, which then comes back as BLOB, and names no system where there
    is none, which then comes back as WGS 84.
    """
    names = geometry_columns(table)
    if not names:
        return ["GEOPARQUET_VERSION 'NONE'"]  # geometry inside of lists would come back as BLOB
    columns: dict[str, Any] = {}
    for name in names:
        text = crs_text(table.project(quote(name)))
        said = {} if text in ("OGC:CRS84", "CRS84") else {"crs": system(text).to_json_dict() if text else None}
        columns[name] = {"encoding": "WKB", "geometry_types": [], **said}
    metadata = json.dumps({"version": "1.0.0", "primary_column": names[0], "columns": columns})
    return ["GEOPARQUET_VERSION 'NONE'", f"KV_METADATA {{geo: {literal(metadata)}}}"]


def crs_metadata(crs: str | None) -> dict[str, str]:
    """What makes a binary column of Arrow a geometry column: `geoarrow.wkb`, with its system as PROJJSON."""
    known = system(crs) if crs else None
    if known is not None and known.name.lower().startswith(("undefined", "unknown engineering")):
        known = None
    said = {"crs": known.to_json_dict(), "crs_type": "projjson"} if known is not None else {}
    return {"ARROW:extension:name": "geoarrow.wkb", "ARROW:extension:metadata": json.dumps(said)}

"""Arrow tables from GDAL as the data plane wants them."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import chain, count
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.systems import WGS_84, crs_metadata, same, system

WGS_84_WITH_HEIGHT = "EPSG:4979"


def plain(table: Any, meta: Mapping[str, Any], widen: bool, flat: bool) -> Any:
    """An Arrow table as the data plane wants it: times in microseconds, geometry as `geoarrow.wkb` with PROJJSON."""
    import pyarrow

    taken = {field.name.lower() for field in table.schema if not is_wkb(field)}
    fields, columns = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind, values = field.type, column
        if isinstance(kind, pyarrow.BaseExtensionType):
            kind, values = kind.storage_type, pyarrow.chunked_array(
                [chunk.storage for chunk in column.chunks], kind.storage_type
            )  # fmt: skip
        if pyarrow.types.is_string(kind):
            _check_text(field.name, values)
        if pyarrow.types.is_timestamp(kind):
            kind = pyarrow.timestamp("us", "UTC" if kind.tz else None)
        if pyarrow.types.is_time(kind):
            kind = pyarrow.time64("us")
        if widen and pyarrow.types.is_integer(kind):
            kind = pyarrow.int64()
        if is_wkb(field):
            values = _flattened(values) if flat else values
            fields.append(_geometry_field(free_name(meta.get("geometry_name") or "geometry", taken), meta.get("crs")))
        else:
            fields.append(pyarrow.field(field.name, kind))
        columns.append(values.cast(fields[-1].type))
    return pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields))


def _flattened(column: Any) -> Any:
    import numpy
    import pyarrow
    import shapely

    from orchestrator.ops._spatial import wkb

    shapes = shapely.from_wkb(column.to_numpy())
    points, owners = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    flat = shapely.has_z(shapes)
    flat[numpy.unique(owners[points[:, 2] != 0])] = False
    shapes[flat] = shapely.force_2d(shapes[flat])
    return pyarrow.chunked_array([wkb(shapes)])


def _check_text(name: str, values: Any) -> None:
    import pyarrow

    try:
        values.validate(full=True)
    except pyarrow.ArrowInvalid:
        message = f"The text of column '{name}' is in another encoding than the file says: set its encoding."
        raise NodeError(message, code="wrong_encoding") from None


def is_wkb(field: Any) -> bool:
    """Whether a field is geometry."""
    name = (field.metadata or {}).get(b"ARROW:extension:name", b"")
    return name in (b"geoarrow.wkb", b"ogc.wkb")


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of `name_1`, `name_2`, … that is none of these, which are in small letters."""
    names = chain([name], (f"{name}_{number}" for number in count(1)))
    return next(each for each in names if each.lower() not in taken)


@lru_cache(maxsize=256)  # made before there are batches: PROJ ends the process in a thread of DuckDB
def _geometry_field(name: str, crs: str | None) -> Any:
    import pyarrow

    wanted = WGS_84 if crs == WGS_84_WITH_HEIGHT else crs and known_system(crs)
    return pyarrow.field(name, pyarrow.binary(), metadata=crs_metadata(wanted))


@lru_cache(maxsize=256)
def known_system(text: str) -> str | None:
    """The code of a system that a file describes without naming it; none where it is a plain sheet of paper."""
    found = system(text)
    if found.name == "Nonearth":
        return None
    authority = None if "id" in found.to_json_dict() else found.to_authority(min_confidence=70)
    return ":".join(authority) if authority and same(text, ":".join(authority)) else text

"""What the vector formats share: GDAL through pyogrio, as Arrow, geometry as WKB with its coordinate system."""

import re
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.arrow_features import known_system
from orchestrator.formats.base import Context, Relation
from orchestrator.formats.cut_short import tail
from orchestrator.formats.fine_times import to_microseconds
from orchestrator.formats.finite import as_json
from orchestrator.formats.gdal import gdal
from orchestrator.formats.streams import batches
from orchestrator.formats.systems import crs_text, same, system
from orchestrator.formats.vector_rows import Rows
from orchestrator.formats.vector_values import check_values, heeded
from orchestrator.schema import geometry_columns, is_geometry
from orchestrator.sql import quote
from orchestrator.suggest import near


def check_system(path: Path, wanted: str | None, what: str) -> None:
    """Refuse what a format has written where its own words for coordinate systems do not say the same.

    Raises:
        NodeError: `invalid_crs`.
    """
    with quietly():
        crs = gdal().read_info(str(path))["crs"]
    found = known_system(crs) if crs else None
    if (wanted is None) != (found is None) or (wanted and found and not same(wanted, found)):
        named = system(wanted).name if wanted else "no coordinate system"
        message = f"{what} cannot hold {named}: reproject the geometry first."
        raise NodeError(message, code="invalid_crs", port="table", hint="EPSG:4326")


@contextmanager
def quietly() -> Iterator[None]:
    """GDAL's warnings say what it did all the same; what matters of it is checked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def layer_names(source: str) -> list[str]:
    """The names of a dataset's layers, in order."""
    with quietly():
        return [str(each) for each in gdal().list_layers(source)[:, 0]]


def layer_named(source: str, wanted: str | int | None, name: str) -> str:
    """The layer that a setting means; the first by default.

    Raises:
        NodeError: `unknown_layer`, with the near-miss.
    """
    layers = layer_names(source)
    if not layers:
        raise NodeError(f"'{name}' has no layer.", code="no_table")
    if wanted is None or isinstance(wanted, int):
        index = wanted or 0
        if 0 <= index < len(layers):
            return layers[index]
        message = f"'{name}' has {len(layers)} layers, counted from 0: {index} is none of them."
        raise NodeError(message, code="unknown_layer", path="/config/layer")
    if wanted not in layers:
        message = f"Layer '{wanted}' is not in '{name}'.{near(wanted, layers)}"
        raise NodeError(message, code="unknown_layer", path="/config/layer", hint=", ".join(layers))
    return wanted


ROWS = "Error while writing batch to OGR layer"
OUTSIDE = re.compile("extent outside|projection domain|reproject|Failed writing geometry", re.IGNORECASE)
PLACE = re.compile(r" in /\S+")
TEXT = ("UUID", "ENUM", "BIGNUM", "INTERVAL", "TIME WITH TIME ZONE", "BIT")
NESTED = ("STRUCT", "MAP", "UNION", "JSON", "VARIANT")
CASTS = {
    "TINYINT": "INTEGER", "UTINYINT": "INTEGER", "SMALLINT": "INTEGER", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT",
    "UBIGINT": "DOUBLE", "HUGEINT": "DOUBLE", "UHUGEINT": "DOUBLE", "FLOAT": "DOUBLE",
    "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP",
}  # fmt: skip


def holdable(table: Relation, *, text: tuple[str, ...] = ()) -> Relation:
    """The columns in types that GDAL knows: decimals as DOUBLE, nested values as JSON text, other geometries as WKT.

    `text` names further types that become text.
    """
    first = next(iter(geometry_columns(table)), None)
    fields = []
    for name, kind in zip(table.columns, table.types, strict=True):
        wanted = _held(str(kind), text) if name != first else None
        field = quote(name)
        if wanted == "JSON":
            field = as_json(name, kind)
        elif wanted:
            made = to_microseconds(field) if str(kind) == "TIMESTAMP_NS" else f"{field}::{wanted}"
            field = f"{made} AS {field}"
        fields.append(field)
    return table.project(", ".join(fields))


def made_json(table: Relation) -> list[str]:
    """The columns that `holdable` makes JSON text of."""
    kinds = zip(table.columns, map(str, table.types), strict=True)
    return [name for name, kind in kinds if _held(kind, ()) == "JSON"]


def _held(kind: str, text: tuple[str, ...]) -> str | None:
    if kind.endswith("]") or kind.startswith(NESTED):
        return "JSON"
    if is_geometry(kind) or kind.startswith(TEXT) or kind in text or kind == '"NULL"':
        return "VARCHAR"
    return "DOUBLE" if kind.startswith("DECIMAL") else CASTS.get(kind)


def without_empty(rows: Relation, kind: str = "") -> Relation:
    """The rows with null for an empty geometry, for formats that cannot hold it; `kind` is that of WKT, or all."""
    name = quote(geometry_columns(rows)[0])
    empty = f"octet_length(ST_AsWKB({name})::BLOB) < 64 AND {name}::VARCHAR LIKE '{kind}%EMPTY'"
    return rows.project(f"* REPLACE (CASE WHEN {empty} THEN NULL ELSE {name} END AS {name})")


@contextmanager
def held(table: Relation, context: Context) -> Iterator[Relation]:
    """The rows for who looks at them before writing them, in a table that is dropped afterwards; it spills to disk.

    To write a Parquet file and read it twice takes three times as long.
    """
    name, connection = f"_h{uuid.uuid4().hex}", context.session.connection
    connection.execute(f"CREATE TEMP TABLE {name} AS FROM {context.session.name(table)}")
    try:
        yield connection.table(name)
    finally:
        with suppress(duckdb.Error):  # what went wrong inside is what matters
            connection.execute(f"DROP TABLE {name}")


def write(
    table: Relation, path: Path, *, widths: Mapping[str, int] | None = None, json: Iterable[str] = (),
    degrees: bool = False, numbers: bool = False, **options: Any,
) -> int:  # fmt: skip
    """Write rows as they come, through GDAL; returns how many. The first geometry column is the geometry.

    `widths` are bytes by text column, for formats whose columns are as wide as it was said at the start; `json` are
    the text columns that hold JSON, for formats that have it; with `degrees` coordinates must be longitude and
    latitude, with `numbers` they must not be NaN or infinite.

    Raises:
        Exception: what the rows' own query raises, as it is.
    """
    import pyarrow

    geometry, crs = next(iter(geometry_columns(table)), None), crs_text(table)
    marks = {name: {"GDAL:OGR:width": str(width)} for name, width in (widths or {}).items()}
    marks |= {name: {"ARROW:extension:name": "arrow.json"} for name in json}
    with batches(table, 4096) as (schema, some):
        rows = Rows(some, geometry, crs, degrees=degrees, numbers=numbers)
        fields = [field.with_metadata(marks.get(field.name, field.metadata)) for field in schema]
        stream = pyarrow.RecordBatchReader.from_batches(pyarrow.schema(fields, schema.metadata), iter(rows))
        try:
            with heeded():
                gdal().write_arrow(stream, str(path), geometry_name=geometry, **{"crs": crs, **options})
        except NodeError:
            raise
        except Exception as error:
            if rows.failed:
                raise rows.failed from None
            if "disk is full" in str(error):
                raise
            rows.check_last()
            _probe(path)
            raise _unwritten(error) from None
    return rows.count


def _unwritten(error: Exception) -> NodeError:
    """What GDAL says where it does not write; of a feature it would say all values."""
    said, _, feature = str(error).partition("Cannot translate feature")
    text = said.split("\n")[0].rstrip(". ").removeprefix(ROWS).removeprefix(": ")
    if feature or not text or OUTSIDE.search(text):
        message = "GDAL cannot write this: a row has coordinates that cannot be, or an empty part of a geometry."
        return NodeError(message, code="invalid_geometry")
    code = "invalid_geometry" if "eometry" in text else "node_failed"
    return NodeError(f"GDAL cannot write this: {PLACE.sub('', text)}.", code=code)


def write_whole(table: Relation, path: Path, **options: Any) -> int:
    """As `write`, in memory, for drivers with columns of their own, which take no Arrow. Raises NodeError, OSError."""
    import numpy
    import pyarrow

    arrow = table.to_arrow_table()
    check_values(arrow)
    name = geometry_columns(table)[0]
    fields = [each for each in arrow.column_names if each != name]
    columns = [arrow.column(each).combine_chunks() for each in fields]
    utc = numpy.full(arrow.num_rows, 100)
    zones = {each: utc for each, column in zip(fields, columns, strict=True) if getattr(column.type, "tz", None)}
    masks = [column.is_null().to_numpy(zero_copy_only=False) for column in columns]
    plain = [each.fill_null(0) if pyarrow.types.is_integer(each.type) else each for each in columns]
    try:
        with heeded():
            gdal().raw.write(
                str(path), arrow.column(name).to_numpy(zero_copy_only=False),
                [each.to_numpy(zero_copy_only=False) for each in plain], fields, field_mask=masks,
                gdal_tz_offsets=zones, **options,
            )  # fmt: skip
    except NodeError:
        raise
    except Exception as error:
        _probe(path)
        raise _unwritten(error) from None
    return int(arrow.num_rows)


def _probe(path: Path) -> None:
    """GDAL does not say why it could not write: try it, so that the system says it.

    Raises:
        OSError: such as that the disk is full.
    """
    for file in path.parent.iterdir():
        with file.open("ab", buffering=0) as opened:
            left = 1 << 20
            while left:
                left -= opened.write(bytes(left)) or 0


def torn(path: Path) -> Exception:
    """The error for a file that GDAL closed without saying that not all of it could be written."""
    _probe(path)
    return NodeError("Not all of the file could be written.", code="disk_full")


def ended(path: Path, last: bytes) -> None:
    """Refuse a file that was written without its last bytes. Raises NodeError, `disk_full`, or OSError."""
    if not tail(path, 64).rstrip().endswith(last):
        raise torn(path)


def whole(path: Path, count: int) -> int:
    """The count, if so many can be read: not every driver says `disk_full`. Raises NodeError with that, or OSError."""
    try:
        with quietly():
            found = len(gdal().read_arrow(str(path), columns=[], read_geometry=False, return_fids=True)[1])
    except Exception:
        found = -1
    if found != count:
        raise torn(path)
    return count


KINDS = (
    "Unknown", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
)  # fmt: skip


def kinds(table: Relation) -> set[tuple[str, bool]]:
    """The kinds of geometry in the first geometry column, each with whether it has heights; reads the rows."""
    name = quote(geometry_columns(table)[0])
    # The second to fifth byte of WKB, least significant first: kind, plus 1000 (Z), 2000 (M) or 3000 (ZM).
    code = f"hex(ST_AsWKB({name})::BLOB)[3:6]"
    found = table.filter(f"{name} IS NOT NULL").project(f"{code} AS code").distinct().fetchall()
    numbers = [int(code[2:4] + code[0:2], 16) for (code,) in found]
    return {
        (KINDS[number % 1000] if number % 1000 < len(KINDS) else "Unknown", number // 1000 in (1, 3))
        for number in numbers
    }


def common_kind(table: Relation) -> str:
    """The kind of geometry in a table, such as `Point` or `MultiPolygon Z`; `Unknown` where there are several."""
    found = kinds(table)
    (kind, height), *others = found or {("Unknown", False)}
    return "Unknown" if others else kind + (" Z" if height and kind != "Unknown" else "")


def needs_geometry(table: Relation, format_name: str) -> None:
    """Refuse rows without a geometry column. Raises NodeError, `geometry_needed`."""
    if not geometry_columns(table):
        message = f"{format_name} needs a geometry column, and this table has none."
        raise NodeError(message, code="geometry_needed", port="table", hint="points_from_xy makes one of coordinates")

"""Arrow's types as Avro's, for writing."""

import re
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from orchestrator.formats.avro_types import COLUMN, Type, Value, same

CASTS = {
    "UBIGINT": "DECIMAL(20, 0)", "TIMESTAMP_NS": "TIMESTAMP", "INTERVAL": "VARCHAR", "TIME WITH TIME ZONE": "VARCHAR",
    "JSON": "VARCHAR", "VARIANT": "VARCHAR",
}  # fmt: skip


def schema_of(arrow: Any, uuids: Collection[str]) -> tuple[dict[str, Any], list[Value]]:
    """The Avro schema for Arrow columns, and what makes a value of each; those in `uuids` are text that is UUIDs."""
    fields, values = _fields(arrow, count(1))
    for field, column in zip(fields, arrow, strict=True):
        if column.name in uuids:
            field["type"] = ["null", {"type": "string", "logicalType": "uuid"}]
    return {"type": "record", "name": "row", "fields": fields}, values


def _fields(columns: Any, numbers: Iterator[int]) -> tuple[list[dict[str, Any]], list[Value]]:
    """Fields that may be null, under names that Avro allows."""
    fields, values, taken = [], [], set[str]()
    for column in columns:
        plain = re.sub(r"^(?=[0-9])|[^A-Za-z0-9_]", "_", column.name, flags=re.ASCII)
        names = (plain, *(f"{plain}_{number}" for number in range(1, len(taken) + 1)))
        key = next(each for each in names if each not in taken)
        taken.add(key)
        kind, value = _type(column.type, numbers)
        fields.append({"name": key, "type": ["null", kind], **({COLUMN: column.name} if key != column.name else {})})
        values.append(value)
    return fields, values


def _type(kind: Any, numbers: Iterator[int]) -> Type:
    """The Avro type, and what makes a value that fastavro takes. Named types get numbers, as each is its own."""
    import pyarrow.types as is_

    if is_.is_struct(kind):
        return _record([kind.field(index) for index in range(kind.num_fields)], numbers)
    if is_.is_map(kind) and is_.is_string(kind.key_type):
        item, value = _type(kind.item_type, numbers)
        return {"type": "map", "values": ["null", item]}, lambda got: got and {key: _of(value, x) for key, x in got}
    if is_.is_map(kind):
        item, value = _record([kind.key_field, kind.item_field], numbers)
        pair = (kind.key_field.name, kind.item_field.name)
        return {
            "type": "array",
            "items": item,
        }, lambda got: got and [value(dict(zip(pair, x, strict=True))) for x in got]
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        item, value = _type(kind.value_type, numbers)
        return {"type": "array", "items": ["null", item]}, lambda got: got and [_of(value, x) for x in got]
    return _plain(kind), same


def _of(value: Value, got: Any) -> Any:
    return None if got is None else value(got)


def _record(columns: list[Any], numbers: Iterator[int]) -> Type:
    made = {"type": "record", "name": f"record{next(numbers)}"}
    fields, values = _fields(columns, numbers)
    keys = [(field["name"], column.name, value) for field, column, value in zip(fields, columns, values, strict=True)]
    return {**made, "fields": fields}, lambda got: {key: _of(value, got[name]) for key, name, value in keys}


def _plain(kind: Any) -> Any:
    import pyarrow.types as is_

    if is_.is_decimal(kind):
        return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
    if is_.is_timestamp(kind):
        return {"type": "long", "logicalType": "timestamp-micros" if kind.tz else "local-timestamp-micros"}
    if is_.is_date(kind):
        return {"type": "int", "logicalType": "date"}
    if is_.is_time(kind):
        return {"type": "long", "logicalType": "time-micros"}
    if is_.is_boolean(kind):
        return "boolean"
    if is_.is_integer(kind):
        return "int" if kind.bit_width < 32 or is_.is_int32(kind) else "long"
    if is_.is_floating(kind):
        return "double" if kind.bit_width == 64 else "float"
    return "bytes" if is_.is_binary(kind) or is_.is_large_binary(kind) else "string"

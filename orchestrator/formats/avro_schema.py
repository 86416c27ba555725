"""Arrow's types as Avro's, for writing."""

import re
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from orchestrator.formats.avro_types import COLUMN, Type, Value, same
from orchestrator.schema import is_geometry

CASTS = {
    "UBIGINT": "DECIMAL(20,0)", "TIMESTAMP_NS": "TIMESTAMP", "TIME_NS": "TIME", "INTERVAL": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR", "JSON": "VARCHAR", "VARIANT": "VARCHAR", '"NULL"': "VARCHAR",
}  # fmt: skip


def held(kind: str) -> str | None:
    """The type of Avro's that holds values of this one; None where it is the same."""
    return "VARCHAR" if is_geometry(kind) else CASTS.get(kind)


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
    if is_.is_map(kind):
        return _map(kind, numbers)
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        item, value = _type(kind.value_type, numbers)
        return {"type": "array", "items": ["null", item]}, lambda got: got and [_of(value, x) for x in got]
    return _plain(kind), same


def _map(kind: Any, numbers: Iterator[int]) -> Type:
    """A map where keys are text, else an array of pairs that says it is one, as Iceberg has it."""
    import pyarrow.types as is_

    item, value = _type(kind.item_type, numbers)
    if is_.is_string(kind.key_type):
        return {"type": "map", "values": ["null", item]}, lambda got: {key: _of(value, each) for key, each in got}
    made, key = _type(kind.key_type, numbers)
    fields = [{"name": "key", "type": made}, {"name": "value", "type": ["null", item]}]
    pair = {"type": "record", "name": f"record{next(numbers)}", "fields": fields}
    return {"type": "array", "items": pair, "logicalType": "map"}, lambda got: [
        {"key": key(one), "value": _of(value, other)} for one, other in got
    ]


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

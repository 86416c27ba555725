"""Avro's types as Arrow's, for reading."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import NodeError

COLUMN = "column"  # of a field: the column's name, where Avro does not allow it
DEEPEST = 64
Value = Callable[[Any], Any]
Type = tuple[Any, Value]


def same(value: Any) -> Any:
    """A value that goes as it is."""
    return value


@dataclass(frozen=True)
class Column:
    """A field of a record: its name in the file, the column's name, its Arrow type, and what makes a value of it."""

    key: str
    name: str
    type: Any
    value: Value


def columns(schema: Any, name: str) -> list[Column]:
    """The fields of a file's records.

    Raises:
        NodeError: `no_table`: they are no records, or hold themselves.
    """
    known: dict[str, Any] = {}
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise NodeError(f"'{name}' is no table: it holds something else than records.", code="no_table")
    if not schema["fields"]:
        raise NodeError(f"'{name}' is no table: its records have no fields.", code="no_table")
    _note(schema, known)
    made = []
    for field in schema["fields"]:
        kind, value = _arrow(field["type"], known, (schema["name"],), name)
        made.append(Column(field["name"], str(field.get(COLUMN, field["name"])), kind, value))
    return made


def arrow_schema(fields: list[Column]) -> Any:
    """The columns as an Arrow schema."""
    import pyarrow

    return pyarrow.schema([pyarrow.field(each.name, each.type) for each in fields])


def _note(schema: Any, known: dict[str, Any]) -> None:
    """Remember the types that have names: others refer to them."""
    if isinstance(schema, list):
        for each in schema:
            _note(each, known)
    elif isinstance(schema, dict):
        if "name" in schema and schema.get("type") in ("record", "enum", "fixed", "error"):
            known[schema["name"]] = schema
        for field in schema.get("fields", ()):
            _note(field["type"], known)
        for key in ("items", "values", "type"):
            if isinstance(schema.get(key), dict | list):
                _note(schema[key], known)


def _arrow(schema: Any, known: Mapping[str, Any], inside: tuple[str, ...], name: str) -> Type:
    """The Arrow type of an Avro type, and what makes a value that Arrow takes."""
    import pyarrow

    if isinstance(schema, list):
        return _union(schema, known, inside, name)
    if isinstance(schema, str) and schema in known:
        if schema in inside or len(inside) > DEEPEST:
            raise NodeError(f"'{name}' is no table: its record '{schema}' holds itself.", code="no_table")
        return _arrow(known[schema], known, inside, name)
    if isinstance(schema, str):
        return _plain(schema, name), same
    kind, logical = schema["type"], schema.get("logicalType")
    if logical and (found := _logical(schema, logical)):
        return found
    if kind in ("record", "error"):
        return _record(schema, known, (*inside, schema["name"]), name)
    if kind == "array":
        item, value = _arrow(schema["items"], known, inside, name)
        if logical == "map" and pyarrow.types.is_struct(item) and [each.name for each in item] == ["key", "value"]:
            return pyarrow.map_(item.field("key").type, item.field("value").type), _entries(_each(value), name)
        return pyarrow.list_(item), _each(value)
    if kind == "map":
        item, value = _arrow(schema["values"], known, inside, name)
        return pyarrow.map_(pyarrow.string(), item), _pairs(value)
    if kind in ("enum", "fixed"):
        return (pyarrow.string() if kind == "enum" else pyarrow.binary()), same
    return _arrow(kind, known, inside, name)


def _each(value: Value) -> Value:
    return same if value is same else lambda got: None if got is None else [value(each) for each in got]


def _entries(pairs: Value, name: str) -> Value:
    """The pairs of a map that is written as an array of them."""

    def made(got: Any) -> Any:
        found = [(each["key"], each["value"]) for each in pairs(got)]
        keys = {repr(key) for key, _ in found}
        if len(keys) < len(found) or "None" in keys:
            message = f"'{name}' holds a map in which a key is there twice, or is null."
            raise NodeError(message, code="unreadable_file")
        return found

    return lambda got: None if got is None else made(got)


def _pairs(value: Value) -> Value:
    return lambda got: None if got is None else [(key, value(each)) for key, each in got.items()]


def _plain(kind: str, name: str) -> Any:
    import pyarrow

    types = {
        "null": pyarrow.string(), "boolean": pyarrow.bool_(), "int": pyarrow.int32(), "long": pyarrow.int64(),
        "float": pyarrow.float32(), "double": pyarrow.float64(), "bytes": pyarrow.binary(), "string": pyarrow.string(),
    }  # fmt: skip
    if kind not in types:
        raise NodeError(f"'{name}' has a type that is not known: {kind}.", code="unreadable_file")
    return types[kind]


def _logical(schema: Any, logical: str) -> Type | None:
    """The same for a logical type, of which fastavro makes Python's values; None for one that is not known."""
    import pyarrow

    if logical == "decimal":
        precision, scale = int(schema["precision"]), int(schema.get("scale", 0))
        return (pyarrow.decimal128(precision, scale), same) if precision <= 38 else (pyarrow.float64(), _float)
    if logical == "uuid":
        return pyarrow.string(), _text
    moment, zoned = pyarrow.timestamp("us"), pyarrow.timestamp("us", "UTC")
    kinds = {
        "date": pyarrow.date32(), "time-millis": pyarrow.time64("us"), "time-micros": pyarrow.time64("us"),
        "timestamp-millis": zoned, "timestamp-micros": zoned, "local-timestamp-millis": moment,
        "local-timestamp-micros": moment,
    }  # fmt: skip
    return (kinds[logical], same) if logical in kinds else None


def _float(value: Any) -> Any:
    return None if value is None else float(value)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else str(value)


def _record(schema: Any, known: Mapping[str, Any], inside: tuple[str, ...], name: str) -> Type:
    import pyarrow

    parts = [
        (field["name"], field.get(COLUMN, field["name"]), *_arrow(field["type"], known, inside, name))
        for field in schema["fields"]
    ]
    kind = pyarrow.struct([(called, part) for _, called, part, _ in parts])
    return kind, lambda got: None if got is None else {called: value(got[key]) for key, called, _, value in parts}


def _union(kinds: list[Any], known: Mapping[str, Any], inside: tuple[str, ...], name: str) -> Type:
    import pyarrow

    others = [kind for kind in kinds if kind != "null"]
    if len(others) == 1:
        return _arrow(others[0], known, inside, name)
    if others and all(kind in ("int", "long", "float", "double") for kind in others):
        return (pyarrow.int64(), same) if set(others) <= {"int", "long"} else (pyarrow.float64(), _float)
    return pyarrow.string(), _mixed


def _mixed(value: Any) -> str | None:
    """A value of one of several types as text."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, default=_simple, ensure_ascii=False)


def _simple(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)

"""How each type is written in JSON: so that JavaScript loses nothing, and `Number()` reads what looks like a number.

| type | in JSON |
|---|---|
| integers, decimals | a number; text where a double would lose digits, as beyond 2^53 |
| floating point | a number; text for `nan`, `inf` and `-inf` as `"NaN"`, `"Infinity"` and `"-Infinity"` |
| date, time, timestamp | ISO 8601 text; with time zone in UTC with `Z` (RFC 3339) |
| interval | ISO 8601 duration, `"P1Y2M3DT4H5.5S"` |
| blob | base64 |
| geometry | the object of GeoJSON's shape, in the column's own coordinate system |
| list, struct, map, JSON | list, object, object, as it is |
| all else | text |
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyRelation as Relation

from orchestrator.sql import literal, quote

EXACT = 9007199254740991
# DuckDB writes these as JSON numbers; `loads` turns those into text that a double cannot hold.
NUMBERS = frozenset(
    {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint"}
)
PLAIN = NUMBERS | {"boolean", "uhugeint", "double", "decimal", "varchar", "sqlnull", '"null"'}


def loads(text: str) -> Any:
    """JSON as DuckDB writes it, with numbers that JavaScript would change as text."""
    return json.loads(text, parse_int=_integer, parse_float=_fraction, parse_constant=str)


def _integer(text: str) -> int | str:
    return int(text) if len(text) < 16 or -EXACT <= int(text[:20]) <= EXACT else text


def _fraction(text: str) -> float | str:
    value = float(text)
    exact = len(text) < 16 and "e" not in text.lower()
    return value if exact or Decimal(repr(value)) == Decimal(text) else text


def expression(sql: str, kind: Any, depth: int = 0) -> str:
    """SQL that writes a value of this DuckDB type; to be put into `json_array`, `json_object` or `to_json`."""
    name = str(kind.id)
    if is_plain(kind):
        return sql
    if name in WRITERS:
        return WRITERS[name](sql)
    if name in NESTED:
        return NESTED[name](sql, dict(kind.children), depth)
    return f"{sql}::VARCHAR"


def is_plain(kind: Any) -> bool:
    """Whether DuckDB itself writes values of this type as they should be."""
    name = str(kind.id)
    if name in {"list", "array", "struct"}:
        return all(is_plain(each) for part, each in kind.children if part != "size")
    return name in PLAIN


def _instant(sql: str) -> str:
    return f"replace({sql}::VARCHAR, ' ', 'T')"


def _instant_utc(sql: str) -> str:
    return f"replace(replace({sql}::VARCHAR, ' ', 'T'), '+00', 'Z')"


def _interval(sql: str) -> str:
    """Of the parts only those that are not 0."""
    days = ", ".join(
        f"nullif(datepart('{part}', {sql}), 0) || '{part[0].upper()}'" for part in ("year", "month", "day")
    )
    exact = f"rtrim(rtrim(format('{{:.6f}}', nullif(datepart('microsecond', {sql}), 0) / 1e6), '0'), '.')"
    seconds = f"{exact} || 'S'"
    times = ", ".join(f"nullif(datepart('{part}', {sql}), 0) || '{part[0].upper()}'" for part in ("hour", "minute"))
    whole = f"concat('P', {days}, 'T' || nullif(concat({times}, {seconds}), ''))"
    return f"CASE WHEN {sql} IS NOT NULL THEN coalesce(nullif({whole}, 'P'), 'PT0S') END"


def _list(sql: str, children: Mapping[str, Any], depth: int) -> str:
    return f"list_transform({sql}, lambda v{depth}: {expression(f'v{depth}', children['child'], depth + 1)})"


def _struct(sql: str, children: Mapping[str, Any], depth: int) -> str:
    if "" in children:
        return sql
    parts = [
        f"{quote(name)} := {expression(f'struct_extract({sql}, {literal(name)})', kind, depth)}"
        for name, kind in children.items()
    ]
    return f"CASE WHEN {sql} IS NOT NULL THEN to_json(struct_pack({', '.join(parts)})) END"


def _map(sql: str, children: Mapping[str, Any], depth: int) -> str:
    value = expression(f"v{depth}.value", children["value"], depth + 1)
    entry = f"struct_pack(key := v{depth}.key::VARCHAR, value := to_json({value}))"
    return f"map_from_entries(list_transform(map_entries({sql}), lambda v{depth}: {entry}))"


WRITERS: dict[str, Callable[[str], str]] = {
    "float": lambda sql: f"{sql}::VARCHAR::DOUBLE",
    "timestamp": _instant,
    "timestamp_s": _instant,
    "timestamp_ms": _instant,
    "timestamp_ns": _instant,
    "timestamp with time zone": _instant_utc,
    "time with time zone": _instant_utc,
    "interval": _interval,
    "blob": lambda sql: f"base64({sql})",
    "geometry": lambda sql: f"st_asgeojson({sql})",
}
NESTED: dict[str, Callable[[str, Mapping[str, Any], int], str]] = {
    "list": _list,
    "array": _list,
    "struct": _struct,
    "map": _map,
}


def row(table: Relation) -> str:
    """SQL for a row as the text of a JSON array."""
    values = (expression(quote(name), kind) for name, kind in zip(table.columns, table.types, strict=True))
    return f"json_array({', '.join(values)})::VARCHAR"


def members(table: Relation, names: Iterable[str]) -> str:
    """SQL for some columns of a row as the text of a JSON object."""
    kinds = dict(zip(table.columns, table.types, strict=True))
    pairs = (f"{literal(name)}, {expression(quote(name), kinds[name])}" for name in names)
    return f"json_object({', '.join(pairs)})::VARCHAR"


def doubtful(table: Relation, names: Iterable[str]) -> str:
    """SQL for whether one of these columns of a row may hold a number that only `loads` gets right."""
    kinds = dict(zip(table.columns, table.types, strict=True))
    tests = [test for name in names if (test := _doubt(quote(name), kinds[name]))]
    return " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"


def _doubt(sql: str, kind: Any) -> str:
    name = str(kind.id)
    if name in {"bigint", "ubigint", "hugeint", "uhugeint"}:
        return f"{sql} NOT BETWEEN -{EXACT} AND {EXACT}"
    if name in {"float", "double"}:
        return f"NOT isfinite({sql})"
    if name == "decimal":
        precision, scale = (int(part) for _, part in kind.children)
        return "" if precision <= 15 else f"abs({sql}) >= {10 ** (15 - scale)}" if scale < 15 else "true"
    nested = name in {"list", "array", "struct", "map", "union", "geometry"}
    return "true" if nested or str(kind) == "JSON" else ""

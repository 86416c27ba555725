"""Numbers that JSON and its like do not have, NaN and infinity, as null; also inside of others."""

from typing import Any

from orchestrator.ops.base import Relation
from orchestrator.sql import literal, quote


def finite(table: Relation) -> Relation:
    """The rows with null for NaN and infinity."""
    fields = []
    for name, kind in zip(table.columns, table.types, strict=True):
        field = quote(name)
        made = finite_value(field, kind)
        fields.append(field if made == field else f"{made} AS {field}")
    return table.project(", ".join(fields))


def finite_value(value: str, kind: Any, depth: int = 0) -> str:
    """SQL of a value of this type with null for NaN and infinity; the same where it can have none."""
    if str(kind) in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    item = f"v{depth}"
    if kind.id in ("list", "array"):
        made = finite_value(item, kind.children[0][1], depth + 1)
        listed = value if kind.id == "list" else f"CAST({value} AS {kind.children[0][1]}[])"
        return value if made == item else f"list_transform({listed}, lambda {item}: {made})"
    if kind.id == "map":
        made = finite_value(item, kind.children[1][1], depth + 1)
        pairs = f"map(map_keys({value}), list_transform(map_values({value}), lambda {item}: {made}))"
        return value if made == item else f"CASE WHEN {value} IS NOT NULL THEN {pairs} END"
    if kind.id == "struct":
        parts = {name: f"struct_extract({value}, {literal(name)})" for name, _ in kind.children}
        inside = {name: finite_value(parts[name], each, depth + 1) for name, each in kind.children}
        packed = f"struct_pack({', '.join(f'{quote(name)} := {made}' for name, made in inside.items())})"
        return value if inside == parts else f"CASE WHEN {value} IS NOT NULL THEN {packed} END"
    return value


def as_json(name: str, kind: Any) -> str:
    """SQL of a nested column as JSON text."""
    return f"to_json({finite_value(quote(name), kind)})::VARCHAR AS {quote(name)}"

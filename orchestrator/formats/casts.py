"""Columns in the types that a format knows, also inside of lists, structures and maps."""

from collections.abc import Callable
from typing import Any

from orchestrator.ops.base import Relation
from orchestrator.sql import quote

Single = Callable[[str], str | None]


def cast(table: Relation, single: Single) -> Relation:
    """The rows with each value in the type that `single` says for its type; None where it stays."""
    fields = []
    for name, kind in zip(table.columns, table.types, strict=True):
        wanted = inside(kind, single)
        fields.append(quote(name) if wanted == str(kind) else f"{quote(name)}::{wanted} AS {quote(name)}")
    return table.project(", ".join(fields))


def inside(kind: Any, single: Single) -> str:
    """The type with each that is not made of others replaced; as it is where nothing is."""
    if kind.id == "array":
        (_, one), _ = kind.children
        made = inside(one, single)
        return str(kind) if made == str(one) else f"{made}[]"
    if kind.id not in ("list", "map", "struct"):
        return single(str(kind)) or str(kind)
    parts = [(name, str(part), inside(part, single)) for name, part in kind.children]
    if all(before == after for _, before, after in parts):
        return str(kind)
    if kind.id == "list":
        return f"{parts[0][2]}[]"
    if kind.id == "map":
        return f"MAP({parts[0][2]}, {parts[1][2]})"
    return f"STRUCT({', '.join(f'{quote(name)} {part}' for name, _, part in parts)})"

"""Nested values as elements hold them: a structure that is null is one of nulls, so that it has its columns."""

import json
from collections.abc import Iterator
from typing import Any

from orchestrator.ops.base import Relation
from orchestrator.sql import literal, quote

SINGLE, OPEN = None, ()  # a value as text; an object whose keys no type says


def shape(kind: Any) -> Any:
    """What a type is made of: names of a structure, a list of one, or neither."""
    if kind.id == "struct":
        return {name: shape(each) for name, each in kind.children}
    if kind.id in ("list", "array"):
        return [shape(kind.children[0][1])]
    return OPEN if kind.id in ("map", "union") else SINGLE


def filled(text: str | None, shape: Any) -> Any:
    """The value of a column, which comes as text, and as JSON where it is nested; numbers keep their digits."""
    if shape is SINGLE:
        return text
    return _filled(json.loads(text, parse_float=str) if text else None, shape)


def _filled(value: Any, shape: Any) -> Any:
    if isinstance(shape, dict):
        given = value if isinstance(value, dict) else {}
        return {name: _filled(given.get(name), each) for name, each in shape.items()}
    if isinstance(shape, list) and isinstance(value, list):
        return [_filled(each, shape[0]) for each in value]
    return [] if shape == OPEN and value is None else value


def flat(table: Relation) -> Relation:
    """Structures as the columns in which they are read, such as `a.b`, but where a name would be there twice."""
    fields = [
        each
        for name, kind in zip(table.columns, table.types, strict=True)
        for each in _parts(name, quote(name), kind)
    ]  # fmt: skip
    names = {name.lower() for name, _ in fields}
    return table.project(", ".join(f"{e} AS {quote(n)}" for n, e in fields)) if len(names) == len(fields) else table


def _parts(name: str, value: str, kind: Any) -> Iterator[tuple[str, str]]:
    many = kind.id == "list"
    inside = kind.children[0][1] if many else kind
    if inside.id != "struct" or (many and any(each.id in ("struct", "list") for _, each in inside.children)):
        yield name, value
        return
    for key, each in inside.children:
        part = f"struct_extract({'v' if many else value}, {literal(key)})"
        if many:
            yield f"{name}.{key}", f"list_transform({value}, lambda v: {part})"
        else:
            yield from _parts(f"{name}.{key}", part, each)


def listed(old: Relation, new: Relation) -> Relation:
    """Old rows with lists of one where the new rows have lists: an element that is not repeated was read as a value."""
    many = {name for name, kind in zip(new.columns, new.types, strict=True) if kind.id == "list"}
    fields = [
        f"CASE WHEN {quote(name)} IS NOT NULL THEN [{quote(name)}] END AS {quote(name)}"
        if name in many and kind.id != "list"
        else quote(name)
        for name, kind in zip(old.columns, old.types, strict=True)
    ]
    return old.project(", ".join(fields))

"""Comparisons and casts that fail for every row: DuckDB converts the constant, and says so only when it runs."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.expressions import character, connection, nodes, tree
from orchestrator.ops._casts import castable
from orchestrator.ops._types import NULL, apart, family, nested, plain
from orchestrator.sql import literal

# What is inside may not be asked for every row, or may fail without harm.
GUARDED = frozenset({"CASE", "LAMBDA", "OPERATOR_COALESCE", "OPERATOR_TRY"})
SIDES = ("left", "right", "input", "lower", "upper")
NUMBERS = ("INTEGER", "NUMERIC")  # kinds of constants
COMPARED_AS_TEXT = ("text", "JSON", NULL)
WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Side:
    """A column, a text or another constant in a comparison; `place` is the byte where it stands."""

    kind: str
    text: str
    place: Any


def check_possible(text: str, kinds: Mapping[str, str]) -> None:
    """See that what an expression compares can be compared; `kinds` are the types of its columns.

    Raises:
        NodeError: `type_mismatch`, with the position.
    """
    known = {name.lower(): (name, kind) for name, kind in kinds.items()}
    for sides in compared(text):
        columns = [known[each.text] for each in sides if each.kind == "COLUMN_REF" and each.text in known]
        if not columns:
            continue
        name, kind = columns[0]
        for other, its in columns[1:]:
            if apart(kind, its):
                message = f"'{name}' is {plain(kind)} and '{other}' is {plain(its)}: they cannot be compared."
                raise _mismatch(text, message, sides[0])
        mixed = any(side.kind in NUMBERS for side in sides) or any(family(its) == "number" for _, its in columns[1:])
        for each in sides:
            if _never(each, kind, mixed=mixed):
                said = f"'{each.text[:50]}'" if each.kind == "STRING" else each.text[:50]
                message = f"{said} is no {plain(kind)}, which '{name}' is: they cannot be compared."
                raise _mismatch(text, message, each)
    for side, kind in _converted(text):
        if lost := _lost(side, kind.upper(), known):
            raise _mismatch(text, lost, side)


def _mismatch(text: str, message: str, side: Side) -> NodeError:
    return NodeError(message, code="type_mismatch", position=character(text, side.place))


def _never(side: Side, kind: str, *, mixed: bool) -> bool:
    """Whether a constant is no value of this type; beside numbers, a text may be one that it is too small for."""
    if side.kind == "COLUMN_REF" or (family(kind) in COMPARED_AS_TEXT and kind != "JSON"):
        return False
    if side.kind == "STRING":
        return not _fits(side.text, "DOUBLE" if mixed and (family(kind) == "number" or kind == "JSON") else kind)
    return side.kind in NUMBERS and (apart("DOUBLE", kind) or nested(kind) or kind in ("BLOB", "INTERVAL"))


def _lost(side: Side, kind: str, known: Mapping[str, tuple[str, str]]) -> str | None:
    """What is wrong with a cast to this type."""
    if side.kind == "STRING":
        return None if _fits(side.text, kind) else f"'{side.text[:50]}' is no {kind}."
    if side.kind in NUMBERS:
        return None if castable("DOUBLE", kind) else f"{side.text[:50]} cannot become {kind}."
    name, its = known.get(side.text, ("", NULL))
    return None if castable(its, kind) else f"'{name}' is {plain(its)}, which cannot become {kind}."


@lru_cache(maxsize=4096)
def _fits(text: str, kind: str) -> bool:
    try:
        found = connection().execute(f"SELECT TRY_CAST({literal(text)} AS {kind}) IS NOT NULL").fetchall()
    except duckdb.Error:  # a type that only a session knows
        return True
    return bool(found[0][0])


@lru_cache(maxsize=4096)
def compared(text: str) -> tuple[tuple[Side, ...], ...]:
    """What each comparison compares."""
    return tuple(
        tuple(map(_side, parts))
        for node in nodes(tree(text), GUARDED)
        if str(node.get("type")).startswith("COMPARE_")
        and (parts := [node[each] for each in SIDES if each in node] or node.get("children", ()))
    )


@lru_cache(maxsize=4096)
def _converted(text: str) -> tuple[tuple[Side, str], ...]:
    """Texts, numbers and columns that are cast to a type that has a name alone."""
    found = []
    for node in nodes(tree(text), GUARDED):
        if node["class"] == "CAST" and not node["try_cast"]:
            side, said = _side(node["child"]), node["type_expr"]
            named = not said.get("children") and WORD.fullmatch(str(said.get("type_name")))
            if named and side.kind in ("STRING", "COLUMN_REF", *NUMBERS):
                found.append((replace(side, place=node["query_location"]), _known_as(named[0])))
    return tuple(found)


def _known_as(kind: str) -> str:
    """DuckDB's own name of a type, if it has it."""
    with suppress(duckdb.Error):
        return str(duckdb.sqltype(kind))
    return kind


def _side(node: Mapping[str, Any]) -> Side:
    place = node.get("query_location")
    if node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1:
        return Side("COLUMN_REF", str(node["column_names"][0]).lower(), place)
    said = node.get("literal") or {}
    return Side(str(said.get("kind")), str(said.get("text")), place)

"""Comparisons and conversions that fail for every row: DuckDB says so only when it meets one."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import duckdb

from orchestrator.errors import NodeError
from orchestrator.expressions import character, connection
from orchestrator.ops._casts import castable
from orchestrator.ops._conversions import Conversion, Operand, converted, converted_in, over
from orchestrator.ops._query_places import located
from orchestrator.ops._types import INTEGER, plain
from orchestrator.sql import literal

SHOWN = 50  # characters of a constant


def check_possible(text: str, kinds: Mapping[str, str]) -> None:
    """See that what an expression compares can be compared; `kinds` are the types of its columns.

    Raises:
        NodeError: `type_mismatch`, with the position.
    """
    for error in impossible(text, kinds):
        raise error


def impossible(text: str, kinds: Mapping[str, str]) -> Iterator[NodeError]:
    """All that an expression compares or converts in vain, from the left."""
    for each in converted(text, kinds):
        if said := _wrong(each):
            yield NodeError(said, code="type_mismatch", position=character(text, each.place))


def check_query(query: str, tables: Mapping[str, Mapping[str, str]]) -> None:
    """The same of a query over these tables.

    Raises:
        NodeError: `type_mismatch`, with line and column.
    """
    for each in converted_in(query, tables):
        if said := _wrong(each):
            raise located(NodeError(said, code="type_mismatch"), query, each.place - len(over(tables).encode()))


def _wrong(found: Conversion) -> str | None:
    """What is wrong with a conversion that no value survives; of a constant in a later test that one may be seen to."""
    operand, wanted = found.operand, found.wanted
    possible = castable(operand.kind, wanted)
    if possible and (found.later or _becomes(operand, wanted)):
        return None
    if others := [each for each in found.sides if each != operand]:
        strange = [each for each in others if not _becomes(operand, each.kind)] or others
        other = next((each for each in strange if each.name), strange[0])
        return f"{_apart(operand, other, found)}: they cannot be compared."
    if operand.value is not None:
        return f"{_shown(operand)} is no {wanted}." if possible else f"{_shown(operand)} cannot become {wanted}."
    return f"{_shown(operand)} is {plain(operand.kind)}, which cannot become {wanted}."


def _becomes(operand: Operand, wanted: str) -> bool:
    return castable(operand.kind, wanted) and _fits(operand.value, operand.kind, wanted)


def _apart(operand: Operand, other: Operand, found: Conversion) -> str:
    if operand.value is not None:
        which = f", which {_shown(other)} is" if other.name else ""
        return f"{_shown(operand)} is no {plain(other.kind if other.name else found.wanted)}{which}"
    pair = sorted((operand, other), key=found.sides.index)
    return " and ".join(f"{_shown(each)} is {plain(each.kind)}" for each in pair)


def _shown(operand: Operand) -> str:
    if isinstance(operand.value, str) or operand.name is not None:
        return f"'{str(operand.value if operand.name is None else operand.name)[:SHOWN]}'"
    return (operand.text or "a value here")[:SHOWN] if operand.value is None else str(operand.value)[:SHOWN]


@lru_cache(maxsize=4096)
def _fits(value: str | int | None, kind: str, wanted: str) -> bool:
    """Whether this text or whole number has a form in a type; true of other values."""
    if value is None or not (kind == "VARCHAR" or INTEGER.fullmatch(kind)):
        return True
    try:
        said = literal(value) if isinstance(value, str) else str(value)
        found = connection().execute(f"SELECT TRY_CAST({said} AS {wanted}) IS NOT NULL").fetchall()
    except duckdb.Error:  # a type that only a session knows
        return True
    return bool(found[0][0])

"""Text in a column that DuckDB converts, row by row, without being asked: the first that cannot be ends the run."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.ops._conversions import Conversion, Operand, converted_in
from orchestrator.ops._query import tree
from orchestrator.ops._types import family, plain

HINT = "compare it with a text, or say how it becomes one with TRY_CAST or a cast node"
AS_TEXT = ("VARCHAR", "JSON")
NAMING = ("alias", "aliases", "column_name_alias")


def doubtful(found: Conversion) -> str | None:
    """What is doubtful about a conversion, if it is one of a column's text that nobody wrote."""
    operand, others = found.operand, [side for side in found.sides if side != found.operand]
    if found.later or not (operand.name and found.implied and family(operand.kind) == "text"):
        return None
    if found.wanted in AS_TEXT:
        return None
    if others:
        said = f"'{operand.name}' is text and is compared with {_other(others, found.wanted)}"
        return f"{said}: the run fails at the first text that is none."
    if found.wanted == "BOOLEAN" and not found.sides:
        said = f"'{operand.name}' is text and is taken for true or false"
        return f"{said}: the run fails at the first text that is neither."
    return None


def _other(others: list[Operand], wanted: str) -> str:
    """What a text is converted for."""
    for each in others:
        if each.name and family(each.kind) != "text":
            return f"'{each.name}', which is {plain(each.kind)}"
    return "a number" if family(wanted) == "number" else wanted


def doubts(query: str, tables: Mapping[str, Mapping[str, str]]) -> list[str]:
    """All of a query over these tables; none of a column whose name the query gives to something."""
    columns = {name.lower() for kinds in tables.values() for name in kinds} - {*_given(tree(query))}
    found = (each for each in converted_in(query, tables) if str(each.operand.name).lower() in columns)
    return [*dict.fromkeys(filter(None, map(doubtful, found)))]


def _given(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            for key in NAMING:
                said = each.get(key) or ()
                yield from (name.lower() for name in ([said] if isinstance(said, str) else said))
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each

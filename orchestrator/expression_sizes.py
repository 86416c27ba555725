"""Calls that make one long value for certain: DuckDB's memory limit does not hold for one, and it takes its time."""

from collections.abc import Mapping
from typing import Any

LONGEST_VALUE, LONGEST_NUMBER, LARGEST = 10_000_000, 45, 10**38
# Which argument says how long it will be.
SIZED = {"repeat": 1, "lpad": 1, "rpad": 1, "list_resize": 1, "array_resize": 1, "bitstring": 1, "equi_width_bins": 2}
LISTS = frozenset({"range", "generate_series"})


def oversized(call: Mapping[str, Any]) -> str | None:
    """Why a call of the parse tree is refused, if it is: its constants say that what it makes is too long."""
    name = str(call["function_name"]).lower()
    given = [written(each["expression"]) for each in call["arguments"]]
    size = 0
    if name in SIZED and len(given) > SIZED[name]:
        size = given[SIZED[name]] or 0
    elif name in LISTS and None not in given:
        size = length(name, [each or 0 for each in given])
    if size <= LONGEST_VALUE:
        return None
    return f"'{name}' would make a value of {size:,}; at most {LONGEST_VALUE:,} are allowed"


def length(name: str, given: list[int]) -> int:
    """Of the list that one of `LISTS` makes of a stop, or a start, a stop and a step."""
    start, stop, step = {1: (0, *given, 1), 2: (*given, 1), 3: given}.get(len(given), (0, 0, 0))
    if not step:
        return 0
    return max(0, (stop - start) // step + 1 if name == "generate_series" else -((start - stop) // step))


def written(said: Mapping[str, Any]) -> int | None:
    """A literal whole number, behind a cast or a minus too; None of anything else."""
    if said.get("class") == "FUNCTION" and said.get("function_name") == "-" and len(said["arguments"]) == 1:
        value = written(said["arguments"][0]["expression"])
        return None if value is None else -value
    said = said.get("child") or said
    return whole_number(said) if (said.get("literal") or {}).get("kind") == "INTEGER" else None


def whole_number(node: Mapping[str, Any]) -> int:
    """A literal whole number of the parse tree; 0 where it is something else, `LARGEST` + 1 where it is larger."""
    literal = node.get("literal") or {}
    text = str(literal.get("text", "")) if literal.get("kind") == "INTEGER" else "0"
    return int(text) if len(text) < LONGEST_NUMBER else LARGEST + 1

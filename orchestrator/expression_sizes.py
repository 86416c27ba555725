"""Calls that make one long value for certain: DuckDB's memory limit does not hold for one, and it takes its time."""

from collections.abc import Mapping
from typing import Any

LONGEST_VALUE, LONGEST_NUMBER, LARGEST = 10_000_000, 45, 10**38
SIZED = frozenset({"repeat", "lpad", "rpad", "list_resize", "array_resize"})  # their second argument says how long
LISTS = frozenset({"range", "generate_series"})


def oversized(call: Mapping[str, Any]) -> str | None:
    """Why a call of the parse tree is refused, if it is: its constants say that what it makes is too long."""
    name = str(call["function_name"]).lower()
    given = [_number(each["expression"]) for each in call["arguments"]]
    size = 0
    if name in SIZED and len(given) > 1:
        size = given[1] or 0
    elif name in LISTS and None not in given and 0 < len(given) < 4:
        size = _length(*(each or 0 for each in given), ends=name == "generate_series")
    if size <= LONGEST_VALUE:
        return None
    return f"'{name}' would make a value of {size:,}; at most {LONGEST_VALUE:,} are allowed"


def _length(start: int, stop: int | None = None, step: int = 1, *, ends: bool) -> int:
    """Of a list from `start` to `stop`, which is in it if the list `ends` there."""
    start, stop = (0, start) if stop is None else (start, stop)
    return max(0, (stop - start) // step + 1 if ends else -((start - stop) // step)) if step else 0


def _number(said: Mapping[str, Any]) -> int | None:
    """A literal whole number, behind a cast or a minus too; None of anything else."""
    if said.get("class") == "FUNCTION" and said.get("function_name") == "-" and len(said["arguments"]) == 1:
        value = _number(said["arguments"][0]["expression"])
        return None if value is None else -value
    said = said.get("child") or said
    return whole_number(said) if (said.get("literal") or {}).get("kind") == "INTEGER" else None


def whole_number(node: Mapping[str, Any]) -> int:
    """A literal whole number of the parse tree; 0 where it is something else, `LARGEST` + 1 where it is larger."""
    literal = node.get("literal") or {}
    text = str(literal.get("text", "")) if literal.get("kind") == "INTEGER" else "0"
    return int(text) if len(text) < LONGEST_NUMBER else LARGEST + 1

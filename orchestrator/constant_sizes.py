"""How large the constants of a parse tree are: the letters of a text, the values of a list."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.expression_sizes import LARGEST, LISTS, SIZED, length, written
from orchestrator.parsing import computed

CONSTANT = frozenset({
    "CONSTANT", "FUNCTION", "COMPARISON", "CONJUNCTION", "OPERATOR", "CAST", "CASE", "BETWEEN", "COLLATE", "TYPE",
    "LAMBDA",
})  # fmt: skip
SMALL = frozenset({"COMPARISON", "CONJUNCTION", "BETWEEN"})
# These go through each argument once.
ONCE = frozenset({
    "||", "+", "-", "concat", "list_value", "list_pack", "array_value", "list_concat", "list_cat", "array_concat",
    "array_cat", "row", "struct_pack", "map", "list_zip", "array_zip", "json_object", "json_array", "greatest", "least",
    "format", "printf", *LISTS, *SIZED,
})  # fmt: skip
WIDTH = re.compile(r"\d{1,30}")
WIDE, LONGEST_FORMAT = frozenset({"format", "printf"}), 10_000
NUMBER = ("epoch(made)", "made + 0e0", "trim(made)::DOUBLE")  # a date in seconds; a list is not gone through
# What these make is as long as all that they go through.
LONG = frozenset({
    "replace", "regexp_replace", "array_to_string", "concat_ws", "list_select", "array_select", "list_string_agg",
    "list_aggregate", "list_aggr", "array_aggregate", "array_aggr", "aggregate",
})  # fmt: skip


class Unbearable(Exception):
    """A constant that takes too long, and the byte of the expression where it is."""

    def __init__(self, reason: str, node: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.place = node.get("query_location")


def size_of(call: Mapping[str, Any], sizes: Sequence[int], steps: int, *, known: bool) -> int:
    """Of what a call makes of constants of these sizes in so many steps; `known` if no lambda gives their values.

    Raises:
        Unbearable: it may be of any size.
    """
    name = str(call["function_name"]).lower()
    given = [each["expression"] for each in call["arguments"]]
    wanted = given if name in LISTS else given[SIZED[name] : SIZED[name] + 1] if name in SIZED else ()
    numbers = [each for said in wanted if (each := _whole(said, known)) is not None]
    if len(numbers) < len(wanted):
        raise Unbearable(f"in a lambda over constants '{name}' needs a whole number for the length", call)
    if numbers:
        count = length(name, numbers) if name in LISTS else numbers[0]
        return count * (sizes[0] if name == "repeat" else max(sizes[2:], default=1))
    if name in WIDE and given:
        if sizes[0] > LONGEST_FORMAT:
            return LARGEST
        text = computed(given[0], "made::VARCHAR") if known else (given[0].get("literal") or {}).get("text")
        return max(sum(sizes), *map(int, WIDTH.findall(str(text))), 0)
    return steps if name in LONG else sum(sizes)


def _whole(said: Mapping[str, Any], known: bool) -> int | None:
    """A constant as a number, 0 if it is none: DuckDB says then what is wrong. None if a lambda decides on it."""
    number = written(said)
    if number is not None or not known:
        return number
    value = computed(said, *NUMBER)
    return int(max(-LARGEST, min(LARGEST, value))) if isinstance(value, int | float) else 0


def below(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The nodes next below one, its arguments first; of a table function its arguments, for its rows are no value."""
    found: list[Mapping[str, Any]] = []
    waiting: list[Any] = [{**node, "class": None, "arguments": None}, node.get("arguments")]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += reversed(each)
        elif isinstance(each, Mapping):
            if each.get("class"):
                found.append(each)
            else:
                table = each.get("type") == "TABLE_FUNCTION"
                waiting += reversed(each["function"]["arguments"] if table else [*each.values()])
    return found

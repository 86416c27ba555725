"""Regular expressions: RE2, as DuckDB has it, which looks at one only when the first row comes."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import duckdb

from orchestrator.constant_sizes import below
from orchestrator.parsing import connection

# What stands for itself, or what begins a group that is captured.
TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]])*\]|\((?:\?P<(\w+)>|(?!\?))", re.DOTALL)
SAID = {
    "missing )": "a ')' is missing", "missing ]": "a ']' is missing", "unexpected )": "there is a ')' too many",
    "no argument for repetition": "there is nothing before '*', '+' or '?' that can be repeated",
    "bad repetition operator": "a repetition cannot be repeated", "trailing \\": "it ends with a backslash",
    "invalid escape sequence": "a letter behind a backslash means nothing",
    "invalid perl operator": "RE2 has no look-ahead, look-behind or the like",
    "invalid character class range": "a range in [] goes backwards",
}  # fmt: skip
THIS = "This regular expression"
REPLACING = "regexp_replace"
WITH_MORE = frozenset({REPLACING, "regexp_extract", "regexp_extract_all"})  # options come last
MATCHING = WITH_MORE | {
    *("regexp_matches", "regexp_full_match", "regexp_split_to_array", "str_split_regex", "string_split_regex"),
}
SHOWN = 50
AT_MOST = 20  # patterns of an expression: one may take a fifth of a second


@lru_cache(maxsize=1024)
def wrong(pattern: str, replacement: str = "") -> str | None:
    """What is wrong with an expression, or with what shall stand in place of its matches, as a sentence."""
    try:
        connection().cursor().execute("SELECT regexp_replace('', ?, ?)", [pattern, replacement]).fetchall()
    except duckdb.Error as error:
        return _why(str(error).split(": ", 1)[-1].split("\n")[0], pattern, replacement)
    return None


def _why(reason: str, pattern: str, replacement: str) -> str:
    if "eplacement string" not in reason and "Rewrite schema" not in reason:
        said = next((text for begin, text in SAID.items() if reason.startswith(begin)), reason.rstrip("."))
        return f"{THIS} is not valid: {said}."
    wanted = max((int(each) for each in re.findall(r"\\(\d)", replacement)), default=0)
    if wanted > (there := len(groups(pattern))):
        return f"The replacement names group {wanted}; the expression has {there or 'none'}."
    return "In the replacement a backslash stands before a digit, or before another backslash."


def groups(pattern: str) -> list[str | None]:
    """The groups that a pattern captures, in order, each with its name if it has one."""
    return [found[1] for found in TOKEN.finditer(pattern) if found[0].startswith("(")]


def first_wrong(nodes: Iterable[Mapping[str, Any]]) -> tuple[str, int] | None:
    """What is wrong with a constant pattern among the first in these nodes of a parse tree, and the byte where."""
    calls = (node for node in nodes if str(node.get("function_name", "")).lower() in MATCHING)
    return next(filter(None, map(_wrong_in, islice(calls, AT_MOST))), None)


def _wrong_in(call: Mapping[str, Any]) -> tuple[str, int] | None:
    name, (_, *given) = str(call["function_name"]).lower(), below(call) or [{}]
    if not given or (pattern := _text(given[0])) is None:
        return None
    before = 2 if name in WITH_MORE else 1
    if any("l" in (_text(each) or "l") for each in given[before:]):  # an option: the pattern is taken as it is
        return None
    replacement = _text(given[1]) if name == REPLACING and len(given) > 1 else ""
    if (message := wrong(pattern, replacement or "")) is None:
        return None
    of_pattern = message.startswith(THIS)
    said = message.replace(THIS, f"the regular expression '{pattern[:SHOWN]}'", 1).rstrip(".")
    return said[0].lower() + said[1:], int(given[0 if of_pattern else 1]["query_location"])


def _text(node: Mapping[str, Any]) -> str | None:
    """A constant that is a text."""
    said = node.get("literal") or {}
    return str(said["text"]) if node["class"] == "CONSTANT" and said.get("kind") == "STRING" else None

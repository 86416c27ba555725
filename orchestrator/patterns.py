"""Regular expressions: RE2, as DuckDB has it, which looks at one only when the first row comes."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod
from typing import Any

import duckdb

from orchestrator.constant_sizes import below
from orchestrator.parsing import connection

# What stands for itself, or what begins a group that is captured.
TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]])*\]|\((?:\?P<(\w+)>|(?!\?))", re.DOTALL)
UNICODE, REPEATED = re.compile(r"\\[pP]"), re.compile(r"\{(\d[\d,]*)\}")
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
MOST = 4_000_000  # microseconds, about, for the patterns of an expression
CALL, LETTER, CLASS, REPETITION, LARGEST = 500, 10, 1_200, 300, 200_000  # RE2 gives up on what becomes too large


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


def cost(pattern: str) -> int:
    """About how many microseconds RE2 needs for a pattern, and seldom more."""
    once = CALL + LETTER * len(pattern) + CLASS * len(UNICODE.findall(pattern))
    counts = [max(1, *map(int, re.findall(r"\d{1,9}", each))) for each in REPEATED.findall(pattern)]
    return once + REPETITION * len(counts) + min(once * (prod(counts) - 1), LARGEST)


def first_wrong(nodes: Iterable[Mapping[str, Any]]) -> tuple[str, int] | None:
    """What is wrong with a constant pattern in these nodes of a parse tree, and the byte where.

    One that alone takes too long is refused, for DuckDB would look at it. The others are looked at from the first as
    long as there is time; one that would take more than is left is passed over.
    """
    left = MOST
    for pattern, replacement, places in filter(None, map(_asked, nodes)):
        if (taken := cost(pattern)) > MOST:
            return f"{_named(pattern)} would take too long: it has too many \\p classes or repetitions", places[0]
        if taken <= left:
            left -= taken
            if message := wrong(pattern, replacement):
                said = message.replace(THIS, _named(pattern), 1).rstrip(".")
                return said[0].lower() + said[1:], places[0 if message.startswith(THIS) else -1]
    return None


def _named(pattern: str) -> str:
    return f"the regular expression '{pattern[:SHOWN]}'"


def _asked(node: Mapping[str, Any]) -> tuple[str, str, list[int]] | None:
    """The constant pattern of a call, what shall stand in place of its matches, and the bytes where these are."""
    name = str(node.get("function_name", "")).lower()
    _, *given = (below(node) if name in MATCHING else ()) or [{}]
    if not given or (pattern := _text(given[0])) is None:
        return None
    before = 2 if name in WITH_MORE else 1
    if any("l" in (_text(each) or "l") for each in given[before:]):  # an option: the pattern is taken as it is
        return None
    replacement = _text(given[1]) if name == REPLACING and len(given) > 1 else None
    return pattern, replacement or "", [int(each["query_location"]) for each in given[:before]]


def _text(node: Mapping[str, Any]) -> str | None:
    """A constant that is a text."""
    said = node.get("literal") or {}
    return str(said["text"]) if node["class"] == "CONSTANT" and said.get("kind") == "STRING" else None

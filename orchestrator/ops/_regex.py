"""Regular expressions of a node's settings: RE2, as DuckDB has it."""

import re
from typing import Annotated

import duckdb
from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator.expressions import connection
from orchestrator.ops.settings import invalid

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


def check(pattern: str, replacement: str = "", *place: str) -> str:
    """The pattern, if RE2 can replace it so. Raises pydantic.ValidationError, at this place, with what RE2 says."""
    try:
        connection().cursor().execute("SELECT regexp_replace('', ?, ?)", [pattern, replacement]).fetchall()
    except duckdb.Error as error:
        raise invalid(why(error, pattern, replacement), *place) from None
    return pattern


def why(error: duckdb.Error, pattern: str, replacement: str) -> str:
    """What is wrong with an expression, or with what shall stand in its place, as a sentence."""
    reason = str(error).split(": ", 1)[-1].split("\n")[0]
    if "eplacement string" not in reason and "Rewrite schema" not in reason:
        said = next((text for begin, text in SAID.items() if reason.startswith(begin)), reason.rstrip("."))
        return f"This regular expression is not valid: {said}."
    wanted = max((int(each) for each in re.findall(r"\\(\d)", replacement)), default=0)
    if wanted > (there := len(groups(pattern))):
        return f"The replacement names group {wanted}; the expression has {there or 'none'}."
    return "In the replacement a backslash stands before a digit, or before another backslash."


Pattern = Annotated[
    str,
    Field(min_length=1, max_length=10_000),
    AfterValidator(check),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 10_000}),
]


def groups(pattern: str) -> list[str | None]:
    """The groups that a pattern captures, in order, each with its name if it has one."""
    return [found[1] for found in TOKEN.finditer(pattern) if found[0].startswith("(")]

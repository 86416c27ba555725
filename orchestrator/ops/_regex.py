"""Regular expressions of a node's settings: RE2, as DuckDB has it."""

import re
from typing import Annotated

import duckdb
from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator.expressions import connection
from orchestrator.ops.settings import invalid

# What stands for itself, or what begins a group that is captured.
TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]])*\]|\((?:\?P<(\w+)>|(?!\?))", re.DOTALL)


def check(pattern: str, replacement: str = "", *place: str) -> str:
    """The pattern, if it is one that this can replace; else it is refused at this place, with what RE2 says of it."""
    try:
        connection().cursor().execute("SELECT regexp_replace('', ?, ?)", [pattern, replacement]).fetchall()
    except duckdb.Error as error:
        reason = str(error).split(": ", 1)[-1].split("\n")[0]
        raise invalid(f"This regular expression is not valid: {reason}.", *place) from None
    return pattern


Pattern = Annotated[
    str,
    Field(min_length=1, max_length=10_000),
    AfterValidator(check),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 10_000}),
]


def groups(pattern: str) -> list[str | None]:
    """The groups that a pattern captures, in order, each with its name if it has one."""
    return [found[1] for found in TOKEN.finditer(pattern) if found[0].startswith("(")]

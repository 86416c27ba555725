"""Dates, times and time zones in a node's settings."""

import re
from functools import lru_cache
from typing import Annotated

import duckdb
from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator.errors import NodeError
from orchestrator.expressions import connection
from orchestrator.ops._types import family, plain
from orchestrator.ops.settings import invalid
from orchestrator.sql import literal
from orchestrator.suggest import near

LETTER = re.compile(r"%-?(.)", re.DOTALL)
TIME_LETTERS, ZONE_LETTERS = frozenset("HIMSfgnpX%"), frozenset("zZ")
SPECIAL = r"(?i)^\s*(-?infinity|epoch)\s*$"  # DuckDB takes these with any format, and makes 1900-01-01 of them


@lru_cache(maxsize=1)
def zones() -> dict[str, str]:
    """Every time zone that is known, by its name in small letters."""
    return {name.lower(): name for (name,) in connection().execute("SELECT name FROM pg_timezone_names()").fetchall()}


def _zone(name: str) -> str:
    if found := zones().get(name.lower()):
        return found
    raise invalid(f"There is no time zone '{name[:100]}'.{near(name, zones().values())}")


_SHOWN = WithJsonSchema({"type": "string", "minLength": 1, "examples": ["Europe/Zurich"]})
Zone = Annotated[str, Field(min_length=1), AfterValidator(_zone), _SHOWN]


def as_written(text: str, value: str) -> str:
    """SQL of a value that formats read from a text (both in SQL); null for words that no format has."""
    return f"CASE WHEN NOT regexp_matches({text}, {literal(SPECIAL)}) THEN {value} END"


def letters(text: str) -> frozenset[str]:
    """The letters of a format, such as `Y` for `%Y`."""
    return frozenset(LETTER.findall(text))


def _format(text: str) -> str:
    try:
        connection().cursor().execute("SELECT strftime(TIMESTAMP '2024-01-01', ?)", [text]).fetchall()
    except duckdb.Error as error:
        reason = str(error).split("\n")[0].split(": ")[-1]
        raise invalid(f"'{text}' is no format for dates and times: {reason}.") from None
    return text


Format = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_format)]


def is_zoned(kind: str) -> bool:
    """Whether its values are moments, to be shown in a time zone, rather than what a clock on the wall says."""
    return kind.endswith("WITH TIME ZONE")


def check_date(column: str, kind: str, path: str) -> None:
    """Refuse a column that is no date, time or timestamp.

    Raises:
        NodeError: `type_mismatch`.
    """
    if family(kind) != "date" and kind != "TIME":
        message = f"Column '{column}' is {plain(kind)}; it must be a date, a time or a timestamp."
        hint = "a parse_datetime node makes dates of text" if family(kind) == "text" else None
        raise NodeError(message, code="type_mismatch", path=path, hint=hint)


def in_zone(value: str, zone: str) -> str:
    """SQL for what a clock in this zone shows at a moment, or for the moment at which it shows that."""
    return f"timezone({literal(zone)}, {value})"

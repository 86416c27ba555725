"""Dates and times read from text in a format, where the text must be one that the format writes."""

from orchestrator.ops._dates import letters
from orchestrator.sql import literal

DERIVED = frozenset("aAjuUVwWG")  # what follows from a date, or may not be one: day 366, week 53, a Tuesday
OFFSET = r"(?:[zZ]|[+-](?:0?\d|1[0-5])(?::?[0-5]\d)?)\s*$"


def strptime(text: str, format: str) -> str:
    """SQL of the value of a text in SQL, null where it is none: 2024-02-30, or day 366 of a year that has 365.

    A `%z` at the end reads `Z` too, as Python does. Words such as `infinity` are left to `as_written`.
    """
    if format.endswith("%z"):
        zero = f"regexp_replace({text}, '[zZ]\\s*$', '+00:00')"
        value = f"CASE WHEN regexp_matches({text}, {literal(OFFSET)}) THEN try_strptime({zero}, {literal(format)}) END"
    else:
        value = f"try_strptime({text}, {literal(format)})"
        if letters(format) & DERIVED and not letters(format) & frozenset("fgnzZ"):
            back = f"strftime({value}, {literal(format)})"
            value = f"CASE WHEN {_bare(back)} = {_bare(text)} THEN {value} END"
    return value


def _bare(text: str) -> str:
    """Without what a format reads and does not write: zeros in front, blanks, capital letters."""
    return f"lower(regexp_replace(trim({text}), '\\b0+(\\d)|\\s+', '\\1', 'g'))"

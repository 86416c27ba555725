"""Numbers with a mark between groups of three digits: DuckDB takes it out wherever it is, of `192.168.0.1`, too."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from orchestrator.ops.settings import invalid
from orchestrator.sql import literal

Thousands = Literal["", ".", ",", "'", " "]

NUMBER = r"\s*[+-]?((\d{1,3}(%s\d{3})+|\d+)(%s\d*)?|%s\d+)(e[+-]?\d+)?\s*|\s*[+-]?(inf(inity)?|nan)\s*"


def check_groups(mark: Thousands, point: str, delimiter: str, quote: str) -> None:
    """See that the mark is no other mark. Raises ValidationError, `invalid_config`, on `thousands_separator`."""
    taken = {point: "decimal separator", delimiter: "delimiter", quote: "quote"}
    if mark and mark in taken:
        raise invalid(f"'{mark}' is the {taken[mark]}: choose another one.", "thousands_separator")


def ungrouped(field: str, options: Mapping[str, Any]) -> str | None:
    """SQL for whether a text is no number with its mark in the right places; None where the options have no mark."""
    if "thousands" not in options:
        return None
    mark, point = re.escape(options["thousands"]), re.escape(options["decimal_separator"])
    return f"NOT regexp_full_match({field}, {literal(NUMBER % (mark, point, point))}, 'i')"


def plain(field: str, options: Mapping[str, Any]) -> str:
    """SQL for the text of a number as DuckDB casts it."""
    bare = f"replace({field}, {literal(options['thousands'])}, '')" if "thousands" in options else field
    return f"replace({bare}, {literal(options['decimal_separator'])}, '.')"

"""Ranges of a number, date or time with a start, an end or both, as `route_by_range` and `bins` have them."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.expressions import connection
from orchestrator.ops._clauses import typed
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.settings import as_text, invalid
from orchestrator.sql import quote

Closed = Literal["from", "to", "both"]
Pair = tuple[str | None, str | None]
SIGNS = {"from": (">=", "<"), "to": (">", "<="), "both": (">=", "<=")}


class Ends(BaseModel):
    """Where a range starts and ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: Any = Field(None, alias="from", description="Its start; if left out, it has none.", examples=[0])
    to: Any = Field(None, description="Its end; if left out, it has none.", examples=[100])

    @model_validator(mode="after")
    def _some_end(self) -> "Ends":
        if self.from_ is None and self.to is None:
            raise invalid("A range needs a start, an end or both.", "from")
        for place, value in (("from", self.from_), ("to", self.to)):
            if isinstance(value, bool | list | dict):
                raise invalid("The end of a range is a number, a date or a time.", place)
        return self

    @property
    def words(self) -> str:
        """The range in words: `0..100`, `under 100` or `from 100`."""
        low, high = (None if value is None else as_text(value) for value in (self.from_, self.to))
        return f"under {high}" if low is None else f"from {low}" if high is None else f"{low}..{high}"

    def literals(self, kind: str, column: str, place: str) -> Pair:
        """Both ends in SQL, to compare with a column of this type; `place` is the range's JSON pointer.

        Raises:
            NodeError: `type_mismatch`.
        """
        made: list[str | None] = []
        for end, value in (("from", self.from_), ("to", self.to)):
            with at(f"{place}/{end}"):
                made.append(None if value is None else typed(value, kind, column))
        return made[0], made[1]


def inside(ranges: Sequence[Ends], kind: str, column: str, closed: Closed, *, apart: bool = False) -> list[str]:
    """For each of the ranges, which stand at `/ranges`, the test in SQL whether the column, of this type, is in it.

    Raises:
        NodeError: `type_mismatch`, the column or an end is no number, date or time; `invalid_config`, a range is upside
            down, or overlaps another where they are to be `apart`.
    """
    if family(kind) not in ("number", "date", "TIME") and kind != NULL:
        message = f"Column '{column}' is {plain(kind)}; a range is of numbers, dates or times. Cast it first."
        raise NodeError(message, code="type_mismatch", path="/config/column")
    ends = [each.literals(kind, column, f"/ranges/{index}") for index, each in enumerate(ranges)]
    _check(ranges, ends, "VARCHAR" if kind == NULL else kind, apart)
    above, below = SIGNS[closed]
    return [
        " AND ".join(f"{quote(column)} {sign} {end}" for sign, end in ((above, low), (below, high)) if end)
        for low, high in ends
    ]


def _check(ranges: Sequence[Ends], ends: Sequence[Pair], kind: str, apart: bool) -> None:
    """Refuse a range that ends before it starts, and the second of two that overlap; those that touch do not.

    Of ranges that overlap, two that follow each other by their starts do.
    """
    none = f"CAST(NULL AS {kind})"
    rows = ", ".join(f"({number}, {low or none}, {high or none})" for number, (low, high) in enumerate(ends))
    query = f"""
    WITH by_start AS (
        SELECT *, lag(number) OVER starts AS other, lag(high) OVER starts AS reached
        FROM (VALUES {rows}) ends(number, low, high) WINDOW starts AS (ORDER BY low NULLS FIRST, high NULLS LAST))
    SELECT number, other, low > high FROM by_start
    WHERE low > high OR (other IS NOT NULL AND (low IS NULL OR reached IS NULL OR low < reached))
    ORDER BY coalesce(low > high, false) DESC, number
    """
    for number, other, upside_down in connection().cursor().sql(query).fetchall():
        each = ranges[number]
        if upside_down:
            message = f"The range ends at {as_text(each.to)}, before it starts at {as_text(each.from_)}."
            raise NodeError(message, code="invalid_config", path=f"/config/ranges/{number}/to")
        if apart:
            first, second = sorted((number, other))
            message = f"The ranges {ranges[first].words} and {ranges[second].words} overlap."
            raise NodeError(message, code="invalid_config", path=f"/config/ranges/{second}")

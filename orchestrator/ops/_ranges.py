"""Ranges of a number, date or time with a start, an end or both, as `route_by_range` and `bins` have them."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.expressions import connection
from orchestrator.ops._clauses import typed
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.settings import as_text, invalid
from orchestrator.tables import quote

Closed = Literal["from", "to", "both"]
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

    def literals(self, kind: str, column: str, place: str) -> tuple[str | None, str | None]:
        """Both ends in SQL, to compare with a column of this type; `place` is the range's JSON pointer.

        Raises:
            NodeError: an end is not of the type, or the range is upside down.
        """
        made: list[str | None] = []
        for end, value in (("from", self.from_), ("to", self.to)):
            with at(f"{place}/{end}"):
                made.append(None if value is None else typed(value, kind, column))
        low, high = made
        if low and high and _true(f"{low} > {high}"):
            message = f"The range ends at {as_text(self.to)}, before it starts at {as_text(self.from_)}."
            raise NodeError(message, code="invalid_config", path=f"/config{place}/to")
        return low, high


def tests(ranges: Sequence[Ends], kind: str, column: str, closed: Closed) -> list[str]:
    """For each of the ranges, which stand at `/ranges`, the test in SQL whether the column, of this type, is in it.

    Raises:
        NodeError: `type_mismatch`, the column has no ranges; or as `Ends.literals` does.
    """
    check_kind(kind, column)
    above, below = SIGNS[closed]
    made = []
    for index, each in enumerate(ranges):
        low, high = each.literals(kind, column, f"/ranges/{index}")
        ends = [f"{quote(column)} {sign} {end}" for sign, end in ((above, low), (below, high)) if end]
        made.append(" AND ".join(ends))
    return made


def check_kind(kind: str, column: str) -> None:
    """Refuse a column that is no number, date or time."""
    if family(kind) not in ("number", "date", "TIME") and kind != NULL:
        message = f"Column '{column}' is {plain(kind)}; a range is of numbers, dates or times. Cast it first."
        raise NodeError(message, code="type_mismatch", path="/config/column")


def check_apart(ranges: Sequence[Ends], kind: str, column: str) -> None:
    """Refuse ranges that overlap, at the second of two: those that touch do not.

    Raises:
        NodeError: `invalid_config`; or as `Ends.literals` does.
    """
    ends = [each.literals(kind, column, f"/ranges/{index}") for index, each in enumerate(ranges)]
    rows = ", ".join(f"({index}, {low or 'NULL'}, {high or 'NULL'})" for index, (low, high) in enumerate(ends))
    query = f"""
    WITH ends AS (FROM (VALUES {rows}) ends(number, low, high)),
    sorted AS (SELECT *, lag(number) OVER by_start AS other, lag(high) OVER by_start AS reached,
        FROM ends WINDOW by_start AS (ORDER BY low NULLS FIRST, high NULLS LAST))
    SELECT number, other FROM sorted
    WHERE other IS NOT NULL AND (low IS NULL OR reached IS NULL OR low < reached) ORDER BY number LIMIT 1
    """
    for found in connection().cursor().sql(query).fetchall():
        first, second = sorted(found)
        message = f"The ranges {ranges[first].words} and {ranges[second].words} overlap."
        raise NodeError(message, code="invalid_config", path=f"/config/ranges/{second}")


def _true(test: str) -> bool:
    return connection().cursor().sql(f"SELECT {test}").fetchall() == [(True,)]

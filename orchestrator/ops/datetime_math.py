"""`datetime_math`: FME's DateTimeCalculator and DateTimeStamper."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._calendar import Dates, Unit
from orchestrator.ops._dates import Zone
from orchestrator.ops._texts import with_columns
from orchestrator.ops._types import INTEGER, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import literal, names, quote

Operation = Literal["add", "subtract", "difference", "truncate", "extract", "now"]
Part = Literal[
    "year", "quarter", "month", "week", "iso_year", "day", "weekday", "day_of_year",
    "hour", "minute", "second", "millisecond", "epoch",
]  # fmt: skip
LONGEST = {"year": 600_000, "quarter": 2_400_000, "month": 7_200_000, "week": 31_500_000, "day": 220_000_000}
NEEDS: dict[str, tuple[str, ...]] = {
    "add": ("column", "unit"), "subtract": ("column", "unit"), "truncate": ("column", "unit"),
    "difference": ("column", "other", "unit", "name"), "extract": ("column", "part", "name"), "now": ("name",),
}  # fmt: skip


class DatetimeMath(Op):
    """Compute with dates and times: add, subtract, tell the difference, truncate, take a part, or say what time it is.

    Where a month is too short, its last day is taken: 2024-01-31 and one month are 2024-02-29. A DATE stays a DATE
    unless hours or less are added to it; a TIME goes round at midnight. `difference` counts whole units from `other` to
    `column`, below zero where `column` is earlier. Weeks begin on Monday (1, Sunday is 7) and are numbered as in ISO
    8601, whose year is `iso_year`; `epoch` is seconds since 1970 UTC. Days and longer units of a TIMESTAMPTZ are those
    of `zone`. `now` is the time at which the run began, the same in all its nodes. What is null gives null.
    """

    category: ClassVar[str] = "Dates"
    example: ClassVar[dict[str, Any]] = {"operation": "add", "column": "day", "amount": 1, "unit": "month"}

    operation: Operation = Field(description="What to compute.", examples=["add"])
    column: Column | None = Field(None, description="The date, time or timestamp.", examples=["day"])
    other: Column | None = Field(None, description="For `difference`: from which date on.", examples=["ordered"])
    amount: int | None = Field(
        None, ge=-(2**31), lt=2**31, description="For `add` and `subtract`: how many units.", examples=[14]
    )
    amount_column: Column | None = Field(
        None, description="In place of `amount`: a column of whole numbers.", examples=["days"]
    )
    unit: Unit | None = Field(None, description="The unit.", examples=["day"])
    part: Part | None = Field(None, description="For `extract`: what to take.", examples=["weekday"])
    zone: Zone = Field("UTC", description="The time zone of a TIMESTAMPTZ, by its IANA name.")
    name: NewColumn | None = Field(
        None,
        description="Column for the result, replaced if it is there; `add`, `subtract` and `truncate` may do "
        "without one and change `column`.",
        examples=["due"],
    )

    @model_validator(mode="after")
    def _complete(self) -> "DatetimeMath":
        needed = NEEDS[self.operation]
        for setting in ("column", "other", "unit", "part", "name"):
            if setting in needed and getattr(self, setting) is None:
                raise invalid(f"'{self.operation}' needs '{setting}'.", setting)
            if setting not in (*needed, "name") and getattr(self, setting) is not None:
                raise invalid(f"'{setting}' is not for '{self.operation}'.", setting)
        moves = self.operation in ("add", "subtract")
        if (self.amount is not None) + (self.amount_column is not None) != moves:
            rule = "needs either 'amount' or 'amount_column'" if moves else "takes no amount"
            raise invalid(f"'{self.operation}' {rule}.", "amount")
        if abs(self.amount or 0) > LONGEST.get(self.unit or "", 2**31):
            raise invalid("No date is so far away.", "amount")
        return self

    def run(self, table: Annotated[Relation, "The rows with the dates."], context: Context) -> Relation:
        """A function of each row."""
        if self.operation == "now":
            moment = f"TIMESTAMPTZ {literal(context.session.opened.isoformat())}"
            return with_columns(table, {str(self.name): moment})
        made = self._value(names(table))
        return with_columns(table, {self.name or str(self.column): made})

    def _value(self, kinds: Mapping[str, str]) -> str:
        dates = Dates(str(self.column), kinds[str(self.column)], self.zone)
        match self.operation:
            case "truncate":
                return dates.truncated(str(self.unit))
            case "extract":
                return dates.part(str(self.part))
            case "difference":
                return dates.since(Dates(str(self.other), kinds[str(self.other)], self.zone, "other"), str(self.unit))
        return dates.moved("+" if self.operation == "add" else "-", self._amount(kinds), str(self.unit))

    def _amount(self, kinds: Mapping[str, str]) -> str:
        if self.amount_column is None:
            return f"({self.amount})"
        kind = kinds[self.amount_column]
        if not INTEGER.fullmatch(kind):
            message = f"Column '{self.amount_column}' is {plain(kind)}; how many units must be whole numbers."
            raise NodeError(message, code="type_mismatch", path="/config/amount_column")
        return quote(self.amount_column)

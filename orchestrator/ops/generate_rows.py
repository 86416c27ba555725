"""`generate_rows`: FME's Creator."""

import datetime as dt
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from orchestrator.ops._calendar import OF_TIME, Unit
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.compute import Compute, Computed
from orchestrator.ops.settings import NewColumn, invalid
from orchestrator.sql import quote

MOST = 1_000_000_000
SHORTEST = {
    "year": 365 * 86400, "quarter": 90 * 86400, "month": 28 * 86400, "week": 7 * 86400, "day": 86400,
    "hour": 3600, "minute": 60, "second": 1, "millisecond": 0.001,
}  # fmt: skip


def _read(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    try:
        made = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid("This is no date such as 2024-01-31 or 2024-01-31T12:00:00.") from None
    if made.tzinfo is not None:
        raise invalid("A time here has no time zone: leave it out.")
    return made


Day = Annotated[dt.datetime, BeforeValidator(_read), WithJsonSchema({"type": "string", "minLength": 1})]


class DateRange(BaseModel):
    """Dates from one to another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Day = Field(description="The first date, or date and time.", examples=["2024-01-01"])
    last: Day = Field(description="The last one, if a step leads there; none is later.", examples=["2024-12-31"])
    step: int = Field(1, ge=1, le=MOST, description="How many units from one to the next.")
    unit: Unit = Field("day", description="The unit.")

    @model_validator(mode="after")
    def _not_too_many(self) -> "DateRange":
        if self.last < self.first:
            raise invalid("It is before 'first'.", "last")
        if self.at_most > MOST:
            raise invalid(f"These are more than {MOST:,} rows: take longer steps.", "step")
        return self

    @property
    def at_most(self) -> int:
        """How many dates there would be if all units were as short as they can be."""
        return int((self.last - self.first).total_seconds() / (SHORTEST[self.unit] * self.step)) + 1

    def sql(self) -> str:
        """The dates, each so many units after the first, not after the one before, which may be a month's last day."""
        kind = "INTEGER" if self.unit not in OF_TIME else "BIGINT"
        whole = self.unit not in OF_TIME and not any(each.time() != dt.time() for each in (self.first, self.last))
        steps = f"TIMESTAMP '{self.first.isoformat()}' + to_{self.unit}s((i * {self.step})::{kind})"
        dates = f"SELECT {steps} AS d FROM range({self.at_most}) t(i)"
        return f"SELECT d::{'DATE' if whole else 'TIMESTAMP'} AS d FROM ({dates}) WHERE d <= '{self.last.isoformat()}'"


class GenerateRows(Op):
    """So many rows with a number in each, or a row for each date of a range.

    Further columns are computed from it, in order, as by `compute`. Dates are DATE where the range has no time of day
    and goes by days or longer units, else TIMESTAMP. Months from a month's last day go by the last day of each:
    01-31, 02-29, 03-31.
    """

    category: ClassVar[str] = "Input"
    example: ClassVar[dict[str, Any]] = {"count": 12, "columns": [{"name": "square", "expression": "n * n"}]}

    count: int | None = Field(None, ge=0, le=MOST, description="How many rows.", examples=[100])
    start: int = Field(1, ge=-(2**53), le=2**53, description="The first number.")
    step: int = Field(1, ge=-(2**31), le=2**31, description="From one number to the next.")
    dates: DateRange | None = Field(
        None,
        description="A range of dates in place of numbers.",
        examples=[{"first": "2024-01-01", "last": "2024-12-31", "unit": "month"}],
    )
    column: NewColumn = Field("n", description="Name of the column for the number or date.")
    columns: list[Computed] = Field(
        [], description="Further columns.", examples=[[{"name": "square", "expression": "n * n"}]]
    )

    @model_validator(mode="after")
    def _one_form(self) -> "GenerateRows":
        if (self.count is None) == (self.dates is None):
            raise invalid("Give either 'count' or 'dates'.", "count")
        return self

    def run(self, context: Context) -> Relation:
        """Made as they are read."""
        if self.dates is not None:
            numbers = self.dates.sql()
        else:
            numbers = f"SELECT {self.start} + i * {self.step} AS d FROM range({self.count}) t(i)"
        table = context.session.connection.sql(f"SELECT d AS {quote(self.column)} FROM ({numbers})")
        return Compute(columns=self.columns).run(table, context) if self.columns else table

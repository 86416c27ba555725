"""What can be computed with a column of dates, times or moments, as SQL."""

from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import NodeError
from orchestrator.ops._dates import check_date, in_zone, is_zoned
from orchestrator.ops._types import plain
from orchestrator.sql import quote

Unit = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"]
OF_TIME = ("hour", "minute", "second", "millisecond")
PARTS = {"iso_year": "isoyear", "weekday": "isodow", "day_of_year": "doy"}


@dataclass(frozen=True)
class Dates:
    """A column of this type; days and longer units of its moments are those of `zone`.

    Raises:
        NodeError: `type_mismatch`, on `/config/column` or another setting, where the type has no such unit or part.
    """

    column: str
    kind: str
    zone: str
    setting: str = "column"

    def __post_init__(self) -> None:
        check_date(self.column, self.kind, f"/config/{self.setting}")

    @property
    def wall(self) -> str:
        """A timestamp of what a clock on the wall shows."""
        if is_zoned(self.kind):
            return in_zone(quote(self.column), self.zone)
        return f"(DATE '1970-01-01' + {quote(self.column)})" if self.kind == "TIME" else quote(self.column)

    def moved(self, sign: str, amount: str, unit: str) -> str:
        """So many units later (`+`) or earlier (`-`)."""
        whole = unit not in OF_TIME
        if self.kind == "TIME":
            self._check("unit", unit)
        interval = f"to_{unit}s({amount}::{'INTEGER' if whole else 'BIGINT'})"
        if is_zoned(self.kind) and whole:
            return in_zone(f"{self.wall} {sign} {interval}", self.zone)
        made = f"{quote(self.column)} {sign} {interval}"
        return f"({made})::DATE" if self.kind == "DATE" and whole else made

    def truncated(self, unit: str) -> str:
        """The beginning of the unit; hours and less go back from the moment, of which a zone's clock may show two."""
        self._check("unit", unit)
        begin = f"date_trunc('{unit}', {self.wall})"
        if is_zoned(self.kind):
            short = f"{quote(self.column)} - ({self.wall} - {begin})"
            return short if unit in OF_TIME else in_zone(begin, self.zone)
        return f"{begin}::{self.kind}" if self.kind in ("DATE", "TIME") else begin

    def since(self, other: "Dates", unit: str) -> str:
        """Whole units from the other one to this.

        Raises NodeError, `type_mismatch`, where they cannot be compared or have no such unit.
        """
        if (self.kind == "TIME", is_zoned(self.kind)) != (other.kind == "TIME", is_zoned(other.kind)):
            message = f"Column '{self.column}' is {plain(self.kind)} and '{other.column}' {plain(other.kind)}."
            raise NodeError(f"{message} Convert one of them first.", code="type_mismatch", path="/config/other")
        if self.kind == "TIME":
            self._check("unit", unit)
        if is_zoned(self.kind) and unit in OF_TIME:
            return f"date_sub('{unit}', {quote(other.column)}, {quote(self.column)})"
        return f"date_sub('{unit}', {other.wall}::TIMESTAMP, {self.wall}::TIMESTAMP)"

    def part(self, part: str) -> str:
        """A number out of it."""
        if part == "epoch":
            self._check("part", "day")
            return f"floor(epoch({quote(self.column)}))::BIGINT"
        self._check("part", part)
        number = f"date_part('{PARTS.get(part, part)}', {self.wall})"
        return f"{number} % 1000" if part == "millisecond" else number

    def _check(self, setting: str, unit: str) -> None:
        """A DATE has no hours, and a TIME nothing else."""
        if (unit in OF_TIME and self.kind == "DATE") or (unit not in OF_TIME and self.kind == "TIME"):
            message = f"Column '{self.column}' is {plain(self.kind)}, which has no {unit.replace('_', ' ')}."
            raise NodeError(message, code="type_mismatch", path=f"/config/{setting}")

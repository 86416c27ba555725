"""`format_datetime`: FME's DateTimeConverter, to text."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._dates import TIME_LETTERS, ZONE_LETTERS, Format, Zone, check_date, in_zone, is_zoned, letters
from orchestrator.ops._texts import with_columns
from orchestrator.ops._types import plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import literal, names, quote

PIECE = re.compile(r"%[zZ]|(?:%-?[^zZ]|[^%])+")


class FormatDatetime(Op):
    """Write dates and times as text, in a format.

    A TIMESTAMPTZ is a moment and is shown in `zone`: there `%z` writes `+02:00` and `%Z` the zone's name. Columns
    without a zone are written as they are, and cannot have these; a DATE is midnight; a TIME has no letters of a date.
    Names of months and days are English. Null stays null.
    """

    category: ClassVar[str] = "Dates"
    example: ClassVar[dict[str, Any]] = {"columns": ["day"], "format": "%d.%m.%Y"}

    columns: list[Column] = Field(min_length=1, description="The columns to write as text.", examples=[["day"]])
    format: Format = Field(description="How, in strftime's letters.", examples=["%d.%m.%Y %H:%M"])
    zone: Zone | None = Field(None, description="IANA zone of TIMESTAMPTZ; UTC if empty.", examples=["Asia/Tokyo"])
    name: NewColumn | None = Field(
        None, description="Write one column's text to this column; one of this name is replaced.", examples=["date"]
    )

    @model_validator(mode="after")
    def _one_for_a_name(self) -> "FormatDatetime":
        if self.name is not None and len(self.columns) > 1:
            raise invalid("A name is for the text of one column; several columns are changed in place.", "name")
        return self

    def run(self, table: Annotated[Relation, "The rows with the dates."]) -> Relation:
        """A function of each value. Raises NodeError, `type_mismatch`: no date or time, or not what is asked of it."""
        kinds = names(table)
        made = {
            self.name or column: self._text(column, kinds[column], f"/config/columns/{index}")
            for index, column in enumerate(self.columns)
        }
        if self.zone is not None and not any(is_zoned(kinds[column]) for column in self.columns):
            message = f"Column '{self.columns[0]}' has no time zone, so it cannot be shown in another."
            raise NodeError(message, code="type_mismatch", path="/config/zone")
        return with_columns(table, made)

    def _text(self, column: str, kind: str, path: str) -> str:
        check_date(column, kind, path)
        if is_zoned(kind):
            return self._moment(quote(column))
        said = letters(self.format)
        wrong = said - TIME_LETTERS if kind == "TIME" else said & ZONE_LETTERS
        if wrong:
            message = f"Column '{column}' is {plain(kind)}, which has nothing for %{min(wrong)}."
            raise NodeError(message, code="type_mismatch", path="/config/format")
        value = f"DATE '1970-01-01' + {quote(column)}" if kind == "TIME" else quote(column)
        return f"strftime({value}, {literal(self.format)})"

    def _moment(self, column: str) -> str:
        """The zone's own letters are written here: the text of a moment elsewhere is that of a clock without a zone."""
        zone = self.zone or "UTC"
        local = in_zone(column, zone)
        written = {"%z": _offset(local, in_zone(column, "UTC")), "%Z": literal(zone)}
        made = [written.get(each) or f"strftime({local}, {literal(each)})" for each in PIECE.findall(self.format)]
        return f"CASE WHEN {column} IS NOT NULL THEN {' || '.join(made)} END"


def _offset(local: str, utc: str) -> str:
    minutes = f"date_diff('minute', {utc}, {local})"
    sign = f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END"
    return f"format('{{}}{{:02d}}:{{:02d}}', {sign}, abs({minutes}) // 60, abs({minutes}) % 60)"

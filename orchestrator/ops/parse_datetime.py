"""`parse_datetime`: FME's DateTimeConverter, from text."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from orchestrator.ops._dates import ZONE_LETTERS, Format, Zone, as_written, in_zone, letters
from orchestrator.ops._rejected import rejected, said
from orchestrator.ops._strptime import strptime
from orchestrator.ops._texts import Texts, with_columns
from orchestrator.ops.base import Op, Relation
from orchestrator.sql import quote


class Parsed(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "Rows whose texts were read."]
    rejected: Annotated[Relation, "Other rows as they came, with `rejection_code` and `rejection_message`."]


class ParseDatetime(Texts, Op):
    """Read dates and times that are written as text, in one of several formats.

    The formats are tried in order, and the first that fits counts; what it does not say is that of 1900-01-01 00:00:00.
    `%z` reads `+02:00` or `+0200`, `%Z` the name of a zone; a text without either is a time in `zone`, which for a
    TIMESTAMPTZ says the moment: a time that comes twice is the later one, one that is left out moves forward. For the
    other types a text with a zone becomes the time in `zone`. Null stays null; a text that fits no format, also an
    empty one, is rejected (`not_a_datetime`). Both outputs keep the order of the input.
    """

    category: ClassVar[str] = "Dates"
    example: ClassVar[dict[str, Any]] = {"columns": ["day"], "formats": ["%Y-%m-%d", "%d.%m.%Y"], "to": "DATE"}

    formats: list[Format] = Field(
        min_length=1,
        max_length=100,
        description="How the text is written, in strptime's letters.",
        examples=[["%d.%m.%Y %H:%M", "%Y-%m-%d"]],
    )
    to: Literal["DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ"] = Field("TIMESTAMP", description="What to make of it.")
    zone: Zone = Field("UTC", description="Time zone of texts that name none, by its IANA name.")

    def run(self, table: Annotated[Relation, "The rows with the text."]) -> Parsed:
        """Each format is one function of the text; the first that gives a value is taken."""
        self.check_texts(table)
        made = {column: self._value(quote(column)) for column in self.columns}
        bad = {column: f"({quote(column)} IS NOT NULL AND {value} IS NULL)" for column, value in made.items()}
        anything = " OR ".join(bad.values())
        end = " fits none of the formats."
        messages = (f"WHEN {test} THEN {said(name, f'{quote(name)}::VARCHAR', end)}" for name, test in bad.items())
        reason = f"CASE {' '.join(messages)} END"
        good = table.filter(f"NOT ({anything})")
        return Parsed(
            with_columns(good, {self.name or column: value for column, value in made.items()}),
            rejected(table.filter(anything), table.columns, "'not_a_datetime'", reason),
        )

    def _value(self, column: str) -> str:
        text = f"{column}::VARCHAR"
        read = ", ".join(self._read(text, each) for each in self.formats)
        return f"{as_written(text, f'coalesce({read})')}::{self.to}"

    def _read(self, text: str, format: str) -> str:
        value = strptime(text, format)
        zoned = bool(letters(format) & ZONE_LETTERS)
        if zoned != (self.to == "TIMESTAMPTZ"):
            return in_zone(value if zoned else f"{value}::TIMESTAMP", self.zone)
        return value if zoned else f"{value}::TIMESTAMP"

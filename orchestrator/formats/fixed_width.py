"""`fixed_width`: columns that begin at fixed places of a line."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.formats import lossy
from orchestrator.formats.added_lines import bring, lines_of
from orchestrator.formats.base import Context, FileReader, Format, GeometryAs, Relation, Writer, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.encodings import Encoding
from orchestrator.formats.finite import as_json
from orchestrator.formats.lines import lines
from orchestrator.formats.streams import batches
from orchestrator.formats.text import LineEnd
from orchestrator.formats.text_types import is_json, of_text
from orchestrator.formats.texts import converted
from orchestrator.ops.settings import NewColumn, invalid, unique
from orchestrator.sql import literal, quote
from orchestrator.suggest import listing, near

NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*")
TRIMS = {"both": "trim({})", "left": "ltrim({})", "right": "rtrim({})", "none": "{}"}
EXAMPLE = [{"name": "id", "width": 6, "type": "BIGINT"}, {"name": "city", "width": 20}]


class Place(BaseModel):
    """A column and its place in a line, in letters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: NewColumn = option(..., "Name of the column.", "city")
    width: int = option(..., "How many letters it has.", 20, "number", ge=1, le=1_000_000)
    start: int | None = option(
        None, "Its first letter, from 1; behind the column before by default.", 7, "number", ge=1
    )
    type: ColumnType = option("VARCHAR", "Its type.", "BIGINT", "combobox")
    trim: Literal["both", "left", "right", "none"] = option(
        "both", "Where blanks are left out in reading.", "none", "select"
    )
    align: Literal["left", "right"] | None = option(
        None, "Where the value stands in writing; numbers right and all else left by default.", "right", "select"
    )


class _Placed(Format):
    fields: Annotated[list[Place], Field(min_length=1)] = Field(
        description="The columns, from left to right.",
        examples=[EXAMPLE],
        json_schema_extra={"x-ui": {"widget": "list"}},
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        unique((each.name, ("fields", index, "name")) for index, each in enumerate(self.fields))
        return self

    def starts(self) -> list[int]:
        """The first letter of each column, from 1."""
        found, behind = [], 1
        for each in self.fields:
            found.append(each.start or behind)
            behind = found[-1] + each.width
        return found


class FixedWidthReader(FileReader, _Placed):
    """Columns that begin at fixed places of each line; `.gz` is unpacked.

    A place without a letter is null, also one behind the end of its line. An empty line is no row.
    """

    name: ClassVar[str] = "fixed_width"
    label: ClassVar[str] = "Fixed width"
    extensions: ClassVar[tuple[str, ...]] = (".fwf", ".dat", ".txt", ".fwf.gz", ".dat.gz", ".txt.gz")
    may_be_empty: ClassVar[bool] = True

    skip: int = option(0, "Lines to leave out at the top.", 2, "number", ge=0)
    encoding: Encoding = option("auto", "Of the text; UTF-8 or by its mark.", "windows-1252", "combobox")

    def lines_needed(self) -> int | None:
        """The settings say which columns there are."""
        return 0

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file's lines; each value is tried."""
        made = ["number AS _"]
        for each, start in zip(self.fields, self.starts(), strict=True):
            trim = TRIMS["both" if each.type != "VARCHAR" else each.trim]
            made.append(f"nullif({trim.format(f'text[{start}:{start + each.width - 1}]')}, '') AS {quote(each.name)}")
        table = lines(path, self.path, self.encoding, context, self.skip).filter("text <> ''").project(", ".join(made))
        return converted(table, {each.name: each.type for each in self.fields}, self.path)


class FixedWidthWriter(Writer, _Placed):
    """Columns at fixed places of each line, filled up with blanks; a value that is too long is refused.

    Null is blank: empty text comes back as null, blanks at the ends of a text are lost. Columns that are not named are
    left out; geometry is WKT, nested values are JSON. `append` keeps the old lines as they are, and ends new ones like
    them.
    """

    name: ClassVar[str] = "fixed_width"
    label: ClassVar[str] = "Fixed width"
    extensions: ClassVar[tuple[str, ...]] = FixedWidthReader.extensions[:3]
    loses: ClassVar[lossy.Losses] = (lossy.EMPTY, lossy.BLANKS)
    geometry_as: ClassVar[GeometryAs] = "text"

    line_end: LineEnd = option("\n", "After each row.", "\r\n", "select")
    encoding: Encoding = option("utf-8", "Of the text.", "windows-1252", "combobox")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        behind = 1
        for index, (each, start) in enumerate(zip(self.fields, self.starts(), strict=True)):
            if start < behind:
                raise invalid(
                    f"Column '{each.name}' begins before the end of the one before.", "fields", index, "start"
                )
            behind = start + each.width
        return self

    def check(self, table: Relation) -> None:
        """All named columns are there. Raises NodeError, `unknown_column`."""
        for index, each in enumerate(self.fields):
            if each.name not in table.columns:
                message = f"Column '{each.name}' is not in this table.{near(each.name, table.columns)}"
                place = f"/config/fields/{index}/name"
                raise NodeError(message, code="unknown_column", path=place, hint=listing(table.columns))

    def prepare(self, table: Relation, context: Context) -> Relation:
        """The columns that are written, nested values as JSON."""
        kinds = dict(zip(table.columns, table.types, strict=True))
        wanted = [each.name for each in self.fields]
        return table.project(", ".join(as_json(n, kinds[n]) if is_json(kinds[n]) else quote(n) for n in wanted))

    def comes_back(self, table: Relation) -> Mapping[str, str]:
        """As the reader's types have it, which the settings name; of nested values text alone is read, or lists."""
        there = {each.name: each.type for each in self.fields}
        made = {}
        for name, kind in zip(table.columns, table.types, strict=True):
            read = kind.id in ("list", "struct") and there.get(name) == str(kind) and "MAP(" not in str(kind)
            made[name] = of_text(kind) if is_json(kind) and not read else str(kind)
        return {name: kind for name, kind in made.items() if name in there}

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Line by line, as DuckDB puts them together.

        Raises NodeError, `text_too_long`, with the row (from 1), where a value does not fit its field.
        """
        count = 0
        lines = self._lines(self.prepare(table, context))
        with batches(lines, 65_536) as (_, parts), lines_of(path, self.encoding, self.line_end) as (file, end):
            for batch in parts:
                texts, wrong = (column.to_pylist() for column in batch.columns)
                if any(wrong):
                    row, index = next((row, int(each) - 1) for row, each in enumerate(wrong, count + 1) if each)
                    raise self._too_long(row, index)
                file.write("".join(f"{text}{end}" for text in texts))
                count += len(texts)
        return count

    def begin(self, old: Path, place: Path) -> None:
        """Bring along the old lines."""
        bring(old, place, self.encoding)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """Nothing: the old lines are kept as they are, with what is in no place of theirs."""
        return None

    def _lines(self, table: Relation) -> Relation:
        """The line of each row, and the number of the first column whose value does not fit, or 0."""
        parts, wrong, behind = [], [], 1
        for number, (each, start) in enumerate(zip(self.fields, self.starts(), strict=True), 1):
            kind = str(table.types[number - 1])
            right = each.align == "right" or (each.align is None and NUMBERS.fullmatch(kind))
            text, pad = f"coalesce({quote(each.name)}::VARCHAR, '')", "lpad" if right else "rpad"
            parts.append(f"{literal(' ' * (start - behind))} || {pad}({text}, {each.width}, ' ')")
            ends = f"contains({text}, chr(10)) OR contains({text}, chr(13))"
            wrong.append(f"WHEN length({text}) > {each.width} OR {ends} THEN {number}")
            behind = start + each.width
        return table.project(f"{' || '.join(parts)} AS line, CASE {' '.join(wrong)} ELSE 0 END AS wrong")

    def _too_long(self, row: int, index: int) -> NodeError:
        each = self.fields[index]
        message = f"Row {row:,}: the value of column '{each.name}' has a line end or more than {each.width} letters."
        return NodeError(message, code="text_too_long", path=f"/config/fields/{index}/width", row=row)

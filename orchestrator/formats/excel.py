"""`excel`: one sheet of a workbook."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from orchestrator.errors import NodeError, at
from orchestrator.formats import excel_sheet, lossy
from orchestrator.formats.base import Context, FileReader, GeometryAs, Layer, Relation, Writer, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.excel_values import columns_of, table_of
from orchestrator.formats.finite import finite
from orchestrator.formats.vector import holdable
from orchestrator.sql import quote
from orchestrator.suggest import listing, near

RANGE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})?:([A-Z]{1,3})([1-9]\d{0,6})?")
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384

# The types of a workbook's columns need all of its rows, and the editor asks again after every change of a graph.
_described: dict[Any, Any] = {}


def _range(text: str) -> str:
    if not RANGE.fullmatch(text.upper()):
        raise ValueError("a range is written like B2:F100 or B:F")
    return text.upper()


class ExcelReader(FileReader):
    """One sheet of an Excel workbook (.xlsx, .xlsm, .xlsb, .xls) or of .ods.

    Each column gets one type from all of its cells: BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, TIME, INTERVAL, and
    VARCHAR where there are several. An empty cell is null.
    """

    name: ClassVar[str] = "excel"
    label: ClassVar[str] = "Excel"
    extensions: ClassVar[tuple[str, ...]] = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

    sheet: str | int | None = option(None, "The sheet, by name or number from 0; the first by default.", "Sales")
    header: bool = option(True, "Whether the first row names the columns.", False, "checkbox")
    skip: int = option(0, "Rows to leave out above the header.", 3, "number", ge=0)
    range: Annotated[str, AfterValidator(_range)] | None = option(None, "Cells to read; all by default.", "B2:F100")
    types: dict[str, ColumnType] = option({}, "Types of single columns.", {"zip": "VARCHAR"}, "types")

    def read(self, path: Path, context: Context) -> Relation:
        """All rows of the sheet; its types are remembered until the file changes."""
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size, self.model_dump_json())
        if not (context.design and key in _described):
            arrow = table_of(columns_of(self._rows(path), self.header))
            if len(_described) >= 256:
                _described.clear()
            _described[key] = arrow.schema
        table = context.session.arrow(_described[key].empty_table() if context.design else arrow)
        return self._typed(table)

    def layers(self, context: Context) -> list[Layer]:
        """The sheets; their columns need all of their rows, and are not said."""
        with self.found(context) as path:
            return [Layer(name) for name in excel_sheet.sheets(path, self.path)]

    def _rows(self, path: Path) -> list[list[Any]]:
        rows = excel_sheet.read(path, self.path, self.sheet, trimmed=self.range is None)
        if not _filled(rows):
            raise NodeError(f"The sheet of '{self.path}' is empty.", code="file_empty")
        there = f"{_count(len(rows), 'row')} and {_count(len(rows[0]), 'column')}"
        if self.range:
            top, first, bottom, last = _corners(self.range)
            rows = [row[first : last + 1] for row in rows[top : bottom + 1]]
            if not _filled(rows):
                message = f"Range {self.range} of '{self.path}' holds no value: the sheet has {there}."
                raise NodeError(message, code="invalid_config", path="/config/range")
            there = f"range {self.range} has {_count(len(rows), 'row')}"
        if not _filled(left := rows[self.skip :]):
            there = there if self.range else f"the sheet has {there}"
            message = f"There is no value in '{self.path}' below the {_count(self.skip, 'row')} to skip: {there}."
            raise NodeError(message, code="invalid_config", path="/config/skip")
        return left

    def _typed(self, table: Relation) -> Relation:
        for name in self.types:
            if name not in table.columns:
                with at(f"/types/{name}"):
                    message = f"Column '{name}' is not in '{self.path}'.{near(name, table.columns)}"
                    raise NodeError(message, code="unknown_column", hint=listing(table.columns))
        fields = [
            f"{quote(name)}::{self.types[name]} AS {quote(name)}" if name in self.types else quote(name)
            for name in table.columns
        ]
        return table.project(", ".join(fields)) if self.types else table


def _filled(rows: list[list[Any]]) -> bool:
    return any(value != "" for row in rows for value in row)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _corners(text: str) -> tuple[int, int, int, int]:
    """First row, first column, last row, last column, from 0."""
    found = RANGE.fullmatch(text)
    left, top, right, bottom = found.groups() if found else ("A", None, "XFD", None)
    return int(top or 1) - 1, _column(left), int(bottom or MOST_ROWS) - 1, _column(right)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


class ExcelWriter(Writer):
    """A workbook of one sheet. Times with a zone are written in UTC, geometry as WKT, nested values as JSON text.

    Text is never taken for a formula. NaN, infinity and empty text are empty cells; integers of more than 15 digits and
    days before March 1900 are text. A cell has a number, a day or a moment, not a type: DOUBLEs that are whole come
    back as BIGINT, moments that are all midnight as DATE. Times have milliseconds: what is finer is cut. Rows without
    a value at the end, and without a header at the start, are no part of a sheet. The run's log tells of them.
    """

    name: ClassVar[str] = "excel"
    geometry_as: ClassVar[GeometryAs] = "text"
    label: ClassVar[str] = "Excel"
    extensions: ClassVar[tuple[str, ...]] = (".xlsx",)
    loses: ClassVar[lossy.Losses] = (lossy.EMPTY, lossy.NOT_FINITE)

    sheet: str = option(
        "Sheet1", "The sheet's name.", "Sales", min_length=1, max_length=31, pattern=r"^[^\[\]:*?/\\]+$"
    )
    header: bool = option(True, "Write the column names as the first row.", True, "checkbox")

    def check(self, table: Relation) -> None:
        """A sheet has 16,384 columns. Raises NodeError, `too_large`, over that."""
        if len(table.columns) > MOST_COLUMNS:
            message = f"An Excel sheet holds {MOST_COLUMNS:,} columns, and these are {len(table.columns):,}."
            raise NodeError(message, code="too_large", port="table")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Row by row, as the library wants it."""
        rows = self.prepare(table, context)
        most = MOST_ROWS - self.header
        return excel_sheet.write(rows, path, self.sheet, header=self.header, most=most, log=context.log)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that a cell has."""
        rows = finite(holdable(table, text=("BLOB",)))
        fields = []
        for name, kind in zip(rows.columns, map(str, rows.types), strict=True):
            geometry = "::VARCHAR" if kind.startswith("GEOMETRY") else ""
            zone = " AT TIME ZONE 'UTC'" if kind == "TIMESTAMP WITH TIME ZONE" else ""
            fields.append(f"({quote(name)}{geometry}{zone}) AS {quote(name)}")
        return rows.project(", ".join(fields))

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """The rows of the sheet, if it is the workbook's only one: others would be lost.

        Raises NodeError, `file_exists`, where there are others.
        """
        from orchestrator.paths import existing

        names = excel_sheet.sheets(existing(context.root, self.path), self.path)
        if names != [self.sheet]:
            message = f"'{self.path}' has other sheets ({listing(names)}), which would be lost."
            raise NodeError(message, code="file_exists", path="/config/sheet")
        return super().existing_rows(table, context)

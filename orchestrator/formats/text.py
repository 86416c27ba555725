"""`text`: a row per line, or one for the whole file."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats import lossy
from orchestrator.formats.added_lines import bring, lines_of
from orchestrator.formats.base import Context, FileReader, Relation, Writer, option
from orchestrator.formats.encodings import Encoding
from orchestrator.formats.lines import lines, whole
from orchestrator.formats.streams import batches
from orchestrator.ops.settings import NewColumn
from orchestrator.sql import quote
from orchestrator.suggest import listing, near

LineEnd = Literal["\n", "\r\n", ""]


class TextReader(FileReader):
    """Each line as a row, or the whole file as one; `.gz` is unpacked.

    A line ends with a line feed, a carriage return, or both, which are left out; an empty line is empty text.
    """

    name: ClassVar[str] = "text"
    label: ClassVar[str] = "Text lines"
    extensions: ClassVar[tuple[str, ...]] = (".txt", ".log", ".txt.gz", ".log.gz")
    may_be_empty: ClassVar[bool] = True

    rows: Literal["lines", "file"] = option("lines", "A row per line, or one for the whole file.", "file", "select")
    column: NewColumn = option("text", "Name of the column.", "line")
    line_number: NewColumn | None = option(None, "New column with the line's number, from 1.", "line_number")
    skip: int = option(0, "Lines to leave out at the top.", 2, "number", ge=0)
    encoding: Encoding = option("auto", "Of the text; UTF-8 or by its mark.", "windows-1252", "combobox")

    def lines_needed(self) -> int | None:
        """The settings say which columns there are."""
        return 0

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file's text. Raises NodeError: `duplicate_column`, `too_large`."""
        if self.line_number and self.line_number.lower() == self.column.lower():
            message = f"'{self.line_number}' would be the name of two columns."
            raise NodeError(message, code="duplicate_column", path="/config/line_number")
        table = (
            lines(path, self.path, self.encoding, context, self.skip)
            if self.rows == "lines"
            else whole(path, self.path, self.encoding, context)
        )
        number = [f"number AS {quote(self.line_number)}"] if self.line_number else []
        return table.project(", ".join([*number, f"text AS {quote(self.column)}"]))


class TextWriter(Writer):
    """One column, a line per row. Null is an empty line; a line end inside a text is written as it is.

    `append` keeps the old lines as they are, and ends new ones like them.
    """

    name: ClassVar[str] = "text"
    label: ClassVar[str] = "Text lines"
    extensions: ClassVar[tuple[str, ...]] = TextReader.extensions[:2]
    loses: ClassVar[lossy.Losses] = lossy.TEXT_FILE

    column: str | None = option(None, "The column to write; the table's only one by default.", "text")
    line_end: LineEnd = option("\n", "After each row.", "\r\n", "select")
    encoding: Encoding = option("utf-8", "Of the text.", "utf-8-sig", "combobox")

    def check(self, table: Relation) -> None:
        """There is one column, or the setting says which. Raises NodeError: `no_table`, `unknown_column`."""
        if self.column is None and len(table.columns) != 1:
            message = f"Text holds one column, and this table has {len(table.columns)}: say which to write."
            raise NodeError(message, code="no_table", path="/config/column", hint=listing(table.columns))
        if self.column is not None and self.column not in table.columns:
            message = f"Column '{self.column}' is not in this table.{near(self.column, table.columns)}"
            raise NodeError(message, code="unknown_column", path="/config/column", hint=listing(table.columns))

    def prepare(self, table: Relation, context: Context) -> Relation:
        """The one column, as text."""
        name = self.column or table.columns[0]
        return table.project(f"{quote(name)}::VARCHAR AS {quote(name)}")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Line by line."""
        count = 0
        with lines_of(path, self.encoding, self.line_end) as (file, end):
            for texts in _texts(self.prepare(table, context)):
                file.write("".join(f"{text or ''}{end}" for text in texts))
                count += len(texts)
        return count

    def begin(self, old: Path, place: Path) -> None:
        """Bring along the old lines."""
        bring(old, place, self.encoding)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """Nothing: the old lines are kept as they are."""
        return None


def _texts(table: Relation) -> Iterator[list[str | None]]:
    with batches(table, 65_536) as (_, parts):
        for batch in parts:
            yield batch.column(0).to_pylist()

"""`csv`: delimited text, by DuckDB's reader and writer."""

import io
import re
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import duckdb
from pydantic import Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.formats import csv_layout as layout
from orchestrator.formats import csv_style
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.csv_blanks import unless_blank
from orchestrator.formats.csv_fields import Marks, whole
from orchestrator.formats.csv_groups import Thousands, check_groups
from orchestrator.formats.csv_late import check_late
from orchestrator.formats.csv_lines import sample, some_lines
from orchestrator.formats.csv_marks import Delimiter, Mark, blanks, check_marks
from orchestrator.formats.encodings import NATIVE, Encoding, as_utf8, encoding_of, head
from orchestrator.formats.finite import as_json
from orchestrator.formats.reading import read
from orchestrator.formats.text_types import is_json, of_text
from orchestrator.formats.workplace import empty
from orchestrator.paths import resolve
from orchestrator.sql import literal, quote
from orchestrator.suggest import listing, near

SAMPLE = 20_480
# Where DuckDB looks at the file itself it knows how large it is, and plans joins by that. It looks each time that a
# relation is built on it: a short look for no types at all, because those have been found out.
SHORT_LOOK = {"auto_detect": True, "sample_size": 2_048, "auto_type_candidates": ["VARCHAR"]}
RAGGED: dict[str, dict[str, Any]] = {
    "fail": {},
    "fill": {"strict_mode": False, "null_padding": True, "parallel": False, "auto_detect": False},
    "skip": {"ignore_errors": True, "auto_detect": False},
}
BUFFER = 8 << 20  # bytes that are read at once; the longest line


class CsvReader(FileReader):
    """Delimited text: comma, semicolon, tab or any other delimiter; `.gz` is unpacked.

    Columns get the narrowest type that fits the first rows; dates in more than one order stay text. A fraction or a
    code such as `007` among whole numbers, a time among days, or a zone among times without one, that comes after these
    rows ends the run; of a file of more than 32 MiB only lines from all over it are looked at: with `sample_size: -1`
    all rows decide. A number too large for a DOUBLE, such as 1e400, is infinite, as `inf` is; as VARCHAR it is kept.
    """

    name: ClassVar[str] = "csv"
    label: ClassVar[str] = "CSV"
    extensions: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".txt", ".csv.gz")

    delimiter: Delimiter = option("auto", "Between two fields; found out by default.", ";")
    quote: Mark = option('"', "Around a field that holds a delimiter; empty for none.", '"')
    escape: Mark = option('"', "Before a quote inside a field.", "\\")
    header: Literal["auto", True, False] = option("auto", "Whether the first line names the columns.", True, "select")
    encoding: Encoding = Field("auto", description="Of the text; UTF-8 or by its mark.", examples=["windows-1252"])
    null_values: list[str] = option([], "Fields that mean null, besides the empty field.", ["NA", "-"], "list")
    blanks: bool = option(
        True, "In columns of numbers and times NA, N/A, NULL, None, \\N, #N/A and - mean null too.", False, "checkbox"
    )
    quoted_empty: Literal["auto", "text", "null"] = option(
        "auto", 'What "" means: empty text, or null; null where a number is expected.', "null", "select"
    )
    skip: int = option(0, "Lines to leave out at the top.", 2, "number", ge=0)
    types: dict[str, ColumnType] = option({}, "Types of single columns.", {"zip": "VARCHAR"}, "types")
    date_format: str | None = option(None, "How dates are written.", "%d.%m.%Y")
    timestamp_format: str | None = option(None, "How times are written.", "%d.%m.%Y %H:%M")
    decimal_separator: Literal[".", ","] = option(".", "Before the fraction of a number.", ",", "select")
    thousands_separator: Thousands = option("", "Between groups of three digits of a number.", "'", "select")
    sample_size: int = option(SAMPLE, "Rows that decide on the types; -1 for all.", -1, "number", ge=-1)
    ragged: Literal["fail", "fill", "skip"] = option(
        "fail", "Rows with too few or too many fields: fail; fill with null and drop what is too much; skip the row "
        "(also one whose value does not fit its column).", "fill", "select",
    )  # fmt: skip

    @model_validator(mode="after")
    def _apart(self) -> Self:
        check_marks(self.delimiter, self.quote, self.escape, null_values=self.null_values)
        check_groups(self.thousands_separator, self.decimal_separator, self.delimiter, self.quote)
        return self

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file, or over a UTF-8 copy in the run's folder where DuckDB cannot read it."""
        encoding = encoding_of(path, self.encoding)
        start = self._start(path, encoding)
        if encoding in NATIVE and not layout.mixed_line_ends(start, self.quote):
            options = self._options(start) | ({"encoding": "latin-1"} if NATIVE[encoding] == "latin-1" else {})
            return self._relation(context.session.connection, path, options, context)
        if context.design:
            return self._described(path, encoding, start, context)
        folder = context.scratch or Path(tempfile.gettempdir())
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / f"{uuid.uuid4().hex}.csv"
        as_utf8(path, encoding, copy, newline=layout.newline(start, self.quote))
        return self._relation(context.session.connection, copy, self._options(start), context)

    def lines_needed(self) -> int | None:
        """Twice the sample: a field in quotes may have several lines."""
        return None if self.sample_size < 0 else self.skip + 2 * max(self.sample_size, 1024)

    def _start(self, path: Path, encoding: str) -> str:
        found = "".join(islice(io.StringIO(head(path, encoding), newline=""), self.skip, None))
        if not found.strip():
            raise NodeError(f"File '{self.path}' is empty: it has no row and no header.", code="file_empty")
        return found

    def _described(self, path: Path, encoding: str, start: str, context: Context) -> Relation:
        """An empty table of the columns; a session that only describes has no folder to put a copy into."""
        lines = self.lines_needed()
        with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:", config={"threads": 1}) as connection:
            copy = Path(folder) / "head.csv"
            as_utf8(path, encoding, copy, lines, layout.newline(start, self.quote))
            columns, _, blank = self._layout(connection, copy, self._options(start))
        return empty(context, columns | blank)

    def _options(self, start: str) -> dict[str, Any]:
        delimiter = layout.find_delimiter(start, self.quote) if self.delimiter == "auto" else self.delimiter
        made: dict[str, Any] = {
            "delim": delimiter,
            "quote": self.quote,
            "escape": self.escape if self.quote else "",
            "skip": self.skip,
            "nullstr": ["", *self.null_values],
            "decimal_separator": self.decimal_separator,
            "buffer_size": BUFFER,
        }
        if self.header != "auto":
            made["header"] = self.header
        elif layout.names_alone(start, delimiter, self.quote):
            made["header"] = True
        formats = {"dateformat": self.date_format, "timestampformat": self.timestamp_format}
        formats["thousands"] = self.thousands_separator
        return made | {key: value for key, value in formats.items() if value}

    def _relation(
        self, connection: duckdb.DuckDBPyConnection, path: Path, options: dict[str, Any], context: Context
    ) -> Relation:
        columns, found, blank = self._layout(connection, path, options)
        if self.blanks and not self.types and "VARCHAR" not in columns.values():
            options = options | {"nullstr": [*options["nullstr"], *blanks(options)]}
        given = {**options, **found, **RAGGED[self.ragged], "columns": columns}
        if not context.design:
            kinds = columns | blank
            said = {name: kind for name, kind in kinds.items() if name not in self.types}
            lines = some_lines(path, context.scratch)
            check_late(connection, path, given, said, lines, sample=self.sample_size, name=self.path)
            texts = [name for name, kind in kinds.items() if kind == "VARCHAR"]
            if texts and lines and self.ragged != "skip":  # which would skip rows with other texts
                context.session.few.foresee(texts, sample(lines, given))
        table = connection.sql(read("read_csv", path, given))
        fields = ", ".join(unless_blank(name, blank.get(name), self.path) for name in columns)
        return table.project(fields) if blank else table

    def _layout(
        self, connection: duckdb.DuckDBPyConnection, path: Path, options: dict[str, Any]
    ) -> tuple[dict[str, str], Mapping[str, Any], dict[str, str]]:
        """Columns with the types to read, DuckDB's options, and the types of text columns whose blanks are null."""
        found = layout.sniff(connection, path, options, self.sample_size)
        sample = layout.sample(path, self.quote, self.sample_size)
        empty_is_null = self.quoted_empty == "null"
        if self.quoted_empty == "auto" and sample is None:
            text = layout.sniff(connection, path, options | {"allow_quoted_nulls": False}, self.sample_size)
            empty_is_null = text.columns != found.columns
        columns = dict(found.columns)
        blank: dict[str, str] = {}
        may_be_blank = sample is None or layout.has_blanks(sample, options["delim"])
        if "VARCHAR" in columns.values() and self.blanks and may_be_blank:
            more = options | {"nullstr": [*options["nullstr"], *blanks(options)]}
            wanted = layout.sniff(connection, path, more, self.sample_size).columns
            blank = layout.with_blanks(columns, wanted, {**options, **found.options})
        for name, kind in self.types.items():
            if name not in columns:
                with at(f"/types/{name}"):
                    message = f"Column '{name}' is not in '{self.path}'.{near(name, columns)}"
                    raise NodeError(message, code="unknown_column", hint=listing(columns))
            columns[name] = kind
            blank.pop(name, None)
        looks = SHORT_LOOK if found.strict and not self.types else {"auto_detect": False}
        return columns, {**found.options, **looks, "allow_quoted_nulls": empty_is_null}, blank


class CsvWriter(Writer):
    """Delimited text. Null is an empty field or `null_value`, and empty text is `""`.

    Geometry is WKT, nested values are JSON. `append` keeps the old file's byte order mark and line ends.
    """

    name: ClassVar[str] = "csv"
    geometry_as: ClassVar[GeometryAs] = "text"
    label: ClassVar[str] = "CSV"
    extensions: ClassVar[tuple[str, ...]] = CsvReader.extensions

    delimiter: Delimiter = option(",", "Between two fields.", ";")
    quote: Annotated[str, Field(min_length=1, max_length=1)] = option('"', "Around a field that needs it.", "'")
    escape: Annotated[str, Field(min_length=1, max_length=1)] = option('"', "Before a quote inside a field.", "\\")
    header: bool = option(True, "Write the column names as the first line.", True, "checkbox")
    encoding: Encoding = Field("utf-8", description="Of the text.", examples=["utf-8-sig"])
    null_value: str = option("", "What is written for null.", "NA")
    quote_all: bool = option(False, "Put quotes around every field.", True, "checkbox")
    date_format: str | None = option(None, "How dates are written.", "%d.%m.%Y")
    timestamp_format: str | None = option(None, "How times are written.", "%d.%m.%Y %H:%M")
    decimal_separator: Literal[".", ","] = option(".", "Before the fraction of a number.", ",", "select")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        check_marks(self.delimiter, self.quote, self.escape, null_value=self.null_value)
        return self

    def begin(self, old: Path, place: Path) -> None:
        """Bring along the byte order mark and the line ends of the old file."""
        csv_style.bring(old, place)

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """COPY, so that a lazy input is computed here and once."""
        style = csv_style.style(path, self.encoding, self.quote)
        target = path.with_name(path.name + ".csv") if path.suffix == ".gz" else path.with_name("utf-8.csv")
        target = path if style.plain else target
        rows = self.prepare(table, context)
        own = self._own_fields()
        given = {
            "FORMAT": "csv", "DELIMITER": self.delimiter, "QUOTE": "" if own else self.quote,
            "ESCAPE": "" if own else self.escape, "NULLSTR": "" if own else self.null_value,
            "NEW_LINE": style.line_end.replace("\r", "\\r").replace("\n", "\\n"),
        }  # fmt: skip
        view = context.session.name(own.rows(rows, header=self.header) if own else rows)
        said = [f"{key} {literal(value)}" for key, value in given.items()]
        said += [f"HEADER {str(self.header).lower()}", *(["FORCE_QUOTE *"] if self.quote_all else [])]
        query = f"COPY (FROM {view}) TO {literal(str(target))} ({', '.join(said)})"
        with whole():
            found = context.session.connection.execute(query).fetchall()
        if not style.plain:
            style.encode(target, path)
            target.unlink()
        return int(found[0][0])

    def _own_fields(self) -> Marks | None:
        """Where DuckDB would write empty text as an empty field beside another word for null, or tear a row."""
        if self.quote and (self.quote_all or not self.null_value):
            return None
        return Marks(self.delimiter, self.quote, self.escape, self.null_value)

    def comes_back(self, table: Relation) -> Mapping[str, str]:
        """By the forms that the settings of its reader name, too."""
        return {name: of_text(kind) for name, kind in zip(table.columns, table.types, strict=True)}

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Nested values as JSON; dates, times and numbers in the forms that are wanted."""
        fields = []
        for name, kind in zip(table.columns, table.types, strict=True):
            field, text = quote(name), str(kind)
            form = {"DATE": self.date_format, "TIMESTAMP": self.timestamp_format}.get(re.split(r"[ _]", text)[0])
            if is_json(kind):
                field = as_json(name, kind)
            elif form:
                field = f"strftime({field}, {literal(form)}) AS {field}"
            elif self.decimal_separator == "," and text.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
                field = f"replace({field}::VARCHAR, '.', ',') AS {field}"
            fields.append(field)
        return table.project(", ".join(fields))

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """All columns as text, so that what is there stays as it is; None where there is not even a header.

        Raises NodeError, `type_mismatch`, where there are no names and another number of columns.
        """
        from orchestrator.formats import readers

        if csv_style.is_bare(resolve(context.root, self.path)):
            return None
        kind = readers()[self.name]
        shared = {key: value for key, value in self if key in kind.model_fields}
        shared |= {"quoted_empty": "text", "blanks": False, "null_values": [self.null_value]}
        found = kind.model_validate(shared).load(replace(context, design=True))
        types = dict.fromkeys(found.columns, "VARCHAR")
        old = kind.model_validate({**shared, "types": types}).load(context)
        if self.header:
            return old
        if len(old.columns) != len(table.columns):
            message = (
                f"'{self.path}' has {len(old.columns)} columns and no names, {len(table.columns)} are to be added."
            )
            hint = "the same columns in the same order; or header: true"
            raise NodeError(message, code="type_mismatch", port="table", hint=hint)
        return old.project(
            ", ".join(f"{quote(a)} AS {quote(b)}" for a, b in zip(old.columns, table.columns, strict=True))
        )

"""`json`: a list of objects, at the top of a document or inside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError, at
from orchestrator.formats import json_records, lossy
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.encodings import opened
from orchestrator.formats.finite import finite
from orchestrator.formats.json_records import Pointer
from orchestrator.formats.samples import SampleSize
from orchestrator.formats.text_types import of_json
from orchestrator.formats.unwritten import rows_or_none
from orchestrator.formats.workplace import empty, known, new_file, plain_text, workplace
from orchestrator.sql import literal


class JsonReader(FileReader):
    """A list of objects. Objects and lists inside become STRUCT and LIST columns.

    Whole numbers keep their digits; inside of others those beyond BIGINT are DOUBLE.
    """

    name: ClassVar[str] = "json"
    label: ClassVar[str] = "JSON"
    extensions: ClassVar[tuple[str, ...]] = (".json", ".json.gz")

    records: Pointer | None = option(
        None, "Where the list is, as a JSON pointer; at the top by default.", "/data/items"
    )
    types: dict[str, ColumnType] = option({}, "Types of single columns.", {"price": "DECIMAL(18, 2)"}, "types")
    sample_size: SampleSize = option(
        json_records.SAMPLE, "Records that decide on columns and types; -1 for all.", -1, "number", ge=-1
    )

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file; the list inside a document is first copied out, one object a line."""
        with workplace(context) as (connection, folder):
            file = plain_text(path, folder, unpacked=bool(self.records))
            options: dict[str, Any] = {"format": "array", "sample_size": self.sample_size}
            self._check(file)
            if self.records:
                inside = new_file(folder, ".ndjson")
                with at("/records"):
                    most = self.sample_size if context.design else -1
                    json_records.extract(connection, file, self.records, inside, most)
                file, options["format"] = inside, "newline_delimited"
            if not _has_records(file, options["format"]):
                return self._empty(context)
            if connection is context.session.connection or file == path:
                return json_records.table(
                    context.session.connection, file, options, self.types, late=not context.design
                )
            found = json_records.table(connection, file, options, self.types)
            return empty(context, {name: known(kind) for name, kind in zip(found.columns, found.types, strict=True)})

    def _check(self, path: Path) -> None:
        start, end = _ends(path)
        if not start:
            raise NodeError(f"File '{self.path}' is empty: it holds no JSON.", code="file_empty")
        if self.records:
            return
        if start[:1] != b"[":
            kind = "an object" if start[:1] == b"{" else "a single value"
            hint = "records: where the list is, such as /items; source_type ndjson for one object a line"
            message = f"'{self.path}' is no table: it holds {kind}, and a list of objects is needed."
            raise NodeError(message, code="no_table", hint=hint)
        if not path.suffix == ".gz" and end != b"]":
            raise NodeError(f"'{self.path}' is cut off: its list does not end with ']'.", code="unreadable_file")

    def _empty(self, context: Context) -> Relation:
        if self.types:
            return empty(context, self.types)
        message = f"'{self.path}' holds an empty list: its columns cannot be known."
        raise NodeError(message, code="file_empty", hint="types: names and types of the columns")


def _ends(path: Path) -> tuple[bytes, bytes]:
    """The beginning without blanks, and the last byte that is not blank (nothing for a packed file)."""
    with opened(path) as file:
        start = file.read(1 << 16).lstrip()
        if path.suffix == ".gz":
            return start, b""
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        return start, file.read().rstrip()[-1:]


def _has_records(path: Path, kind: str) -> bool:
    start, _ = _ends(path)
    return bool(start) and not (kind == "array" and start[1:].lstrip()[:1] == b"]")


class JsonWriter(Writer):
    """A list of objects. Times are ISO text, geometry is WKT, and numbers that JSON lacks (NaN, infinity) are null."""

    name: ClassVar[str] = "json"
    geometry_as: ClassVar[GeometryAs] = "text"
    label: ClassVar[str] = "JSON"
    extensions: ClassVar[tuple[str, ...]] = JsonReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.NOT_FINITE,)
    array: ClassVar[bool] = True

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """COPY, so that a lazy input is computed here and once."""
        view = context.session.name(finite(table))
        query = f"COPY (FROM {view}) TO {literal(str(path))} (FORMAT json, ARRAY {self.array})"
        return int(context.session.connection.execute(query).fetchall()[0][0])

    def comes_back(self, table: Relation) -> Mapping[str, str]:
        """As JSON's values are read."""
        return {name: of_json(kind) for name, kind in zip(table.columns, table.types, strict=True)}

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """What is there; None where that is no row."""
        return rows_or_none(super().existing_rows, table, context)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """NaN and infinity become null."""
        return finite(table)

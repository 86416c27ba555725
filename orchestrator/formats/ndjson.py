"""`ndjson`: one JSON object a line."""

from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import json_records
from orchestrator.formats.base import Context, FileReader, Relation, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.encodings import opened
from orchestrator.formats.json import JsonWriter
from orchestrator.formats.samples import SampleSize
from orchestrator.formats.workplace import empty, known, plain_text, workplace


class NdjsonReader(FileReader):
    """One JSON object a line (JSON Lines). Objects and lists inside become STRUCT and LIST columns.

    Whole numbers keep their digits; inside of others those beyond BIGINT are DOUBLE.
    """

    name: ClassVar[str] = "ndjson"
    label: ClassVar[str] = "JSON Lines"
    extensions: ClassVar[tuple[str, ...]] = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")

    types: dict[str, ColumnType] = option({}, "Types of single columns.", {"price": "DECIMAL(18, 2)"}, "types")
    sample_size: SampleSize = option(
        json_records.SAMPLE, "Records that decide on columns and types; -1 for all.", -1, "number", ge=-1
    )

    def lines_needed(self) -> int | None:
        """The sample."""
        return self.sample_size if self.sample_size >= 0 else None

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file. Raises NodeError: `file_empty`; `no_table` where the first line is no object."""
        with workplace(context) as (connection, folder):
            file = plain_text(path, folder)
            with opened(file) as opening:
                start = opening.read(1 << 16).lstrip()
            if not start:
                raise NodeError(f"File '{self.path}' is empty: it holds no JSON.", code="file_empty")
            if start[:1] != b"{":
                message = f"'{self.path}' is no table: each line must be one JSON object."
                raise NodeError(message, code="no_table", hint="source_type json for a list of objects")
            options: dict[str, Any] = {"format": "newline_delimited", "sample_size": self.sample_size}
            if connection is context.session.connection or file == path:
                return json_records.table(
                    context.session.connection, file, options, self.types, late=not context.design
                )
            found = json_records.table(connection, file, options, self.types)
            return empty(context, {name: known(kind) for name, kind in zip(found.columns, found.types, strict=True)})


class NdjsonWriter(JsonWriter):
    """One JSON object a line. Times are ISO text, geometry is WKT, numbers that JSON lacks are null."""

    name: ClassVar[str] = "ndjson"
    label: ClassVar[str] = "JSON Lines"
    extensions: ClassVar[tuple[str, ...]] = NdjsonReader.extensions
    array: ClassVar[bool] = False

"""`tsv`: text delimited by tabs."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import duckdb
from pydantic import model_validator

from orchestrator.formats.base import Context, Relation, option
from orchestrator.formats.csv import CsvReader, CsvWriter
from orchestrator.formats.csv_fields import Marks
from orchestrator.formats.csv_marks import Delimiter, Mark
from orchestrator.sql import literal, quote

NULL = "\\N"
Escapes = Literal["quotes", "backslash"]
MEANT = "A field with a tab or a line end is in quotes; or it has \\t, \\n, \\r and \\\\, and null is \\N."


class TsvReader(CsvReader):
    """Text delimited by tabs, with all that `csv` can do; `.gz` is unpacked."""

    name: ClassVar[str] = "tsv"
    label: ClassVar[str] = "TSV"
    extensions: ClassVar[tuple[str, ...]] = (".tsv", ".tab", ".tsv.gz")

    delimiter: Delimiter = option("\t", "Between two fields.", "\t")
    escapes: Escapes = option("quotes", MEANT, "backslash", "select")

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, given: Any) -> Any:
        return {**given, "quote": ""} if _by_backslash(given) else given

    def _options(self, start: str) -> dict[str, Any]:
        made = super()._options(start)
        return made if self.escapes == "quotes" else made | {"nullstr": [NULL, *self.null_values]}

    def _relation(
        self, connection: duckdb.DuckDBPyConnection, path: Path, options: dict[str, Any], context: Context
    ) -> Relation:
        table = super()._relation(connection, path, options, context)
        # A backslash goes by way of a letter that no text has: what is behind it must not be taken for an escape.
        letters = (("\\\\", "\0"), ("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r"), ("\0", "\\"))
        return table if self.escapes == "quotes" else _replaced(table, letters)


class TsvWriter(CsvWriter):
    """Text delimited by tabs. Null is an empty field and empty text is `""`; with backslashes null is `\\N`."""

    name: ClassVar[str] = "tsv"
    label: ClassVar[str] = "TSV"
    extensions: ClassVar[tuple[str, ...]] = TsvReader.extensions

    delimiter: Delimiter = option("\t", "Between two fields.", "\t")
    escapes: Escapes = option("quotes", MEANT, "backslash", "select")
    quote: Mark = option('"', "Around a field that needs it.", "'")
    escape: Mark = option('"', "Before a quote inside a field.", "\\")

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, given: Any) -> Any:
        return {"null_value": NULL, **given, "quote": "", "escape": ""} if _by_backslash(given) else given

    def _own_fields(self) -> Marks | None:
        return super()._own_fields() if self.escapes == "quotes" else None

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """As `csv`, and with backslashes before what would end a field."""
        letters = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
        rows = self.prepare(table, context)
        return super().write(rows if self.escapes == "quotes" else _replaced(rows, letters), path, context)


def _by_backslash(given: Any) -> bool:
    return isinstance(given, dict) and given.get("escapes") == "backslash"


def _replaced(table: Relation, letters: tuple[tuple[str, str], ...]) -> Relation:
    """The rows with these letters replaced in all text, one kind after the other."""
    fields = []
    for name, kind in zip(table.columns, map(str, table.types), strict=True):
        field = quote(name)
        for old, new in letters if kind == "VARCHAR" else ():
            field = f"replace({field}, {_text(old)}, {_text(new)})"
        fields.append(f"{field} AS {quote(name)}")
    return table.project(", ".join(fields))


def _text(letters: str) -> str:
    return "chr(0)" if letters == "\0" else literal(letters)

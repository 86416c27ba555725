"""Values for columns of an SQLite table, each as it was: SQLite itself would make another of some without a word."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from orchestrator.formats import sqlite_tables
from orchestrator.formats.fitting import fitted, misfit
from orchestrator.formats.sqlite_columns import Column
from orchestrator.formats.streams import batches
from orchestrator.ops.base import Relation
from orchestrator.sql import quote

TAKES = {("timestamp", "date")}
LIKE_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
BATCH = 10_000


def fitting(
    rows: Relation, declared: Mapping[str, str], columns: Mapping[str, Column], table: str
) -> Generator[list[tuple[Any, ...]]]:
    """The rows as SQLite takes them, some at a time; `columns` are those of the table for each that comes in.

    Raises:
        NodeError: `type_mismatch`: a column would change a value, or its reader would give it back as something else.
    """
    for batch in _batches(rows, declared, columns):
        values = [
            _checked(each, sqlite_tables.meaning(declared[name]), column, table).to_pylist()
            for each, (name, column) in zip(batch, columns.items(), strict=True)
        ]
        yield list(zip(*values, strict=True))


def keys_of(
    rows: Relation, declared: Mapping[str, str], columns: Mapping[str, Column]
) -> Generator[list[tuple[Any, ...]]]:
    """These columns of the rows as `fitting` gives them; a value that fits none is equal to none."""
    for batch in _batches(rows, declared, columns):
        yield list(zip(*(each.to_pylist() for each in batch), strict=True))


def _batches(rows: Relation, declared: Mapping[str, str], columns: Mapping[str, Column]) -> Iterator[list[Any]]:
    fields = (_field(name, sqlite_tables.meaning(declared[name]), column.kind) for name, column in columns.items())
    with batches(rows.project(", ".join(fields)), BATCH) as (_, parts):
        for batch in parts:
            yield batch.columns


def _field(name: str, kind: str, wanted: str) -> str:
    """The column as SQLite takes it: times as text, and all but bytes as text for a column of text."""
    cast = "::TIMESTAMP" if (kind, wanted) == ("date", "timestamp") else ""
    text = "::VARCHAR" if kind in sqlite_tables.TIMES or (wanted == "text" and kind != "blob") else ""
    return f"{quote(name)}{cast}{text} AS {quote(name)}"


def _checked(values: Any, kind: str, column: Column, table: str) -> Any:
    from pyarrow import compute

    place, said = f"table '{table}'", f"declared {column.said or 'without a type'}"
    if column.kind == "any":
        # SQLite makes a number of such a text where it does not know the declared type.
        numbers = kind == "text" and column.said and values.filter(compute.match_substring_regex(values, LIKE_NUMBER))
        if numbers:
            raise misfit(numbers, column.name, said, place)
        return values
    if kind == column.kind or (column.kind, kind) in TAKES or (column.kind == "text" and kind != "blob"):
        return values
    return fitted(values, sqlite_tables.schema({"": column.kind}).field(0).type, column.name, said, place)

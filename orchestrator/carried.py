"""Relations as Arrow and back, with the types that Arrow lacks: they travel as text, their name beside them.

DuckDB's own way (`arrow_lossless_conversion`) makes extension types of them, and of booleans, that writers refuse.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from duckdb import DuckDBPyRelation as Relation

from orchestrator.sql import names, quote

if TYPE_CHECKING:
    import pyarrow as pa

ZONED = "TIME WITH TIME ZONE"
AS_TEXT = re.compile(rf"\b(UUID|JSON)\b|^{ZONED}$")
KEY = b"duckdb.type"


def to_arrow(table: Relation) -> "pa.Table":
    """The rows as an Arrow table that `Session.arrow` reads back in the same types."""
    import pyarrow as pa

    made = _textual(table).to_arrow_table()
    return pa.Table.from_arrays(made.columns, schema=_marked(made.schema, table))


@contextmanager
def batches(table: Relation, size: int) -> Iterator["pa.RecordBatchReader"]:
    """The same, so many rows at a time; tables made with the reader's schema are read back in the same types."""
    import pyarrow as pa

    with _textual(table).to_arrow_reader(size) as reader:
        yield pa.RecordBatchReader.from_batches(_marked(reader.schema, table), reader)


def restored(table: Relation, schema: "pa.Schema") -> Relation:
    """A relation over Arrow of this schema, its columns in the types that they had."""
    kinds = {field.name: field.metadata[KEY].decode() for field in schema if field.metadata and KEY in field.metadata}
    return table.project(_fields(table, kinds)) if kinds else table


def _textual(table: Relation) -> Relation:
    """Times with a zone as text; what else Arrow lacks becomes text by itself."""
    zoned = [name for name, kind in names(table).items() if kind == ZONED]
    return table.project(_fields(table, dict.fromkeys(zoned, "VARCHAR"))) if zoned else table


def _marked(schema: "pa.Schema", table: Relation) -> "pa.Schema":
    for name, kind in names(table).items():
        if AS_TEXT.search(kind):
            place = schema.get_field_index(name)
            schema = schema.set(place, schema.field(place).with_metadata({KEY: kind.encode()}))
    return schema


def _fields(table: Relation, kinds: dict[str, Any]) -> str:
    """A SELECT list: the columns, these cast."""
    quoted = {name: quote(name) for name in table.columns}
    return ", ".join(f"CAST({sql} AS {kinds[name]}) AS {sql}" if name in kinds else sql for name, sql in quoted.items())

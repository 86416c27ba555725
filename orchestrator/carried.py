"""Relations as Arrow and back, with the types that Arrow lacks: they travel as text, their name beside them.

DuckDB's own way (`arrow_lossless_conversion`) makes extension types of them, and of booleans, that writers refuse.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb import DuckDBPyRelation as Relation

from orchestrator.sql import names, quote

if TYPE_CHECKING:
    import pyarrow as pa

ZONED = "TIME WITH TIME ZONE"
AS_TEXT = re.compile(rf"\b(UUID|JSON)\b|^{ZONED}$")
KEY = b"duckdb.type"
STEP = 512  # rows that DuckDB hands over at once: no column of them may have 2 GiB of text or geometry
FEW = 16  # of these, where there is such a column
LARGEST = 1 << 28
TOO_LONG = "maximum total string size", "offset overflow"  # DuckDB's and Arrow's words for more than 2 GiB


def to_arrow(table: Relation) -> "pa.Table":
    """The rows as an Arrow table that `Session.arrow` reads back in the same types."""
    import pyarrow as pa

    try:
        made = _textual(table).to_arrow_table()
    except duckdb.InvalidInputException as error:
        if TOO_LONG[0] not in str(error):
            raise
        return in_pieces(table)
    return pa.Table.from_arrays(made.columns, schema=_marked(made.schema, table))


def in_pieces(table: Relation, largest: int = LARGEST) -> "pa.Table":
    """The same, where a column has more than 2 GiB: in chunks of `largest` bytes, or a little more."""
    with batches(table, STEP**2, largest, FEW) as reader:
        return reader.read_all()


@contextmanager
def batches(table: Relation, size: int, largest: int = LARGEST, step: int = STEP) -> Iterator["pa.RecordBatchReader"]:
    """The same, so many rows at a time, fewer where they would have more than `largest` bytes.

    Tables made with the reader's schema are read back in the same types.
    """
    import pyarrow as pa

    with _textual(table).to_arrow_reader(min(size, step)) as reader:
        yield pa.RecordBatchReader.from_batches(_marked(reader.schema, table), _gathered(reader, size, largest))


def _gathered(reader: Iterable["pa.RecordBatch"], size: int, largest: int) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    rows = weight = 0
    for batch in reader:
        if held and (rows + batch.num_rows > size or weight + batch.nbytes > largest):
            yield pa.concat_batches(held)
            held, rows, weight = [], 0, 0
        held.append(batch)
        rows, weight = rows + batch.num_rows, weight + batch.nbytes
    if held:
        yield pa.concat_batches(held)


def taken(column: "pa.Array | pa.ChunkedArray", rows: Any, largest: int = LARGEST) -> "pa.ChunkedArray":
    """The rows of these numbers; in pieces of some `largest` bytes, for none may have 2 GiB of text or geometry."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces = [rows]
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        ends = np.cumsum(pc.binary_length(column).fill_null(0).to_numpy()[rows], dtype=np.int64)
        pieces = np.split(rows, np.searchsorted(ends, np.arange(largest, ends[-1] if len(ends) else 0, largest)))
    made = [column.take(pa.array(each)) for each in pieces]
    chunks = [chunk for each in made for chunk in (each.chunks if isinstance(each, pa.ChunkedArray) else [each])]
    return pa.chunked_array(chunks, column.type)


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

"""COPY: rows stream from DuckDB to PostgreSQL as CSV, a batch at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.connections.postgres.storing import Stored
from orchestrator.formats.streams import batches
from orchestrator.ops.base import Relation
from orchestrator.sql import quote

BATCH = 50_000
PIECE = 1 << 18


class Csv:
    """A file for psycopg2 to read: null is nothing, empty text is `""`, all other text is quoted."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self._rest = memoryview(b"")
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        """The next bytes, none at the end. psycopg2 hides errors, so that they are kept here."""
        try:
            while not self._rest:
                batch = next(self._batches, None)
                if batch is None:
                    return b""
                self._rest = _written(batch)
        except Exception as error:
            self.error = error
            raise
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


def _written(batch: Any) -> memoryview:
    import pyarrow
    from pyarrow import csv

    sink = pyarrow.BufferOutputStream()
    csv.write_csv(batch, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return memoryview(sink.getvalue())


def copy(cursor: Any, table: Relation, columns: Sequence[Stored], place: str, srids: dict[str, int]) -> int:
    """Append the columns to the table at `place`, which is quoted; returns how many rows.

    Raises what the rows' own query raises, as it is, and psycopg2.Error.
    """
    texts = (f"{each.text(srids.get(each.name, 0))} AS {quote(each.name)}" for each in columns)
    into = f"COPY {place} ({', '.join(quote(each.name) for each in columns)}) FROM STDIN (FORMAT csv)"
    with batches(table.project(", ".join(texts)), BATCH) as (_, parts):
        rows = Csv(parts)
        try:
            cursor.copy_expert(into, rows, PIECE)
        except Exception:
            if rows.error is not None:
                raise rows.error from None
            raise
    return int(cursor.rowcount)

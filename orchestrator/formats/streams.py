"""Rows as a stream of Arrow batches."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from orchestrator.arrow_errors import own
from orchestrator.ops.base import Context, Relation

IN_MEMORY = 64 << 20


@contextmanager
def batches(table: Relation, rows: int) -> Iterator[tuple[Any, Iterator[Any]]]:
    """The Arrow schema, and the rows as they are computed; an error of DuckDB keeps its class.

    Arrow hands it on as an `OSError` with DuckDB's text. At the end nothing more is computed: else the connection would
    be busy with what nobody asks for.
    """
    with table.to_arrow_reader(rows) as reader:
        yield reader.schema, _own(reader)


def _own(reader: Iterable[Any]) -> Iterator[Any]:
    try:
        yield from reader
    except OSError as error:
        raise own(error) from None


def stored(schema: Any, made: Iterable[Any], context: Context) -> Relation:
    """Arrow batches that Python makes as a relation: in memory while they are few, else through a stored table.

    In design none of them is made. An error of `made` comes out as it is.
    """
    import pyarrow
    import pyarrow.parquet

    if context.design:
        return context.session.arrow(schema.empty_table())
    first, size, rest = [], 0, iter(made)
    for batch in rest:
        first.append(batch)
        size += batch.nbytes
        if size > IN_MEMORY and context.scratch is not None:
            break
    else:
        return context.session.arrow(pyarrow.Table.from_batches(first, schema))
    context.scratch.mkdir(parents=True, exist_ok=True)
    path = context.scratch / f"{uuid.uuid4().hex}.parquet"
    with pyarrow.parquet.ParquetWriter(path, schema, compression="lz4") as file:
        for batch in chain(first, rest):
            file.write_batch(batch)
    return context.session.parquet(path)

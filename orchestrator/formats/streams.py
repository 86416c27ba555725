"""Rows as a stream of Arrow batches."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import duckdb

from orchestrator.ops.base import Relation


def batches(table: Relation, rows: int) -> tuple[Any, Iterator[Any]]:
    """The Arrow schema, and the rows as they are computed; an error of DuckDB keeps its class.

    Arrow hands it on as an `OSError` with DuckDB's text.
    """
    reader = table.to_arrow_reader(rows)

    def stream() -> Iterator[Any]:
        try:
            yield from reader
        except OSError as error:
            raise own(error) from None

    return reader.schema, stream()


def own(error: OSError) -> Exception:
    """The error as DuckDB would have raised it."""
    kind, found, _ = str(error).partition(" Error: ")
    known = _classes().get(kind.replace(" ", "").lower())
    return known(str(error)) if found and known else error


@lru_cache(maxsize=1)
def _classes() -> dict[str, type[Exception]]:
    suffix = "Exception"
    names = [name for name in vars(duckdb) if name.endswith(suffix)]
    return {name.removesuffix(suffix).lower(): getattr(duckdb, name) for name in names}

"""Which file and column a value is in that cannot be read: DuckDB reads some files late, and says neither."""

from contextlib import suppress

import duckdb

from orchestrator.compiler.run import RunContext
from orchestrator.errors import NodeError
from orchestrator.faults import SAME_KEY
from orchestrator.formats.problems import BROKEN
from orchestrator.formats.read_files import read_late
from orchestrator.ops.base import Context, Relation
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote


def in_file(run: RunContext, error: NodeError) -> NodeError:
    """The error, with the file and the column where it is of a value of a file; else as it came."""
    if not error.message.startswith((BROKEN, SAME_KEY)):
        return error
    context = Context(run.session, run.root, run.folder / "scratch")
    name = None
    for reader, file in read_late(run.session):
        with suppress(NodeError, duckdb.Error):  # such as a file that is gone: the error is told as it came
            name = _broken(reader.one(file, context))
        if name is not None:
            error.message = f"'{file.name}', column '{name}': {error.message[0].lower()}{error.message[1:]}"
            return error
    return error


def _broken(table: Relation) -> str | None:
    """The first column that cannot be read."""
    for name, kind in names(table).items():
        try:
            table.aggregate(f"max({_read(quote(name), kind)})").fetchall()
        except duckdb.InvalidInputException:
            return name
    return None


def _read(column: str, kind: str) -> str:
    """SQL that reads a value of geometry, or one with a map in it, as a whole."""
    if is_geometry(kind):
        return f"octet_length(ST_AsWKB({column})::BLOB)"
    if kind.startswith("MAP(") and kind.endswith(")"):
        return f"cardinality(map_from_entries(map_entries({column})))"  # a map of Parquet is not judged before
    return f"{column}::VARCHAR" if "MAP(" in kind else "1"

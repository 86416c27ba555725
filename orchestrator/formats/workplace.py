"""Where a reader prepares what DuckDB cannot read as it is: the run's folder, or a throw-away one in design."""

import re
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
from pydantic import BaseModel

from orchestrator.formats.encodings import as_utf8, encoding_of
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote

MOST = 10_000  # files that are remembered
UNKNOWN = re.compile(r'"NULL"(?=[,)\[]|$)')


@contextmanager
def workplace(context: Context) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A connection, and a folder that it can read and write.

    In a run both are the run's, and relations of the connection may be handed on. In design, where the session has no
    folder, they are private and gone at the end: only types may leave.
    """
    if not context.design and context.scratch is not None:
        context.scratch.mkdir(parents=True, exist_ok=True)
        yield context.session.connection, context.scratch
        return
    options: dict[str, Any] = {"threads": 2, "memory_limit": "1GB"}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:", config=options) as connection:
        locked = f"SET TimeZone = 'UTC'; SET allowed_directories = ['{folder}', '{context.root.resolve()}']"
        connection.execute(f"{locked}; SET enable_external_access = false; SET lock_configuration = true")
        yield connection, Path(folder)


def new_file(folder: Path, suffix: str) -> Path:
    """A name that no other file has."""
    return folder / f"{uuid.uuid4().hex}{suffix}"


def plain_text(path: Path, folder: Path, *, unpacked: bool = False) -> Path:
    """The file, or a copy of it in UTF-8 where a byte order mark says that it is something else."""
    encoding = encoding_of(path, "auto")
    if encoding == "utf-8" and not (unpacked and path.suffix == ".gz"):
        return path
    copy = new_file(folder, ".txt")
    as_utf8(path, encoding, copy)
    return copy


def empty(context: Context, columns: Mapping[str, str]) -> Relation:
    """No rows, and these columns; their types are DuckDB's own names."""
    fields = ", ".join(f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in columns.items())
    return context.session.connection.sql(f"SELECT {fields} WHERE false")


def known(kind: object) -> str:
    """The name of a type; what has only null in it is text."""
    return UNKNOWN.sub("VARCHAR", str(kind))


T = TypeVar("T")
_remembered: dict[Any, Any] = {}


def remembered(path: Path, settings: BaseModel, made: Callable[[], T]) -> T:
    """What `made` finds out about a file, until it changes: the editor asks after every change of a graph."""
    stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size, type(settings).__name__, settings.model_dump_json())
    if key not in _remembered:
        found = made()
        if len(_remembered) >= MOST:
            _remembered.clear()
        _remembered[key] = found
    return cast("T", _remembered[key])

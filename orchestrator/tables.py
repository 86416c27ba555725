"""The data plane: a locked-down DuckDB session, and relations to and from Parquet, Arrow and (Geo)DataFrames."""

import itertools
import threading
import weakref
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyRelation as Relation

from orchestrator import exact, frames
from orchestrator.carried import restored
from orchestrator.errors import NodeError
from orchestrator.few_values import FewValues
from orchestrator.schema import Column, geometry_columns
from orchestrator.sql import literal, names, quote

PYTHON_SOURCE = "__duckdb_source_"  # DuckDB's name for an Arrow table, which is there as long as its relation is
# A column of more values than the limit gets no dictionary: DuckDB would give it up late, a tenth of the time spent.
STORED = (
    "FORMAT parquet, COMPRESSION lz4, PARQUET_VERSION v2, GEOPARQUET_VERSION 'BOTH', DICTIONARY_SIZE_LIMIT 1000, "
    "WRITE_BLOOM_FILTER false"
)
_ahead: dict[tuple[int, int], "Future[duckdb.DuckDBPyConnection]"] = {}
SESSIONS: "weakref.WeakSet[Session]" = weakref.WeakSet()


class Session:
    """One in-memory DuckDB database that can read and write below `folders` only; it spills to the first of them.

    Locked before anything runs: no other file, no network, no extension, no setting can be reached from SQL.
    `memory_limit` is in bytes. `opened` is the one time that is now for all that is done in it.
    One for `design` alone does not compute constants ahead, which may take for ever where no row would ask for them.
    `given` are the columns of what nodes gave, asked for once: after a statement DuckDB binds a whole query for them.
    """

    def __init__(
        self, folders: Iterable[Path], *, memory_limit: int = 1 << 30, threads: int = 2, design: bool = False
    ) -> None:
        allowed = [str(folder) for folder in folders]
        ahead = _ahead.pop((memory_limit, threads), None)
        self.connection = ahead.result() if ahead else _database(memory_limit, threads)
        self.opened = datetime.now(UTC)
        self._numbers = itertools.count()
        self._views: weakref.WeakKeyDictionary[Relation, str] = weakref.WeakKeyDictionary()
        self.given: weakref.WeakKeyDictionary[Relation, tuple[Column, ...]] = weakref.WeakKeyDictionary()
        self._ordered: weakref.WeakKeyDictionary[Relation, tuple[str, str]] = weakref.WeakKeyDictionary()
        self.few = FewValues(self.connection)
        self._lock(allowed, ["disabled_optimizers = 'expression_rewriter'"] if design else [])
        SESSIONS.add(self)

    def _lock(self, allowed: list[str], more: list[str]) -> None:
        folders = ", ".join(literal(folder) for folder in allowed)
        settings = [
            *more,
            f"temp_directory = {literal(allowed[0] + '/spill')}" if allowed else "temp_directory = ''",
            "TimeZone = 'UTC'",
            "default_null_order = 'nulls_last'",
            "enable_progress_bar = false",
            "parquet_metadata_cache = true",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            f"allowed_directories = [{folders}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ]
        self.connection.execute(";".join(f"SET {setting}" for setting in settings))

    def close(self) -> None:
        """Give back its memory."""
        SESSIONS.discard(self)
        self.connection.close()

    def close_beside(self) -> None:
        """Give back its memory while the caller goes on; the process ends after that."""
        threading.Thread(target=self.close, name="close-session").start()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def name(self, table: Relation) -> str:
        """How SQL reads this relation in a FROM: as a subquery, or as a view where rows from Python are in it.

        A view costs more than it seems: after each, DuckDB binds every relation again that is asked for anything.
        """
        query = table.sql_query()
        return self.view(table) if PYTHON_SOURCE in query else f"({query}\n)"

    def view(self, table: Relation) -> str:
        """The name of a view of this relation, which keeps alive what it reads."""
        if table not in self._views:
            made = f"_r{next(self._numbers)}"
            table.create_view(made)
            self._views[table] = made
        return self._views[table]

    def sql(self, query: str, **tables: Relation) -> Relation:
        """A relation from SQL over others, named in braces: `sql("SELECT * FROM {left} JOIN {right} …", …)`."""
        return self.connection.sql(query.format(**{key: self.name(table) for key, table in tables.items()}))

    def in_order(self, query: str, by: Iterable[str], order: str = "") -> Relation:
        """The rows of a query in the order of columns, quoted names, that then go; nulls come last.

        `order` says it otherwise: ORDER BY's terms, of these columns alone.
        To store it, what is written instead of a column is made before the rows are put in order: less is moved.
        """
        keys = ", ".join(by)
        source = f"FROM ({query}\n) ORDER BY {order or keys}"
        made = self.connection.sql(f"SELECT * EXCLUDE ({keys}) {source}")
        self._ordered[made] = keys, source
        return made

    def parquet(self, *paths: Path) -> Relation:
        """A scan of a stored table, or of several of the same columns; nothing is read yet.

        Its columns are those alone: DuckDB would know of others, such as `filename`, which is a path of the server.
        """
        table = self.connection.read_parquet(list(map(str, paths)) if len(paths) > 1 else str(paths[0]))
        return table.project(exact.read_fields(table))

    def scan(self, path: Path, more: str = "") -> str:
        """A stored table in a FROM, `more` behind its columns."""
        fields = exact.read_fields(self.connection.read_parquet(str(path)))
        return f"(SELECT {fields}{more} FROM read_parquet({literal(str(path))}))"

    def arrow(self, table: Any) -> Relation:
        """A relation over an Arrow table, not copied; types that `carried` marks are given back."""
        return restored(self.connection.from_arrow(table), table.schema)

    def empty(self, table: Relation) -> Relation:
        """An empty table of the same columns, cut off from where they came from."""
        made = f"_t{next(self._numbers)}"
        self.connection.execute(f"CREATE TEMP TABLE {made} AS SELECT * FROM ({table.sql_query()}) LIMIT 0")
        return self.connection.table(made).project("*")  # without `rowid`

    def store(self, table: Relation, path: Path) -> int:
        """Write a relation as Parquet (lz4), its geometry with its coordinate system; returns the rows written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part, columns = path.with_suffix(".part"), self.given.get(table, ())
        texts = exact.stored_fields({each.name: each.type for each in columns} or names(table))
        fields = self.few.fields(columns)
        try:
            try:
                rows = self._copy(table, part, fields | texts)
            except duckdb.Error as error:
                if not self.few.is_other(error):
                    raise
                fields = {}
                rows = self._copy(table, part, texts)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self.few.note(columns, fields, path, rows)
        return rows

    def _copy(self, table: Relation, path: Path, fields: Mapping[str, str]) -> int:
        changed = ", ".join(f"{field} AS {quote(name)}" for name, field in fields.items())
        keys, source = self._ordered.get(table) or ("", f"FROM {self.name(table)}")
        chosen = f"SELECT *{keys and f' EXCLUDE ({keys})'}{changed and f' REPLACE ({changed})'} {source}"
        query = f"COPY ({chosen}) TO {literal(str(path))} ({STORED})"
        return int(self.connection.execute(query).fetchall()[0][0])

    def frame(self, table: Relation) -> Any:
        """The rows as a DataFrame with Arrow types, or a GeoDataFrame where there is a geometry column."""
        return frames.to_frame(table.to_arrow_table(), geometry_columns(table))

    def from_frame(self, frame: Any) -> Relation:
        """A relation over a (Geo)DataFrame's columns; its index is left out. Raises NodeError, `mixed_types`."""
        import pyarrow

        try:
            return self.arrow(frames.to_arrow(frame))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise NodeError(f"A column holds values of several kinds: {error}.", code="mixed_types") from None


def open_ahead(*, memory_limit: int, threads: int) -> None:
    """Open the database of the next session with these settings beside what the caller does: it takes 15 ms."""
    beside = ThreadPoolExecutor(1, "open-session")
    _ahead[memory_limit, threads] = beside.submit(_database, memory_limit, threads)
    beside.shutdown(wait=False)


def _database(memory_limit: int, threads: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": threads, "memory_limit": f"{memory_limit}B"})


def interrupt_all() -> None:
    """Stop what every session of this process is doing; called from another thread."""
    for session in list(SESSIONS):
        with suppress(duckdb.ConnectionException):  # it has just been closed
            session.connection.interrupt()

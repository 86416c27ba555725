"""Changes of a table of an SQLite database, each of them one transaction of the database itself."""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.sqlite_columns import Column, check_names, columns_of, matched
from orchestrator.formats.sqlite_journal import restored
from orchestrator.formats.sqlite_values import fitting, keys_of
from orchestrator.ops.base import Relation
from orchestrator.sql import quote

Rows = Generator[Sequence[tuple[Any, ...]]]
WAIT_S = 30.0
NO_SPACE = ("SQLITE_FULL", "SQLITE_IOERR")  # told as of every other file


def append(path: Path, name: str, declared: Mapping[str, str], rows: Relation) -> int:
    """Add rows. Columns that the table has not are added to it, as `declared`; one that does not come has its default.

    A table that is not there is made. The cost grows with the new rows alone.

    Raises:
        NodeError: `type_mismatch`, `query_failed`.
    """
    with _changing(path, name) as connection:
        columns = _made(connection, name, declared)
        return _sum(connection, _insert(name, columns), fitting(rows, declared, columns, name))


def upsert(path: Path, name: str, declared: Mapping[str, str], keys: Sequence[str], rows: Relation) -> int:
    """A row whose keys are there replaces the columns that come in; any other is added. The last of equal keys counts.

    A table that is not there is made of the columns and types `declared`, with the keys as its primary key.

    Raises:
        NodeError: `unknown_column`, `type_mismatch`, `query_failed`.
    """
    with _changing(path, name) as connection:
        if there := columns_of(connection, name):
            check_names(declared, there, name)
        columns = _made(connection, name, declared, keys)
        sets = ", ".join(f"{quote(each)} = excluded.{quote(each)}" for each in declared if each not in keys)
        does = f"UPDATE SET {sets}" if sets else "NOTHING"
        statement = f"{_insert(name, columns)} ON CONFLICT ({_list(keys)}) DO {does}"
        return _sum(connection, statement, fitting(rows, declared, columns, name))


def _made(
    connection: sqlite3.Connection, name: str, declared: Mapping[str, str], keys: Sequence[str] = ()
) -> dict[str, Column]:
    """The columns of the table for those that come in, in a table that is made where it is not there."""
    if there := columns_of(connection, name):
        return matched(connection, name, declared, there)
    fields = [f"{quote(each)} {said}{' NOT NULL' if each in keys else ''}" for each, said in declared.items()]
    primary = [f"PRIMARY KEY ({_list(keys)})"] if keys else []
    connection.execute(f"CREATE TABLE {quote(name)} ({', '.join([*fields, *primary])})")
    return matched(connection, name, declared, columns_of(connection, name))


def delete(path: Path, name: str, declared: Mapping[str, str], keys: Sequence[str], rows: Relation) -> int:
    """Remove the rows with the keys of these. Null equals nothing.

    Raises:
        NodeError: `unknown_table`, `unknown_column`, `query_failed`.
    """
    with _changing(path, name) as connection:
        if not (there := columns_of(connection, name)):
            raise NodeError(f"Table '{name}' is not there.", code="unknown_table", path="/config/table")
        check_names(keys, there, name)
        equal = " AND ".join(f"{quote(each)} = ?" for each in keys)
        columns = {each: there[each.lower()] for each in keys}
        return _sum(connection, f"DELETE FROM {quote(name)} WHERE {equal}", keys_of(rows, declared, columns))


def _insert(name: str, columns: Mapping[str, Column]) -> str:
    names = _list(column.name for column in columns.values())
    return f"INSERT INTO {quote(name)} ({names}) VALUES ({', '.join('?' * len(columns))})"


def _sum(connection: sqlite3.Connection, statement: str, rows: Rows) -> int:
    with closing(rows):  # where a row is refused, DuckDB's connection is free for other nodes
        return sum(connection.executemany(statement, some).rowcount for some in rows if some)


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(quote, names))


@contextmanager
def _changing(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    """The database within a transaction that begins at once: it waits for whoever writes to it now."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=WAIT_S)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            yield connection  # closing without a commit rolls back
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        if str(getattr(error, "sqlite_errorname", "")).startswith(NO_SPACE):
            restored(path, name)
            raise
        message = f"Table '{name}' cannot be changed: {str(error)[:200]}."
        hint = "upsert needs a primary key or a unique index of the keys" if "ON CONFLICT" in message else None
        raise NodeError(message, code="query_failed", path="/config/table", hint=hint) from None

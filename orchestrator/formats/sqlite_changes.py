"""Changes of a table of an SQLite database, each of them one transaction of the database itself."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.sqlite_columns import check_names, check_types, columns_of
from orchestrator.sql import quote

Rows = Iterable[Sequence[tuple[Any, ...]]]
WAIT_S = 30.0
NO_SPACE = ("SQLITE_FULL", "SQLITE_IOERR")  # told as of every other file


def append(path: Path, name: str, declared: Mapping[str, str], rows: Rows) -> int:
    """Add rows. Columns that the table has not are added to it, as `declared`; one that does not come has its default.

    A table that is not there is made.

    Raises:
        NodeError: `type_mismatch`, `query_failed`.
    """
    with _changing(path, name) as connection:
        if there := columns_of(connection, name):
            check_types(declared, there, name)
            known = {each.lower() for each in there}
            for each, kind in declared.items():
                if each.lower() not in known:
                    connection.execute(f"ALTER TABLE {quote(name)} ADD COLUMN {quote(each)} {kind}")
        else:
            fields = [f"{quote(each)} {kind}" for each, kind in declared.items()]
            connection.execute(f"CREATE TABLE {quote(name)} ({', '.join(fields)})")
        return _sum(connection, _insert(name, declared), rows)


def upsert(path: Path, name: str, declared: Mapping[str, str], keys: Sequence[str], rows: Rows) -> int:
    """A row whose keys are there replaces the columns that come in; any other is added. The last of equal keys counts.

    A table that is not there is made of the columns and types `declared`, with the keys as its primary key.

    Raises:
        NodeError: `unknown_column`, `type_mismatch`, `query_failed`.
    """
    with _changing(path, name) as connection:
        if there := columns_of(connection, name):
            check_names(declared, there, name)
            check_types(declared, there, name)
        else:
            fields = [f"{quote(each)} {kind}{' NOT NULL' if each in keys else ''}" for each, kind in declared.items()]
            connection.execute(f"CREATE TABLE {quote(name)} ({', '.join(fields)}, PRIMARY KEY ({_list(keys)}))")
        sets = ", ".join(f"{quote(each)} = excluded.{quote(each)}" for each in declared if each not in keys)
        does = f"UPDATE SET {sets}" if sets else "NOTHING"
        return _sum(connection, f"{_insert(name, declared)} ON CONFLICT ({_list(keys)}) DO {does}", rows)


def delete(path: Path, name: str, keys: Sequence[str], rows: Rows) -> int:
    """Remove the rows with the keys of these, which hold nothing else. Null equals nothing.

    Raises:
        NodeError: `unknown_table`, `unknown_column`, `query_failed`.
    """
    with _changing(path, name) as connection:
        there = columns_of(connection, name)
        if not there:
            raise NodeError(f"Table '{name}' is not there.", code="unknown_table", path="/config/table")
        check_names(keys, there, name)
        equal = " AND ".join(f"{quote(each)} = ?" for each in keys)
        return _sum(connection, f"DELETE FROM {quote(name)} WHERE {equal}", rows)


def _insert(name: str, columns: Iterable[str]) -> str:
    names = list(columns)
    return f"INSERT INTO {quote(name)} ({_list(names)}) VALUES ({', '.join('?' * len(names))})"


def _sum(connection: sqlite3.Connection, statement: str, rows: Rows) -> int:
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
            connection.execute("BEGIN IMMEDIATE")
            yield connection  # closing without a commit rolls back
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        if str(getattr(error, "sqlite_errorname", "")).startswith(NO_SPACE):
            raise
        message = f"Table '{name}' cannot be changed: {str(error)[:200]}."
        hint = "upsert needs a primary key or a unique index of the keys" if "ON CONFLICT" in message else None
        raise NodeError(message, code="query_failed", path="/config/table", hint=hint) from None

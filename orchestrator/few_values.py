"""Columns of text with few values, which are written five times as fast once their values are known.

DuckDB scans such a column of a stored table as a dictionary, but hashes the text of every row again to write it. As an
ENUM it does not, and the file is the same. The values of a stored table are taken for those of the tables that come
from it, by the column's name; a row with another value ends the writing, which is then done without.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestrator.schema import Column
from orchestrator.sql import literal, quote

LARGE = 500_000  # rows: before a table of so many has been stored it does not pay
MOST = 1_000
OTHER = "not one of the few values of column "


class FewValues:
    """What is known of the text in the tables that a session has stored."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count()
        self._pays = False
        self._tables: dict[str, Path] = {}  # by the name of a column at whose values nobody has looked
        self._types: dict[str, str] = {}
        self._wrong: set[str] = set()  # names of columns that mean several things

    def fields(self, columns: Iterable[Column]) -> dict[str, str]:
        """SQL for the columns that are written as an ENUM, by name."""
        found = {}
        for name in _texts(columns) if self._pays else ():
            if name in self._tables:
                self._look(name, self._tables.pop(name))
            if name in self._types:
                kind, value = self._types[name], quote(name)
                cast, said = f"TRY_CAST({value} AS {kind})", literal(OTHER + quote(name))
                found[name] = f"if({cast} IS NULL AND {value} IS NOT NULL, error({said})::{kind}, {cast})"
        return found

    def note(self, columns: Iterable[Column], written: Iterable[str], path: Path, rows: int) -> None:
        """A table has been stored, these columns of it as an ENUM. What a large one says of a name counts."""
        self._pays = self._pays or rows >= LARGE
        for name in set(_texts(columns)) - set(written) - self._wrong:
            if rows >= LARGE or not (name in self._types or name in self._tables):
                self._types.pop(name, None)
                self._tables[name] = path

    def is_other(self, error: duckdb.Error) -> bool:
        """Whether writing ended at a value that is not among the few of its column, which is then left alone."""
        found = {name for name in self._types if OTHER + quote(name) in str(error)}
        self._wrong |= found
        for name in found:
            del self._types[name]
        return bool(found)

    def _look(self, name: str, path: Path) -> None:
        """Make a type of the values of a column, if they are few: then all of the file has a dictionary of it."""
        file = literal(str(path))
        plain = f"path_in_schema = {literal(name)} AND encodings NOT LIKE '%DICTIONARY%'"
        if self._connection.execute(f"SELECT 1 FROM parquet_metadata({file}) WHERE {plain} LIMIT 1").fetchall():
            return
        values = f"SELECT DISTINCT {quote(name)} AS v FROM read_parquet({file}) WHERE v IS NOT NULL LIMIT {MOST + 1}"
        found = [literal(value) for (value,) in self._connection.execute(values).fetchall()]
        if 0 < len(found) <= MOST:
            kind = f"_few_{next(self._numbers)}"
            self._connection.execute(f"CREATE TYPE {kind} AS ENUM ({', '.join(found)})")
            self._types[name] = kind


def _texts(columns: Iterable[Column]) -> list[str]:
    return [each.name for each in columns if each.type == "VARCHAR"]

"""`sqlite`: tables of an SQLite database."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from orchestrator.errors import NodeError
from orchestrator.formats import sqlite_changes, sqlite_tables
from orchestrator.formats.base import Context, FileReader, GeometryAs, Layer, Relation, Writer, option
from orchestrator.formats.keyed import KEYED, KEYS, with_keys
from orchestrator.formats.streams import batches, stored
from orchestrator.formats.vector import holdable
from orchestrator.formats.workplace import remembered
from orchestrator.ops.settings import Column
from orchestrator.paths import existing
from orchestrator.schema import is_geometry
from orchestrator.sql import quote

DECLARED = {
    "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP", "TIME": "TIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ", "BLOB": "BLOB", "DOUBLE": "REAL", "INTEGER": "INTEGER",
    "BIGINT": "INTEGER",
}  # fmt: skip


class SqliteReader(FileReader):
    """A table or view of an SQLite database, which is opened to be read only.

    A column has the type that it was declared with where all of its values fit: BIGINT, DOUBLE, BOOLEAN, DATE,
    TIMESTAMP (also with a time zone), TIME, VARCHAR, BLOB. Else it has the type that holds them all. Dates and times
    are ISO text, as SQLite's own functions write them. Rows come in the table's own order.
    """

    name: ClassVar[str] = "sqlite"
    label: ClassVar[str] = "SQLite"
    extensions: ClassVar[tuple[str, ...]] = (".sqlite", ".db", ".sqlite3", ".db3")

    table: str | None = option(None, "The table or view; the only one by default.", "customers", min_length=1)

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over a copy of the rows in the run's folder, or in memory while they are few."""
        with closing(sqlite_tables.opened(path, self.path)) as connection, sqlite_tables.sentences(self.path):
            table = sqlite_tables.table_named(connection, self.table, self.path)
            kinds = remembered(path, self, lambda: sqlite_tables.kinds(connection, table))
            return stored(sqlite_tables.schema(kinds), sqlite_tables.rows(connection, table, kinds), context)

    def layers(self, context: Context) -> list[Layer]:
        """The tables and views."""
        with self.found(context) as path, closing(sqlite_tables.opened(path, self.path)) as connection:
            return [Layer(name) for name in sqlite_tables.tables(connection)]


class SqliteWriter(Writer):
    """A table of an SQLite database; `overwrite` replaces the whole file, every other mode keeps the other tables.

    `upsert` and `delete` change the file in place, in one transaction: a failure changes nothing.

    Dates and times are ISO text in columns declared so, decimals are REAL, geometry is WKT, nested values are JSON.
    """

    name: ClassVar[str] = "sqlite"
    label: ClassVar[str] = "SQLite"
    extensions: ClassVar[tuple[str, ...]] = SqliteReader.extensions
    geometry_as: ClassVar[GeometryAs] = "text"

    changes: ClassVar[tuple[str, ...]] = KEYED

    table: str | None = option(None, "The table's name; the file's name by default.", "customers", min_length=1)
    mode: Literal["overwrite", "append", "error", "upsert", "delete"] = option(
        "overwrite",
        "What to do where the file is there: put a new one in its place, add rows to the table, refuse; in the table, "
        "replace the rows of the same keys and add the others, or remove the rows that have these keys.",
        "upsert",
        "select",
    )
    keys: list[Column] = option([], KEYS, ["id"], "columns")

    _keyed = model_validator(mode="after")(with_keys)

    def check(self, table: Relation) -> None:
        """SQLite has 2,000 columns, and keeps names that begin with `sqlite_` for itself."""
        if len(table.columns) > sqlite_tables.MOST_COLUMNS:
            message = f"A table of SQLite has {sqlite_tables.MOST_COLUMNS:,} columns, and these are more."
            raise NodeError(message, code="too_large", port="table")
        if self.table and self.table.lower().startswith("sqlite_"):
            message = "SQLite keeps names that begin with 'sqlite_' for itself."
            raise NodeError(message, code="invalid_config", path="/config/table")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The table, in one transaction."""
        rows = self.prepare(table, context)
        name = quote(self._name)
        declared = [f"{quote(column)} {kind}" for column, kind in _declared(rows).items()]
        count = 0
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE TABLE {name} ({', '.join(declared)})")
            insert = f"INSERT INTO {name} VALUES ({', '.join('?' * len(declared))})"
            for some in _values(rows):
                connection.executemany(insert, some)
                count += len(some)
            connection.execute("COMMIT")
        return count

    def change(self, table: Relation, path: Path, context: Context) -> int:
        """Replace, add or remove rows by key, in one transaction of the database."""
        keys, rows = list(dict.fromkeys(self.keys)), self.prepare(table, context)
        if self.mode == "upsert":
            return sqlite_changes.upsert(path, self._name, _declared(rows), keys, _values(rows))
        return sqlite_changes.delete(path, self._name, keys, _values(rows.project(", ".join(map(quote, keys)))))

    @property
    def _name(self) -> str:
        return self.table or Path(self.path).stem

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that SQLite has."""
        rows = holdable(table)
        fields = [
            f"{quote(name)}::VARCHAR AS {quote(name)}" if is_geometry(str(kind)) else quote(name)
            for name, kind in zip(rows.columns, rows.types, strict=True)
        ]
        return rows.project(", ".join(fields))

    def begin(self, old: Path, place: Path) -> None:
        """The other tables stay."""
        shutil.copyfile(old, place)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """The rows of the table that is there; none where the table is new."""
        path = existing(context.root, self.path)
        name = self._name
        with closing(sqlite_tables.opened(path, self.path)) as connection, sqlite_tables.sentences(self.path):
            if name not in sqlite_tables.tables(connection):
                return None
        return SqliteReader(path=self.path, table=name).load(context)


def _declared(table: Relation) -> dict[str, str]:
    """The type that each column is declared with."""
    kinds = zip(table.columns, map(str, table.types), strict=True)
    return {column: DECLARED.get(kind, "TEXT") for column, kind in kinds}


def _values(table: Relation) -> Iterator[list[tuple[Any, ...]]]:
    """The rows as SQLite takes them: times as text."""
    fields = [
        f"{quote(name)}::VARCHAR AS {quote(name)}" if kind.startswith(("DATE", "TIME")) else quote(name)
        for name, kind in zip(table.columns, map(str, table.types), strict=True)
    ]
    for batch in batches(table.project(", ".join(fields)), 10_000)[1]:
        yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))

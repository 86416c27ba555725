"""`sqlite`: tables of an SQLite database."""

from contextlib import closing
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import model_validator

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, sqlite_changes, sqlite_tables
from orchestrator.formats.base import Context, FileReader, GeometryAs, Layer, Relation, Writer, option
from orchestrator.formats.keyed import KEYED, KEYS, with_keys
from orchestrator.formats.sqlite_columns import check_names, check_types, columns_of
from orchestrator.formats.streams import stored
from orchestrator.formats.vector import holdable
from orchestrator.formats.workplace import remembered
from orchestrator.ops._types import NULL
from orchestrator.ops.settings import Column
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
    """A table of an SQLite database; `overwrite` replaces the whole file, every other mode changes the table that is
    there, in one transaction: keys, constraints, foreign keys, indexes and triggers stay and count, and a failure
    changes nothing. `append` adds the columns that the table has not; those that do not come have their default. A
    column of text makes text of what comes; a value that another would change is refused, such as text for INTEGER.

    Dates and times are ISO text in columns declared so, decimals are REAL, geometry is WKT, nested values are JSON,
    and NaN is null.
    """

    name: ClassVar[str] = "sqlite"
    label: ClassVar[str] = "SQLite"
    extensions: ClassVar[tuple[str, ...]] = SqliteReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.NANS,)
    geometry_as: ClassVar[GeometryAs] = "text"

    changes: ClassVar[tuple[str, ...]] = ("append", *KEYED)

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
        """SQLite has 2,000 columns, and keeps names that begin with `sqlite_` for itself.

        Raises NodeError: `too_large`, `invalid_config`.
        """
        if len(table.columns) > sqlite_tables.MOST_COLUMNS:
            message = f"A table of SQLite has {sqlite_tables.MOST_COLUMNS:,} columns, and these are more."
            raise NodeError(message, code="too_large", port="table")
        if self.table and self.table.lower().startswith("sqlite_"):
            message = "SQLite keeps names that begin with 'sqlite_' for itself."
            raise NodeError(message, code="invalid_config", path="/config/table")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The table, in one transaction."""
        rows = self.prepare(table, context)
        return sqlite_changes.append(path, self._name, _declared(rows, rows), rows)

    def change(self, table: Relation, path: Path, context: Context) -> int:
        """Add rows, or replace or remove them by key, in one transaction of the database."""
        if path.exists():
            sqlite_tables.opened(path, self.path).close()  # or it is no database
        keys, rows = list(dict.fromkeys(self.keys)), self.prepare(table, context)
        declared = _declared(rows, table)
        if self.mode == "append":
            return sqlite_changes.append(path, self._name, declared, rows)
        if self.mode == "upsert":
            return sqlite_changes.upsert(path, self._name, declared, keys, rows)
        return sqlite_changes.delete(path, self._name, declared, keys, rows)

    def foresee(self, table: Relation, path: Path, context: Context) -> None:
        """The columns of the table that is there, by their declared types."""
        with closing(sqlite_tables.opened(path, self.path)) as connection, sqlite_tables.sentences(self.path):
            there = columns_of(connection, self._name)
        if not there:
            return
        declared = _declared(self.prepare(table, context), table)
        if self.mode in KEYED:
            check_names(self.keys if self.mode == "delete" else declared, there, self._name)
        if self.mode != "delete":
            check_types(declared, there, self._name)

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


def _declared(rows: Relation, table: Relation) -> dict[str, str]:
    """The type that each column is declared with; none where the table has nothing but nulls in it."""
    kinds = zip(rows.columns, map(str, rows.types), map(str, table.types), strict=True)
    return {column: "" if before == NULL else DECLARED.get(kind, "TEXT") for column, kind, before in kinds}

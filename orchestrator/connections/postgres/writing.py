"""The ways to write a table, each inside the caller's transaction: a failure leaves the old table whole."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.connections.postgres.copying import copy
from orchestrator.connections.postgres.storing import Stored, stored
from orchestrator.connections.postgresql import spatial_systems
from orchestrator.crs import same, title, written_in
from orchestrator.errors import NodeError
from orchestrator.formats.base import kept
from orchestrator.formats.keyed import not_in_table
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote

# The columns of each index that lets nobody have the same ones twice.
UNIQUE = """
SELECT (SELECT array_agg(attname::text) FROM pg_attribute, unnest(indkey) WITH ORDINALITY AS k(number, place)
        WHERE attrelid = indrelid AND attnum = number AND place <= indnkeyatts)
FROM pg_index WHERE indrelid = to_regclass(%s) AND indisunique AND indpred IS NULL AND indexprs IS NULL"""
DIMENSIONS = {0: "Geometry", 1: "GeometryZ", 2: "GeometryM", 3: "GeometryZM"}


@dataclass
class Writing:
    """Rows on their way to a table; `schema` is None where the search path says it. Each mode returns how many."""

    cursor: Any
    rows: Relation
    context: Context
    schema: str | None
    name: str
    keys: list[str]
    kind: str | None = None
    columns: list[Stored] = field(default_factory=list)
    srids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = stored(self.rows)
        self._find()
        if geometry := [each for each in self.columns if each.geometry]:
            systems = spatial_systems(self.cursor)
            self.srids = {each.name: self._srid(each, systems) for each in geometry}

    @property
    def place(self) -> str:
        """The table's name in SQL."""
        return f"{quote(self.schema or '')}.{quote(self.name)}"

    def foresee(self, mode: str) -> None:
        """See whether the table that is there takes these rows in this mode, as far as its definition says.

        Raises what the mode raises.
        """
        check = {"overwrite": self._check_plain, "error": self._check_free, "delete": self._check_there}.get(mode)
        if check:
            check()
        elif self.kind:
            self._check_columns(self.columns)
            if mode == "upsert":
                self._check_unique()

    def overwrite(self) -> int:
        """A new table takes the place of the old one, which others read until then.

        Raises NodeError, `query_failed`, where that is a view or the like.
        """
        self._check_plain()
        new = replace(self, name=f"graphmill_{uuid.uuid4().hex}", kind=None)
        count = new.append()
        if self.kind:
            self.cursor.execute(f"DROP TABLE {self.place}")
        self.cursor.execute(f"ALTER TABLE {new.place} RENAME TO {quote(self.name)}")
        return count

    def append(self) -> int:
        """Below the rows that are there, by column name."""
        self._make()
        return self._copy(self.columns, self.place)

    def error(self) -> int:
        """Into a table that is not there yet. Raises NodeError, `table_exists`, where it is."""
        self._check_free()
        return self.append()

    def truncate(self) -> int:
        """In place of the rows that are there; the table keeps its definition."""
        if self.kind:
            self.cursor.execute(f"TRUNCATE {self.place}")
        return self.append()

    def upsert(self) -> int:
        """A row whose keys are there replaces the columns that come in; any other is added.

        Raises NodeError, `query_failed`, where the table does not have the keys unique.
        """
        self._make(primary=True)
        if self.kind:
            self._check_unique()
        staged = self._staged(self.columns)
        names = ", ".join(quote(each.name) for each in self.columns)
        others = [quote(each.name) for each in self.columns if each.name not in self.keys]
        sets = ", ".join(f"{each} = EXCLUDED.{each}" for each in others)
        keys = ", ".join(map(quote, self.keys))
        self.cursor.execute(
            f"INSERT INTO {self.place} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {staged} "
            f"ON CONFLICT ({keys}) DO {f'UPDATE SET {sets}' if sets else 'NOTHING'}"
        )
        return int(self.cursor.rowcount)

    def delete(self) -> int:
        """Remove the rows whose keys come in; other columns are not looked at. Null equals nothing.

        Raises NodeError: `unknown_table`, `unknown_column`.
        """
        wanted = self._check_there()
        staged = self._staged(wanted)
        equal = " AND ".join(f"old.{quote(each)} = gone.{quote(each)}" for each in self.keys)
        self.cursor.execute(f"DELETE FROM {self.place} AS old USING {staged} AS gone WHERE {equal}")
        return int(self.cursor.rowcount)

    def _find(self) -> None:
        """The table's schema, and its kind where it is there (pg_class.relkind)."""
        name = f"{quote(self.schema)}.{quote(self.name)}" if self.schema else quote(self.name)
        self.cursor.execute(
            "SELECT nspname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE c.oid = to_regclass(%s)", (name,),
        )  # fmt: skip
        if found := self.cursor.fetchone():
            self.schema, self.kind = found
        elif not self.schema:
            self.cursor.execute("SELECT current_schema()")
            (self.schema,) = self.cursor.fetchone()

    def _srid(self, column: Stored, systems: str) -> int:
        written = written_in(column.kind)
        if written is None:
            return 0
        code = "EPSG:4326" if same(written, "EPSG:4326") else title(written)
        authority, _, number = code.partition(":")
        self.cursor.execute(
            f"SELECT srid FROM {systems} WHERE auth_name = %s AND auth_srid::text = %s", (authority, number)
        )
        found = self.cursor.fetchone()
        if found is None:
            message = f"PostGIS does not know the coordinate system of '{column.name}' ({code}): reproject it first."
            raise NodeError(message, code="invalid_crs", port="table")
        return int(found[0])

    def _make(self, *, primary: bool = False) -> None:
        """The table, where it is not there; where it is, it must have the columns."""
        if self.kind:
            self._check_columns(self.columns)
            return
        if self.srids:
            self.rows = kept(self.rows, self.context)  # they are looked at twice
        fields = [f"{quote(each.name)} {self._type(each)}" for each in self.columns]
        if primary:
            fields.append(f"PRIMARY KEY ({', '.join(map(quote, self.keys))})")
        self.cursor.execute(f"CREATE TABLE {self.place} ({', '.join(fields)})")

    def _type(self, column: Stored) -> str:
        if not column.geometry:
            return column.type()
        code = f"hex(st_aswkb({quote(column.name)})[2:3])"
        number = f"('0x' || {code}[3:4] || {code}[1:2])::INTEGER // 1000"
        found = [each for (each,) in self.rows.project(f"{number} AS d").distinct().fetchall() if each is not None]
        schema = spatial_systems(self.cursor).rpartition(".")[0]
        if len(found) > 1:  # flat and high ones side by side fit no narrower type
            return f"{schema}.geometry"
        kind = DIMENSIONS[found[0] if found else 0]
        return f"{schema}.geometry({kind}, {self.srids[column.name]})"

    def _check_plain(self) -> None:
        if self.kind not in (None, "r"):
            message = f"'{self.name}' is no plain table, and cannot be replaced."
            raise NodeError(message, code="query_failed", path="/config/table")

    def _check_free(self) -> None:
        if self.kind:
            message = f"Table '{self.name}' is there already in schema '{self.schema}'."
            raise NodeError(message, code="table_exists", path="/config/table")

    def _check_there(self) -> list[Stored]:
        """The columns that are the keys, of a table that has them."""
        if not self.kind:
            raise NodeError(f"Table '{self.name}' is not there.", code="unknown_table", path="/config/table")
        wanted = [each for each in self.columns if each.name in self.keys]
        self._check_columns(wanted)
        return wanted

    def _check_unique(self) -> None:
        self.cursor.execute(UNIQUE, (self.place,))
        if not any(set(columns) == set(self.keys) for (columns,) in self.cursor.fetchall()):
            names = ", ".join(f"'{each}'" for each in self.keys)
            message = f"Table '{self.name}' has no unique constraint on {names}, by which upsert tells rows apart."
            raise NodeError(message, code="query_failed", path="/config/keys")

    def _check_columns(self, columns: list[Stored]) -> None:
        self.cursor.execute(f"SELECT * FROM {self.place} LIMIT 0")
        there = [each.name for each in self.cursor.description]
        for each in columns:
            if each.name not in there:
                raise not_in_table(each.name, self.name, there)

    def _staged(self, columns: list[Stored]) -> str:
        """The rows in a table of this transaction's own, in the types of the table they are meant for."""
        made = quote(f"graphmill_{uuid.uuid4().hex}")
        names = ", ".join(quote(each.name) for each in columns)
        self.cursor.execute(f"CREATE TEMP TABLE {made} ON COMMIT DROP AS SELECT {names} FROM {self.place} WITH NO DATA")
        self._copy(columns, made)
        return made

    def _copy(self, columns: list[Stored], place: str) -> int:
        return copy(self.cursor, self.rows, columns, place, self.srids)

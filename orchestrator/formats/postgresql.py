"""Tables of PostgreSQL, with or without PostGIS: read as Arrow through ADBC, written by COPY."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from orchestrator.connections import Connection, ConnectionName, using
from orchestrator.connections.postgres.storing import stored
from orchestrator.connections.postgresql import Postgresql, longest
from orchestrator.connections.statements import Sql
from orchestrator.crs import Crs
from orchestrator.errors import NodeError, at
from orchestrator.formats.base import Context, Reader, Relation, Target, option
from orchestrator.formats.keyed import KEYS, with_keys
from orchestrator.ops.settings import Column
from orchestrator.sql import quote

if TYPE_CHECKING:
    from orchestrator.connections.postgres.writing import Writing

LIMIT = 63
TIMEOUT = "Seconds after which the database gives up a statement, such as one that waits for a lock; by default none."


class PostgresqlReader(Reader):
    """A table of a PostgreSQL database, or a part of it.

    Columns and types are the database's own; a numeric without precision or in a list is DOUBLE, a list of lists one
    list, what DuckDB has no type for is text. NaN of a numeric with precision and a time after 294247-01-10 are null.
    Geometry of PostGIS keeps its coordinate system. The database may give rows in any order.
    """

    name: ClassVar[str] = "postgresql"
    label: ClassVar[str] = "PostgreSQL"

    connection: ConnectionName = option(..., "The connection.", "warehouse", "connection")
    table: str = option(..., "The table or view.", "flights", min_length=1, max_length=LIMIT)
    schema_name: str | None = option(
        None,
        "Its schema; by default where the search path has it.",
        "public",
        min_length=1,
        max_length=LIMIT,
    )
    where: Sql | None = option(
        None, "Which rows, in the database's own SQL; parameters go along as bound values.", "day >= ${from}", "sql"
    )
    columns: list[str] | None = option(
        None, "Read only these columns, in this order; all by default.", ["day", "dep_delay"], "columns", min_length=1
    )
    limit: int | None = option(None, "Read at most so many rows.", 1000, "number", ge=0)
    crs: Crs | None = option(
        None, "The coordinate system of geometry whose type in the database does not say it.", "EPSG:4326", "crs"
    )
    timeout_s: float | None = option(None, TIMEOUT, 60, "number", gt=0, le=86400)

    def load(self, context: Context) -> Relation:
        """One SELECT. A column that is not there is left to the loader, which knows how to say so."""
        place = f"{quote(self.schema_name)}.{quote(self.table)}" if self.schema_name else quote(self.table)
        with using(self.connection, context) as database:
            with at("/table"):
                there = _postgresql(database, self.connection).columns(place, context, self.timeout_s or 0)
            wanted = [each for each in self.columns if each in there] if self.columns else []
            chosen = ", ".join(map(quote, dict.fromkeys(wanted))) if len(wanted) == len(self.columns or ()) else ""
            query = f"SELECT {chosen or '*'} FROM {place}"
            query += f" WHERE (\n{self.where}\n)" if self.where is not None else ""
            query += f" LIMIT {self.limit}" if self.limit is not None else ""
            with at("/where" if self.where is not None else "/table"):
                values = self.where.values if self.where else ()
                return database.rows(query, values, context, crs=self.crs, timeout_s=self.timeout_s or 0)


class PostgresqlWriter(Target):
    """A table of a PostgreSQL database. All of it happens in one transaction: a failure changes nothing.

    A table that is not there is made: text as `text`, lists as arrays, structures as `jsonb`, with null for NaN and
    infinity in them, geometry as PostGIS's `geometry` with its coordinate system. One that is there takes the columns
    of its names, in its own types.
    """

    name: ClassVar[str] = "postgresql"
    label: ClassVar[str] = "PostgreSQL"

    connection: ConnectionName = option(..., "The connection.", "warehouse", "connection")
    table: str = option(..., "The table.", "flights", min_length=1, max_length=LIMIT)
    schema_name: str | None = option(
        None, "Its schema; by default where the search path has it.", "public", min_length=1, max_length=LIMIT
    )
    mode: Literal["overwrite", "append", "error", "truncate", "upsert", "delete"] = option(
        "overwrite",
        "What to do where the table is there: put a new one in its place, add rows, refuse, empty it first, replace "
        "the rows of the same keys and add the others, or remove the rows that have these keys.",
        "upsert",
        "select",
    )
    keys: list[Column] = option([], KEYS, ["id"], "columns")
    timeout_s: float | None = option(None, TIMEOUT, 60, "number", gt=0, le=86400)

    _keyed = model_validator(mode="after")(with_keys)

    def save(self, table: Relation, context: Context) -> Relation:
        """In design the columns are checked, and the table that is there is looked at."""
        stored(table)
        with using(self.connection, context) as database:
            connected = _postgresql(database, self.connection)
            if context.design:
                self._look_ahead(connected, table, context)
            else:
                with at("/table"), connected.session(timeout_s=self.timeout_s or 0) as cursor:
                    context.notes["rows_written"] = int(getattr(self._writing(cursor, table, context), self.mode)())
        return table

    def _writing(self, cursor: Any, table: Relation, context: Context) -> "Writing":
        from orchestrator.connections.postgres.writing import Writing

        return Writing(cursor, table, context, self.schema_name, self.table, list(dict.fromkeys(self.keys)))

    def _look_ahead(self, database: Postgresql, table: Relation, context: Context) -> None:
        """Warn where the table that is there now would end a run: by then it may be another."""
        try:
            timeout_s = longest(context, self.timeout_s or 0)
            with at("/table"), database.session(timeout_s=timeout_s, read_only=True) as cursor:
                self._writing(cursor, table, context).foresee(self.mode)
        except NodeError as error:
            if error.code == "address_not_allowed":
                raise
            said = error.message
            if error.code not in ("connection_failed", "query_timeout"):
                said = f"These rows do not go into '{self.table}' as it is now: {said}"
            context.warn(said, code=error.code, path=error.path, hint=error.hint)


def _postgresql(database: Connection, name: str) -> Postgresql:
    if not isinstance(database, Postgresql):
        message = f"Connection '{name}' leads to {database.label}, and a PostgreSQL is needed."
        raise NodeError(message, code="invalid_config", path="/config/connection")
    return database

"""The database: where it is, one engine per process, and its tables brought up to date.

Our tables live in the schema `graphmill`, Dagster's in the schema `dagster` of the same database.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError

from orchestrator.embedded import Embedded, embedded, running
from orchestrator.errors import Conflict, GraphmillError, Unavailable
from orchestrator.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["Embedded", "dagster_url", "database_url", "embedded", "engine", "migrations", "prepare", "transaction"]

SCHEMA = "graphmill"
DAGSTER_SCHEMA = "dagster"
MIGRATIONS = Path(__file__).parent / "migrations"
PREPARING = 0x67726170686D  # any number will do for the advisory lock, as long as it is always this one
DRIVERS = {"postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"}
PREPARED = """
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :dagsters) AND EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :ours AND c.relname = 'alembic_version')
"""

_engines: WeakSet[sa.Engine] = WeakSet()


def database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the database, always with psycopg2: the configured one, else the embedded server's.

    Never starts a server. Raises Unavailable when the embedded one does not run.
    """
    if settings.database_url:
        return _with_psycopg2(settings.database_url)
    server = running(settings.home)
    if server is None:
        raise Unavailable(
            "The embedded PostgreSQL is not running: start Graphmill with `graphmill up`, "
            "or set GRAPHMILL_DATABASE_URL to a server that runs."
        )
    return server.url


def _with_psycopg2(url: str) -> str:
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in DRIVERS:
        raise GraphmillError(
            "GRAPHMILL_DATABASE_URL is not the URL of a PostgreSQL database, such as postgresql://user:password@host/name.",
            code="invalid_setting",
        )
    return parsed.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def dagster_url(url: str) -> str:
    """The same database with Dagster's schema first, and alone, on the search path."""
    parsed = sa.make_url(url)
    options = f"{parsed.query.get('options', '')} -csearch_path={DAGSTER_SCHEMA}".strip()
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


@lru_cache(maxsize=16)
def engine(url: str) -> sa.Engine:
    """The engine of this process for a URL. Connections that a server's restart has cut are replaced unseen."""
    arguments: dict[str, Any] = {"fallback_application_name": "graphmill"}
    if "connect_timeout" not in sa.make_url(url).query:
        arguments["connect_timeout"] = 10
    made = sa.create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=15, pool_recycle=1800, connect_args=arguments
    )
    _engines.add(made)
    return made


def _forget_connections() -> None:
    """A forked child shares its parent's sockets: it must neither use nor close them."""
    for made in list(_engines):
        made.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)


@contextmanager
def transaction(made: sa.Engine) -> Iterator[sa.Connection]:
    """A connection inside a transaction, committed at the end. Raises Unavailable when the database does not answer."""
    try:
        with made.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError, sa.exc.TimeoutError) as error:
        raise Unavailable("The database does not answer now; try again in a moment.") from error


def prepare(url: str) -> None:
    """Make both schemas and bring our tables up to date. Quick when there is nothing to do; safe from many processes.

    Raises Conflict when a newer Graphmill has been at this database, Unavailable when it does not answer.
    """
    with transaction(engine(url)) as connection:
        if revision(connection) == head():
            return
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(PREPARING)))
        found = revision(connection)
        if found > head():
            raise Conflict(f"The database was made by a newer Graphmill ({found}, this one knows {head()}): upgrade.")
        missing = {SCHEMA, DAGSTER_SCHEMA} - set(connection.scalars(sa.text("SELECT nspname FROM pg_namespace")))
        for name in missing:
            connection.execute(sa.schema.CreateSchema(name))
        if found != head():
            from alembic import command

            command.upgrade(migrations(connection), "head")


def revision(connection: sa.Connection) -> str:
    """The migration that the database is at; empty before the first, or while a schema is missing."""
    # Read from the catalog: `to_regclass` answers from a cache, which is stale after waiting for another's lock.
    if not connection.scalar(sa.text(PREPARED), {"ours": SCHEMA, "dagsters": DAGSTER_SCHEMA}):
        return ""
    return connection.scalar(sa.text(f"SELECT version_num FROM {SCHEMA}.alembic_version")) or ""


@lru_cache(maxsize=1)
def head() -> str:
    """The newest migration, by file name: loading Alembic takes longer than all the rest of `prepare`."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrations(connection: sa.Connection) -> "Config":
    """Alembic's configuration, working on `connection` and in its transaction."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config

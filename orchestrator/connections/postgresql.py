"""Connections of kind `postgresql`: a PostgreSQL database, with or without PostGIS."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, model_validator

from orchestrator.connections.base import Connection
from orchestrator.connections.postgres.answers import GEOMETRY, Answered, columns, systems
from orchestrator.connections.postgres.described import modifiers, of_domains
from orchestrator.connections.postgres.problems import sentences
from orchestrator.connections.postgres.tls import NAMES, NO_FILE, Certificates, PrivateKey, in_files, refuse_half
from orchestrator.errors import NodeError
from orchestrator.settings import settings
from orchestrator.sql import quote

if TYPE_CHECKING:
    from orchestrator.ops.base import Context, Relation

CONNECT_S = 5
DESIGN_S = 5
IN_MEMORY = 256 << 20
# A server goes on with a query whose asker is gone: it looks only where it is told to, and can (PostgreSQL 14, Linux).
ENDS_WITH_US = """
SELECT set_config(name, '1s', false) FROM pg_settings
WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%'
"""


class Postgresql(Connection):
    """A PostgreSQL database."""

    kind: ClassVar[str] = "postgresql"
    label: ClassVar[str] = "PostgreSQL"
    schemes: ClassVar[tuple[str, ...]] = ("postgresql", "postgres")
    place: ClassVar[tuple[str, ...]] = ("host", "port", "user", "sslmode", "sslrootcert")

    host: Annotated[str, Field(pattern=r"^[\w.:-]+$", max_length=255)] = Field(
        description="The server's name or address.", examples=["db.example.org"]
    )
    port: int = Field(5432, ge=1, le=65535, description="Its port.")
    database: str = Field(min_length=1, max_length=63, description="The database's name.", examples=["flights"])
    user: str = Field(min_length=1, max_length=63, description="Who connects.", examples=["reader"])
    password: SecretStr | None = Field(None, description="Its password; stored encrypted and never shown.")
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="Whether the line is encrypted, and the server's certificate checked."
    )
    sslrootcert: Certificates | None = Field(
        None,
        description="Certificates of those who may have signed the server's, as PEM text. `verify-ca` needs them; "
        "without them `verify-full` trusts those whom the system trusts.",
    )
    sslcert: Certificates | None = Field(
        None, description="The certificate to show to the server, as PEM text, with those between it and its signer."
    )
    sslkey: PrivateKey | None = Field(
        None, description="The private key of `sslcert`, as PEM text without a password; stored encrypted, never shown."
    )
    search_path: list[Annotated[str, Field(min_length=1, max_length=63)]] = Field(
        [], description="Schemas in which tables are looked for, in this order.", examples=[["gis", "public"]]
    )

    _files: dict[str, str] = PrivateAttr({})  # of whoever sets the environment, by libpq's names

    @model_validator(mode="after")
    def _whole(self) -> Self:
        refuse_half(self.sslcert, self.sslkey)
        return self

    @classmethod
    def from_url(cls, url: str) -> Self:
        """A libpq URL, `postgresql://user:password@host:5432/database?sslmode=require`.

        Raises NodeError, `invalid_setting`.
        """
        import psycopg2
        from psycopg2.extensions import parse_dsn

        wrong = NodeError("The URL of this connection is not one of a PostgreSQL database.", code="invalid_setting")
        try:
            said = parse_dsn(url)
            name = said.get("dbname") or said.get("user", "")
            known = {key: said[key] for key in ("user", "password", "sslmode") if key in said}
            host = {"host": said.get("host", "localhost"), "port": int(said.get("port", 5432))}
            made = cls.model_validate({**known, **host, "host": "socket", "database": name})
        except (psycopg2.Error, ValidationError, ValueError):
            raise wrong from None
        made = made.model_copy(update=host)
        made._trusted = True
        made._files = {key: said[key] for key in NAMES if key in said}
        return made

    @contextmanager
    def dsn(self, timeout_s: float = 0, *, read_only: bool = True) -> Iterator[str]:
        """What libpq is told to open a line; for the drivers only: it has the password, and names files of secrets.

        Raises:
            NodeError: `address_not_allowed`, `connection_failed`.
        """
        from psycopg2.extensions import make_dsn

        said = {
            "default_transaction_read_only": "on" if read_only else "off",
            "statement_timeout": str(int(timeout_s * 1000)), "timezone": "UTC", "datestyle": "ISO",
            "search_path": ",".join(map(quote, self.search_path)),
        }  # fmt: skip
        options = " ".join(f"-c {key}={_escaped(value)}" for key, value in said.items() if value)
        password = self.password.get_secret_value() if self.password else ""
        own = {} if self._trusted else {"passfile": NO_FILE, "gssencmode": "disable"}
        with self._certificates() as line:
            yield str(
                make_dsn(
                    **self._address(), dbname=self.database, user=self.user, password=password, sslmode=self.sslmode,
                    options=options, connect_timeout=CONNECT_S, application_name="graphmill", client_encoding="UTF8",
                    **own, **line,
                )
            )  # fmt: skip

    def _certificates(self) -> AbstractContextManager[dict[str, str]]:
        if self._trusted:
            return nullcontext(self._files)
        key = self.sslkey.get_secret_value() if self.sslkey else None
        return in_files(self.sslmode, {"sslrootcert": self.sslrootcert, "sslcert": self.sslcert, "sslkey": key})

    def _address(self) -> dict[str, str]:
        """The checked addresses of the host: what is checked is what is connected to."""
        from orchestrator.formats.http.addresses import checked

        if self._trusted:
            return {"host": self.host, "port": str(self.port)}
        try:
            found = checked(self.host, self.port, private=settings().allow_private_databases)
        except NodeError as error:
            code = "connection_failed" if error.code == "http_error" else error.code
            hint = "GRAPHMILL_ALLOW_PRIVATE_DATABASES allows it" if error.hint else None
            raise NodeError(error.message, code=code, hint=hint, path="/config/connection") from None
        hosts, port = ",".join([self.host] * len(found)), str(self.port)
        return {"host": hosts, "hostaddr": ",".join(found), "port": port}

    def check(self) -> str:
        """The server's version, and PostGIS's where it is there."""
        with self.session(timeout_s=CONNECT_S, read_only=True) as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_user")
            version, user = cursor.fetchone()
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
            postgis = cursor.fetchone()
        more = f" with PostGIS {postgis[0]}" if postgis else ""
        return f"PostgreSQL {version.split()[0]}{more} answers to user '{user}'."

    @contextmanager
    def session(self, *, timeout_s: float = 0, read_only: bool = False) -> Iterator[Any]:
        """A cursor inside one transaction, committed at the end; an error rolls it back."""
        import psycopg2

        with sentences():
            with self.dsn(timeout_s, read_only=read_only) as told:
                connection = psycopg2.connect(told)
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(ENDS_WITH_US)
                    yield cursor
            finally:
                connection.close()

    def columns(self, place: str, context: "Context", timeout_s: float = 0) -> list[str]:
        """The names of a table's columns; `place` is its quoted name."""
        with self.session(timeout_s=longest(context, timeout_s), read_only=True) as cursor:
            cursor.execute(f"SELECT * FROM {place} LIMIT 0")
            return [each.name for each in cursor.description]

    def rows(
        self, query: str, values: Sequence[Any], context: "Context", *, crs: str | None = None, timeout_s: float = 0
    ) -> "Relation":
        """As Arrow through ADBC; the driver prepares the query, so that it can only be one statement.

        Raises NodeError: `invalid_expression` where the query gives no columns, else what the server says.
        """
        with (
            sentences(),
            self._adbc(limit := longest(context, timeout_s)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(ENDS_WITH_US)
            given = tuple(values) or None
            answered = columns(cursor.adbc_execute_schema(query, given))
            if not answered:
                raise NodeError("This gives no columns: a SELECT is needed.", code="invalid_expression")
            answered = self._based(answered, query, values, limit)
            whole = f"SELECT {', '.join(each.asked() for each in answered)} FROM (\n{query}\n) AS asked"
            project = ", ".join(self._taken(answered, query, values, crs, limit))
            if context.design:
                schema = cursor.adbc_execute_schema(whole, given)
                return context.session.arrow(schema.empty_table()).project(project)
            cursor.execute(whole, given)
            shapes = any(each.type in GEOMETRY for each in answered)
            return _held(cursor.fetch_record_batch(), project, context, 0 if shapes else IN_MEMORY)

    def _adbc(self, timeout_s: float) -> Any:
        from adbc_driver_postgresql import dbapi

        with self.dsn(timeout_s) as told:
            return dbapi.connect(told)

    def _based(self, answered: list[Answered], query: str, values: Sequence[Any], timeout_s: float) -> list[Answered]:
        """The columns, arrays of domains as arrays of what these are made of."""
        if not any(each.may_be_of_a_domain() for each in answered):
            return answered
        with self.session(timeout_s=timeout_s, read_only=True) as cursor:
            return of_domains(cursor, answered, query, values)

    def _taken(
        self, answered: list[Answered], query: str, values: Sequence[Any], crs: str | None, timeout_s: float
    ) -> list[str]:
        systems_of: dict[str, str | None] = {}
        if any(each.type in GEOMETRY for each in answered):
            with self.session(timeout_s=timeout_s, read_only=True) as cursor:
                modified = modifiers(cursor, query, values)
                described = [replace(each, modifier=modified[each.name]) for each in answered]
                systems_of = systems(described, crs, lambda srid: spatial_system(cursor, srid))
        return [each.taken(systems_of.get(each.name)) for each in answered]


def longest(context: "Context", timeout_s: float) -> float:
    """How long a statement may take, for a lock, too; 0 is for ever. In design someone waits for the columns."""
    return DESIGN_S if context.design else timeout_s


def _held(reader: Any, project: str, context: "Context", most: int) -> "Relation":
    """The rows in memory where they are fewer than `most` bytes, else in the run's folder.

    There all are read at once: a shape that is no geometry of ours is noticed here.
    """
    import pyarrow

    from orchestrator.formats.base import kept

    batches, size = [], 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        if size > most:
            rest = pyarrow.RecordBatchReader.from_batches(reader.schema, itertools.chain(batches, reader))
            return kept(context.session.arrow(rest).project(project), context)
    return context.session.arrow(pyarrow.Table.from_batches(batches, reader.schema)).project(project)


def spatial_system(cursor: Any, srid: int) -> str | None:
    """The coordinate system that PostGIS has under this number: a code, else WKT; None where it has none."""
    cursor.execute(f"SELECT auth_name, auth_srid, srtext FROM {spatial_systems(cursor)} WHERE srid = %s", (srid,))
    found = cursor.fetchone()
    if found is None:
        return None
    return f"{found[0]}:{found[1]}" if found[0] in ("EPSG", "ESRI") else found[2]


def spatial_systems(cursor: Any) -> str:
    """The table of PostGIS's coordinate systems, in whatever schema the extension is.

    Raises:
        NodeError: `query_failed`, PostGIS is not there.
    """
    cursor.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'postgis'"
    )
    found = cursor.fetchone()
    if found is None:
        message = "The database has no PostGIS, which geometry needs: CREATE EXTENSION postgis, or drop the column."
        raise NodeError(message, code="query_failed", path="/config/connection")
    return f"{quote(found[0])}.spatial_ref_sys"


def _escaped(option: str) -> str:
    return option.replace("\\", "\\\\").replace(" ", "\\ ")

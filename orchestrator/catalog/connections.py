"""Named connections, their secrets encrypted, and the one way in which a run or the API comes to one."""

import builtins
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from orchestrator.catalog.rows import storable, utc
from orchestrator.catalog.shapes import Page
from orchestrator.catalog.tables import connections
from orchestrator.connections import Connection, from_environment, kinds, unknown
from orchestrator.database import database_url, engine, transaction
from orchestrator.errors import Conflict, InvalidGraph, NodeError, NotFound, Problem, Unavailable
from orchestrator.secrets import MASK, reveal, seal
from orchestrator.settings import settings
from orchestrator.suggest import listing, near


@dataclass(frozen=True, slots=True)
class NamedConnection:
    """A stored connection as it may be shown: its config has `***` for a secret, null where there is none."""

    name: str
    kind: str
    config: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Connections:
    """The stored connections of a database that `orchestrator.database.prepare` has prepared."""

    def __init__(self, made: sa.Engine) -> None:
        self.engine = made

    def create(self, name: str, made: Connection) -> NamedConnection:
        """Store a new one. Raises Conflict where the name is taken, InvalidGraph for a masked secret."""
        _refuse_mask(made)
        new = insert(connections).values(name=name, **_row(made)).on_conflict_do_nothing().returning(connections)
        with transaction(self.engine) as session:
            row = session.execute(new).one_or_none()
        if row is None:
            raise Conflict(f"Connection '{name}' is there already.")
        return _named(row)

    def save(self, name: str, made: Connection) -> NamedConnection:
        """Replace one; `***` keeps a secret, as long as it goes to the same place.

        Raises NotFound, InvalidGraph for a secret that cannot be kept, Conflict where it cannot be decrypted.
        """
        with transaction(self.engine) as session:
            row = self._row(session, name)
            made = made.with_secrets(_kept(made, row))
            _refuse_mask(made)
            values = {**_row(made), "updated_at": sa.func.clock_timestamp()}
            changed = sa.update(connections).where(connections.c.name == row.name).values(values)
            return _named(session.execute(changed.returning(connections)).one())

    def get(self, name: str) -> NamedConnection:
        """One of them. Raises NotFound, with the near-miss."""
        with transaction(self.engine) as session:
            return _named(self._row(session, name))

    def list(self, limit: int = 50, offset: int = 0) -> Page[NamedConnection]:
        """A page of them by name."""
        with transaction(self.engine) as session:
            found = session.execute(sa.select(connections).order_by(connections.c.name).limit(limit).offset(offset))
            total = session.scalar(sa.select(sa.func.count()).select_from(connections)) or 0
            return Page([_named(row) for row in found], total)

    def delete(self, name: str) -> None:
        """Remove one; workflows that name it cannot run any more. Raises NotFound."""
        with transaction(self.engine) as session:
            session.execute(sa.delete(connections).where(connections.c.name == self._row(session, name).name))

    def open(self, name: str) -> Connection:
        """One with its secrets in clear. Raises NotFound, and Conflict where they cannot be decrypted."""
        with transaction(self.engine) as session:
            row = self._row(session, name)
        return _masked(row).with_secrets(_secrets(row))

    def names(self) -> builtins.list[str]:
        """All names."""
        with transaction(self.engine) as session:
            return list(session.scalars(sa.select(connections.c.name).order_by(connections.c.name)))

    def _row(self, session: sa.Connection, name: str) -> Any:
        row = session.execute(sa.select(connections).where(connections.c.name == storable(name))).one_or_none()
        if row is None:
            known = list(session.scalars(sa.select(connections.c.name).order_by(connections.c.name)))
            raise NotFound(f"Connection '{name}' is not there.{near(name, known)}", hint=listing(known) or None)
        return row


def connection(name: str) -> Connection:
    """The connection that a node names: the environment's, else the catalog's.

    Raises:
        NodeError: `unknown_connection`; `secret` where its secrets were encrypted with another key.
        Unavailable: the catalog's database does not answer now.
    """
    try:
        return from_environment(name)
    except NodeError as error:
        if error.code != "unknown_connection":
            raise
        missing = error
    try:
        stored = Connections(engine(database_url(settings())))
    except Unavailable:  # `graphmill run` without a server
        raise missing from None
    try:
        return stored.open(name)
    except NotFound:
        raise unknown(name, stored.names()) from None
    except Conflict as error:
        raise NodeError(error.message, code=error.code, path="/config/connection") from None
    except sa.exc.ProgrammingError:  # a database that no server has prepared yet
        raise missing from None


def _row(made: Connection) -> dict[str, Any]:
    secrets = made.secrets()
    return {"kind": made.kind, "config": made.public(), "sealed": seal(json.dumps(secrets)) if secrets else None}


def _named(row: Any) -> NamedConnection:
    return NamedConnection(row.name, row.kind, row.config, utc(row.created_at), utc(row.updated_at))


def _masked(row: Any) -> Connection:
    return kinds()[row.kind].model_validate(row.config)


def _secrets(row: Any) -> Mapping[str, str]:
    return {} if row.sealed is None else json.loads(reveal({"all": row.sealed})["all"])


def _kept(made: Connection, row: Any) -> Mapping[str, str]:
    """The stored secrets in place of those that are masked."""
    masked = [key for key, value in made.secrets().items() if value == MASK]
    if not masked or not made.leads_to(_masked(row)):
        return {}
    try:
        stored = _secrets(row)
    except Conflict as error:
        raise Conflict(f"{error.message} Give it again.") from None
    return {key: stored[key] for key in masked if key in stored}


def _refuse_mask(made: Connection) -> None:
    masked = [key for key, value in made.secrets().items() if value == MASK]
    if masked:
        same = f"A secret is kept only where these stay: {', '.join(made.place)}. Give it again."
        raise InvalidGraph([Problem(code="invalid_request", message=same, path=f"/config/{key}") for key in masked])

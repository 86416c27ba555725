"""Workflows and their immutable versions, as they were posted."""

import builtins
import secrets
import string
from collections.abc import Mapping, Set
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from orchestrator.catalog import rows
from orchestrator.catalog.documents import Used, digest, draft
from orchestrator.catalog.shapes import Page, Stored, VersionSummary, WorkflowSummary
from orchestrator.catalog.tables import idempotency_keys, versions, workflows
from orchestrator.database import engine, transaction
from orchestrator.errors import Conflict

__all__ = ["Catalog", "Page", "Stored", "VersionSummary", "WorkflowSummary", "digest"]


class Catalog:
    """The stored workflows of a database that `orchestrator.database.prepare` has prepared. Safe to share by threads.

    Every call is one transaction, and raises Unavailable when the database does not answer.
    """

    def __init__(self, database: sa.Engine | str) -> None:
        self.engine = engine(database) if isinstance(database, str) else database

    def create(self, document: Mapping[str, Any], *, valid: bool, used: Used = ()) -> Stored:
        """Store a new workflow as version 1. Raises InvalidGraph for text that cannot be stored."""
        made = draft(document, valid=valid, used=used)
        with transaction(self.engine) as connection:
            return rows.begin(connection, new_id(), made)

    def save(
        self, id: str, document: Mapping[str, Any], *, valid: bool, expected: Set[int] | None = None, used: Used = ()
    ) -> Stored:
        """Store a new version; a document that is unchanged, as are those it uses, makes none: the latest is returned.

        Raises NotFound, InvalidGraph, and PreconditionFailed when the latest version is not among `expected`.
        """
        made = draft(document, valid=valid, used=used)
        with transaction(self.engine) as connection:
            return rows.append(connection, id, rows.lock(connection, id, expected), made)

    def get(self, id: str) -> Stored:
        """The latest version. Raises NotFound."""
        with transaction(self.engine) as connection:
            return rows.read(connection, id)

    def version(self, id: str, number: int, *, deleted: bool = False) -> Stored:
        """One version; with `deleted`, of a deleted workflow too: its runs go on needing it. Raises NotFound."""
        with transaction(self.engine) as connection:
            return rows.read(connection, id, number, deleted=deleted)

    def find(self, id: str, number: int | None, at: datetime | None) -> Stored:
        """A version, by default the newest: of those saved by that moment, and then of a deleted workflow too.

        Raises NotFound.
        """
        with transaction(self.engine) as connection:
            if at is not None and number is None:
                number = rows.newest(connection, id, at)
            return rows.read(connection, id, number, deleted=at is not None)

    def versions(self, id: str, limit: int = 50, offset: int = 0) -> Page[VersionSummary]:
        """The history, newest first. Raises NotFound."""
        columns = versions.c.number, versions.c.valid, versions.c.created_at
        newest = sa.select(*columns).where(versions.c.workflow_id == id).order_by(versions.c.number.desc())
        with transaction(self.engine) as connection:
            total = rows.latest_of(connection, id)
            found = connection.execute(newest.limit(limit).offset(offset)).all()
        return Page([VersionSummary(row.number, row.valid, rows.utc(row.created_at)) for row in found], total)

    def list(self, search: str = "", limit: int = 50, offset: int = 0) -> Page[WorkflowSummary]:
        """Workflows whose name contains `search` in any case, last updated first."""
        wanted = rows.present() & rows.named(search) if search else rows.present()
        newest = workflows.c.updated_at.desc(), workflows.c.id.desc()
        page = rows.with_latest(workflows, versions.c.valid).where(wanted).order_by(*newest)
        with transaction(self.engine) as connection:
            found = connection.execute(page.limit(limit).offset(offset)).all()
            return Page([rows.summary(row) for row in found], _count(connection, wanted))

    def count(self) -> int:
        """How many workflows there are."""
        with transaction(self.engine) as connection:
            return _count(connection, rows.present())

    def delete(self, id: str, expected: Set[int] | None = None) -> None:
        """Take a workflow out of the catalog; `version(…, deleted=True)` still reads it.

        Raises NotFound and PreconditionFailed.
        """
        gone = sa.update(workflows).where(workflows.c.id == id).values(deleted_at=sa.func.clock_timestamp())
        with transaction(self.engine) as connection:
            rows.lock(connection, id, expected)
            connection.execute(gone)

    def touch(self, id: str) -> None:
        """Note that a workflow is run now; one that is not there is left alone."""
        this = workflows.c.id == rows.storable(id)
        with transaction(self.engine) as connection:
            connection.execute(sa.update(workflows).where(this).values(last_run_at=sa.func.clock_timestamp()))

    def recent(self, limit: int) -> builtins.list[tuple[str, int]]:
        """The (id, latest version) of at most `limit` workflows, last run or updated first, that are valid."""
        active = sa.func.greatest(workflows.c.updated_at, workflows.c.last_run_at).desc()
        found = rows.with_latest(workflows.c.id, workflows.c.latest_version).where(rows.present(), versions.c.valid)
        with transaction(self.engine) as connection:
            return [(row.id, row.latest_version) for row in connection.execute(found.order_by(active).limit(limit))]

    def claim(self, key: str, workflow_id: str, request_digest: str, execution_id: str) -> str:
        """The execution of an idempotency key: `execution_id` for a new key, else the one it was first claimed for.

        Raises Conflict when the key was used for a different request.
        """
        table, hashed = idempotency_keys, _hashed(key)
        claimed = {"workflow_id": workflow_id, "request_digest": request_digest}
        new = insert(table).values(key=hashed, execution_id=execution_id, **claimed).on_conflict_do_nothing()
        while True:  # again only where the key is forgotten between the two statements
            with transaction(self.engine) as connection:
                if connection.scalar(new.returning(table.c.execution_id)) is not None:
                    return execution_id
                there = connection.execute(sa.select(table).where(table.c.key == hashed)).one_or_none()
            if there is not None:
                break
        if (there.workflow_id, there.request_digest) != (workflow_id, request_digest):
            raise Conflict("This Idempotency-Key was used for a different request: use a new one.")
        return str(there.execution_id)

    def forget_key(self, key: str) -> None:
        """Free an idempotency key, where what it was claimed for did not come about."""
        with transaction(self.engine) as connection:
            connection.execute(sa.delete(idempotency_keys).where(idempotency_keys.c.key == _hashed(key)))

    def forget_execution(self, execution_id: str, before: datetime | None = None) -> bool:
        """Free the keys of an execution that is deleted, or was claimed before a moment and never made; True if any."""
        table = idempotency_keys
        gone = sa.delete(table).where(table.c.execution_id == execution_id)
        with transaction(self.engine) as connection:
            return connection.execute(gone if before is None else gone.where(table.c.created_at < before)).rowcount > 0

    def forget_keys(self, before: datetime) -> None:
        """Free the idempotency keys that were claimed before a moment."""
        with transaction(self.engine) as connection:
            connection.execute(sa.delete(idempotency_keys).where(idempotency_keys.c.created_at < before))


def new_id() -> str:
    """Twelve lower-case letters and digits: short in a URL, and a valid part of a Dagster name."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))


def _count(connection: sa.Connection, wanted: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(workflows).where(wanted)) or 0


def _hashed(key: str) -> str:
    """A key may be longer than an index entry, and hold what text cannot."""
    return sha256(key.encode(errors="surrogatepass")).hexdigest()

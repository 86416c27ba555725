"""The statements that read and write a workflow's rows, inside a caller's transaction."""

import unicodedata
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from orchestrator.catalog.documents import Draft
from orchestrator.catalog.shapes import Stored, WorkflowSummary
from orchestrator.catalog.tables import versions, workflows
from orchestrator.errors import NotFound, PreconditionFailed
from orchestrator.suggest import listing


def lock(connection: sa.Connection, id: str, expected: Set[int] | None) -> int:
    """The latest version's number; nobody else saves until the transaction ends.

    Raises NotFound, and PreconditionFailed when it is not among `expected`.
    """
    latest = latest_of(connection, id, for_update=True)
    if expected is not None and latest not in expected:
        yours = listing(map(str, sorted(expected)))
        raise PreconditionFailed(f"Version {latest} is the latest: yours is based on version {yours}.")
    return latest


def latest_of(connection: sa.Connection, id: str, *, for_update: bool = False) -> int:
    """The latest version's number. Raises NotFound."""
    found = sa.select(workflows.c.latest_version).where(workflows.c.id == storable(id), present())
    latest: int | None = connection.scalar(found.with_for_update() if for_update else found)
    if latest is None:
        raise _missing(id)
    return latest


def begin(connection: sa.Connection, id: str, draft: Draft) -> Stored:
    """The first version of a new workflow."""
    row = insert(workflows).values(id=id, latest_version=1, **_described(draft.document))
    born = connection.scalar(row.returning(workflows.c.created_at))
    _add(connection, id, 1, draft, created_at=born)
    connection.execute(sa.update(workflows).where(workflows.c.id == id).values(updated_at=born))
    return read(connection, id)


def append(connection: sa.Connection, id: str, latest: int, draft: Draft) -> Stored:
    """The next version, unless the document is the latest's own. The workflow's row must be locked."""
    this = (versions.c.workflow_id == id) & (versions.c.number == latest)
    if connection.scalar(sa.select(versions.c.digest).where(this)) == draft.digest:
        # The document is the same, but what it refers to may have come or gone since.
        connection.execute(sa.update(versions).where(this, versions.c.valid != draft.valid).values(valid=draft.valid))
        return read(connection, id)
    saved = _add(connection, id, latest + 1, draft)
    changed = {"latest_version": latest + 1, "updated_at": saved, **_described(draft.document)}
    connection.execute(sa.update(workflows).where(workflows.c.id == id).values(changed))
    return read(connection, id)


def read(connection: sa.Connection, id: str, number: int | None = None, *, deleted: bool = False) -> Stored:
    """A version, by default the latest. Raises NotFound."""
    found = sa.select(versions, workflows.c.created_at.label("born")).join_from(workflows, versions)
    found = found.where(workflows.c.id == storable(id))
    found = found.where(versions.c.number == (workflows.c.latest_version if number is None else number))
    row = connection.execute(found if deleted else found.where(present())).one_or_none()
    if row is not None:
        return Stored(row.workflow_id, row.number, row.document, row.valid, utc(row.born), utc(row.created_at))
    if number is None or deleted:
        raise _missing(id, number)
    raise _missing(id, number, f"; the latest is {latest_of(connection, id)}")


def newest(connection: sa.Connection, id: str, at: datetime) -> int:
    """The number of the newest version that was saved by a moment. Raises NotFound."""
    then = (versions.c.workflow_id == storable(id)) & (versions.c.created_at <= at)
    number: int | None = connection.scalar(sa.select(sa.func.max(versions.c.number)).where(then))
    if number is None:
        raise _missing(id)
    return number


def with_latest(*columns: Any) -> sa.Select[Any]:
    """Workflows beside their latest version."""
    latest = (versions.c.workflow_id == workflows.c.id) & (versions.c.number == workflows.c.latest_version)
    return sa.select(*columns).select_from(workflows).join(versions, latest)


def present() -> sa.ColumnElement[bool]:
    """Not deleted."""
    return workflows.c.deleted_at.is_(None)


def named(search: str) -> sa.ColumnElement[bool]:
    """The name contains the text, in any case."""
    return workflows.c.folded_name.contains(storable(_folded(search)), autoescape=True)


def summary(row: Any) -> WorkflowSummary:
    """A row of `with_latest(workflows, versions.c.valid)`."""
    ran = None if row.last_run_at is None else utc(row.last_run_at)
    times = utc(row.created_at), utc(row.updated_at), ran
    return WorkflowSummary(row.id, row.name, row.description, row.latest_version, row.valid, *times)


def storable(text: str) -> str:
    """Text from a request, in a form that can be compared: what the database cannot hold equals nothing in it."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; a connection gives it in the server's time zone."""
    return moment.astimezone(UTC)


def _add(connection: sa.Connection, id: str, number: int, draft: Draft, **more: Any) -> datetime | None:
    row = {"workflow_id": id, "number": number, "digest": draft.digest, "valid": draft.valid, **more}
    document = sa.cast(sa.literal(draft.text, sa.Text), sa.JSON)
    moment: datetime | None = connection.scalar(
        insert(versions).values(document=document, **row).returning(versions.c.created_at)
    )
    return moment


def _described(document: Mapping[str, Any]) -> dict[str, str]:
    """What a list shows; a draft may lack it, or have anything in its place."""
    name, description = (said if isinstance(said := document.get(key), str) else "" for key in ("name", "description"))
    return {"name": name, "folded_name": _folded(name), "description": description}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _missing(id: str, number: int | None = None, more: str = "") -> NotFound:
    what = f"Workflow '{id}'" if number is None else f"Version {number} of workflow '{id}'"
    return NotFound(f"{what} is not there{more}.")

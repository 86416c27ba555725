"""Connections to databases. Their secrets go in and never come out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api import connecting as bodies
from api.bodies import Page
from api.openapi import body, problems
from api.requests import Limit, Offset, body_of
from api.system import Shared
from orchestrator.catalog.connections import Connections, NamedConnection
from orchestrator.connections import kinds
from orchestrator.errors import GraphmillError, NotFound

router = APIRouter(prefix="/api/connections", tags=["connections"])

ONE = "/{name:name}"
New = Annotated[bodies.NewConnection, Depends(body_of(bodies.NewConnection))]
Changed = Annotated[bodies.ConnectionSettings, Depends(body_of(bodies.ConnectionSettings))]


def _store(system: Shared) -> Connections:
    return Connections(system.catalog.engine)


Stored = Annotated[Connections, Depends(_store)]


@router.post(
    "",
    status_code=201,
    response_model=NamedConnection,
    openapi_extra=body(bodies.NewConnection),
    responses=problems(400, 409),
)
def create_connection(stored: Stored, posted: New, response: Response) -> Any:
    """Store a new connection; a secret is encrypted, and shown as `***` from then on."""
    response.headers["Location"] = f"{router.prefix}/{posted.name}"
    return stored.create(posted.name, posted.connection())


@router.get("", response_model=Page[NamedConnection])
def list_connections(stored: Stored, limit: Limit = 50, offset: Offset = 0) -> Any:
    """A page of connections, by name. Those of the environment are not among them."""
    return stored.list(limit, offset)


@router.get("/kinds", response_model=Page[bodies.ConnectionKind])
def list_kinds() -> Any:
    """The kinds of connections, with their settings as JSON Schema."""
    found = [each.described() for each in kinds().values()]
    return {"items": found, "total": len(found)}


@router.get(ONE, response_model=NamedConnection, responses=problems(404))
def get_connection(stored: Stored, name: str) -> Any:
    """One connection."""
    return stored.get(name)


@router.put(
    ONE,
    response_model=NamedConnection,
    openapi_extra=body(bodies.ConnectionSettings),
    responses=problems(400, 404, 409),
)
def save_connection(stored: Stored, name: str, posted: Changed) -> Any:
    """Replace it. `***` keeps a secret, as long as it goes to the same server and user."""
    return stored.save(name, posted.connection())


@router.delete(ONE, status_code=204, responses=problems(404))
def delete_connection(stored: Stored, name: str) -> None:
    """Delete it; a workflow that names it cannot run any more."""
    stored.delete(name)


@router.post(ONE + "/test", response_model=bodies.ConnectionTest, responses=problems(404))
def test_connection(stored: Stored, name: str) -> Any:
    """Whether it can be connected to: a sentence either way."""
    try:
        return bodies.ConnectionTest(ok=True, message=stored.open(name).check())
    except NotFound:
        raise
    except GraphmillError as error:
        return bodies.ConnectionTest(ok=False, message=error.message)

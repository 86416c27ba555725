"""Workflows: saved, judged, and every version kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api import bodies
from api.answers import Json
from api.openapi import body, problems
from api.requests import Graph, IfMatch, IfNoneMatch, Limit, Offset, OwnId, is_known
from api.system import Shared
from orchestrator import workflows
from orchestrator.catalog import Catalog, Page, Stored, VersionSummary, WorkflowSummary
from orchestrator.compiler.saved import Library
from orchestrator.graph import Workflow
from orchestrator.workflows import Judged

router = APIRouter(prefix="/api/workflows", tags=["workflows"])

Draft = Annotated[bool, Query(description="Store it even with errors, as `valid: false`.")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="A version's number, from 1.")]
ONE = "/{workflow_id:name}"
POSTED = body(Workflow)
KNOWN: dict[int | str, dict[str, Any]] = {304: {"description": "The client has the latest version."}}


@router.post(
    "",
    status_code=201,
    response_model=bodies.StoredWorkflow,
    openapi_extra=POSTED,
    responses=problems(400, 413),
)
def create_workflow(system: Shared, graph: Graph, draft: Draft = False) -> Response:
    """Store a new workflow."""
    stored, judged = workflows.create(system.catalog, graph, draft=draft)
    return _answer(stored, judged, 201, Location=f"{router.prefix}/{stored.id}")


@router.get("", response_model=bodies.Page[WorkflowSummary])
def list_workflows(
    system: Shared,
    search: Annotated[str, Query(description="A part of the name, in any case.")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Page[WorkflowSummary]:
    """A page of workflows, last updated first."""
    return system.catalog.list(search, limit, offset)


@router.post("/validate", response_model=bodies.Verdict, openapi_extra=POSTED, responses=problems(400, 413))
def validate_workflow(system: Shared, graph: Graph, own_id: OwnId) -> Response:
    """Everything that is wrong with a graph, without saving it."""
    judged = workflows.judge(graph, workflows.finder(system.catalog, graph, own_id))
    return Json({"valid": judged.valid, "problems": judged.problems})


@router.post("/infer", response_model=bodies.InferredColumns, openapi_extra=POSTED, responses=problems(400, 413))
def infer_columns(system: Shared, graph: Graph, own_id: OwnId) -> Response:
    """The columns at every port of a graph, without running it."""
    judged = workflows.judge(graph, workflows.finder(system.catalog, graph, own_id))
    return Json({"nodes": judged.nodes, "problems": judged.problems})


@router.get(ONE, response_model=bodies.StoredWorkflow, responses=problems(404) | KNOWN)
def get_workflow(system: Shared, workflow_id: str, if_none_match: IfNoneMatch = None) -> Response:
    """The latest version."""
    stored = system.catalog.get(workflow_id)
    headers = _tag(stored)
    if is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return _judged(system.catalog, stored)


@router.put(ONE, response_model=bodies.StoredWorkflow, openapi_extra=POSTED, responses=problems(400, 404, 412, 413))
def save_workflow(
    system: Shared, workflow_id: str, graph: Graph, expected: IfMatch = None, draft: Draft = False
) -> Response:
    """Store a new version; an unchanged graph makes none, unless a workflow inside it has a newer version."""
    stored, judged = workflows.save(system.catalog, workflow_id, graph, expected=expected, draft=draft)
    return _answer(stored, judged)


@router.delete(ONE, status_code=204, responses=problems(404, 412))
def delete_workflow(system: Shared, workflow_id: str, expected: IfMatch = None) -> None:
    """Delete it; its runs stay readable."""
    system.catalog.delete(workflow_id, expected)


@router.get(ONE + "/versions", response_model=bodies.Page[VersionSummary], responses=problems(404))
def list_versions(system: Shared, workflow_id: str, limit: Limit = 50, offset: Offset = 0) -> Page[VersionSummary]:
    """Its history, newest first."""
    return system.catalog.versions(workflow_id, limit, offset)


@router.get(ONE + "/versions/{number}", response_model=bodies.StoredWorkflow, responses=problems(404))
def get_version(system: Shared, workflow_id: str, number: Number) -> Response:
    """One version."""
    return _judged(system.catalog, system.catalog.version(workflow_id, number))


@router.post(
    ONE + "/versions/{number}/restore", response_model=bodies.StoredWorkflow, responses=problems(400, 404, 412)
)
def restore_version(system: Shared, workflow_id: str, number: Number, expected: IfMatch = None) -> Response:
    """Store an earlier version again, as a new one."""
    return _answer(*workflows.restore(system.catalog, workflow_id, number, expected=expected))


def _judged(catalog: Catalog, stored: Stored) -> Response:
    return _answer(stored, workflows.judge(stored.document, Library.of(catalog, stored)))


def _answer(stored: Stored, judged: Judged, status: int = 200, **headers: str) -> Response:
    """The document as it was posted; what the server knows wins over a posted key of the same name."""
    known: dict[str, Any] = {
        "id": stored.id,
        "version": stored.version,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
        "valid": judged.valid,
        "problems": judged.problems,
    }
    return Json({**stored.document, **known}, status, _tag(stored) | headers)


def _tag(stored: Stored) -> dict[str, str]:
    """Not to be stored: a browser would ask by the tag alone, and its problems change with what it refers to."""
    return {"ETag": f'"{stored.version}"', "Cache-Control": "no-store"}

"""Executions: started, followed, canceled, retried, deleted."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BeforeValidator
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api import bodies
from api.answers import Json, dumps
from api.errors import UNANSWERED
from api.negotiation import best
from api.openapi import body, problems
from api.requests import Limit, Offset, body_of
from api.system import Shared
from orchestrator.errors import GraphmillError, InvalidGraph, Problem
from orchestrator.runs import Event, Execution, Status, Wish
from orchestrator.runs.view import ENDED

router = APIRouter(prefix="/api", tags=["executions"])

ONE = "/executions/{execution_id:name}"
HEARTBEAT_S = 15
STREAM, PAGE = "text/event-stream", "application/json"
LOGS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The stream, from the first event to the last; or a page of the same events.",
        "content": {
            STREAM: {
                "schema": {"type": "string"},
                "example": 'event: status\nid: 42\ndata: {"message": "Started.", "level": "info", "node_id": null}\n\n',
            }
        },
    },
    204: {"description": "The run has ended and the client has its last event: there is nothing to reconnect for."},
}

log = structlog.get_logger(__name__)


def _filled(said: str | None) -> str | None:
    """An empty filter is none, as in a form whose field is not filled in."""
    return said or None


@router.post(
    "/workflows/{workflow_id:name}/execute",
    status_code=202,
    response_model=bodies.Started,
    openapi_extra=body(bodies.ExecuteRequest, required=False),
    responses=problems(400, 404, 409, 413, 503),
)
async def execute_workflow(
    system: Shared,
    workflow_id: str,
    wanted: Annotated[bodies.ExecuteRequest, Depends(body_of(bodies.ExecuteRequest))],
    wait: Annotated[float, Query(ge=0, le=300, description="Seconds to wait for the run's end.")] = 0,
    idempotency_key: Annotated[str | None, Header(description="The same key returns the same execution.")] = None,
) -> Response:
    """Run the latest version of a workflow; with `wait` the answer says how it ended, if it has ended by then."""
    wish = Wish(**dict(wanted))
    runs = await run_in_threadpool(lambda: system.runs)
    execution = await run_in_threadpool(runs.start, workflow_id, wish, idempotency_key=idempotency_key or None)
    if wait:
        execution = await runs.wait(execution.id, wait)
    if wait and execution.status in ENDED:
        return _started(execution, error=execution.error)
    return _started(execution)


@router.get("/executions", response_model=bodies.Page[bodies.ExecutionSummary])
def list_executions(
    system: Shared,
    workflow_id: Annotated[str | None, Query(description="Of this workflow only.")] = None,
    status: Annotated[Status | None, BeforeValidator(_filled), Query(description="In this state only.")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """A page of executions without their nodes, newest first."""
    found, total = system.runs.list(workflow_id, status, limit, offset)
    return {"items": found, "total": total}


@router.get(ONE, response_model=Execution, responses=problems(404))
def get_execution(system: Shared, execution_id: str) -> Execution:
    """An execution with the state of every node."""
    return system.runs.get(execution_id)


@router.post(ONE + "/cancel", status_code=202, response_model=bodies.ExecutionSummary, responses=problems(404, 409))
def cancel_execution(system: Shared, execution_id: str) -> Execution:
    """Stop it; its process is gone within seconds, also inside native code."""
    return system.runs.cancel(execution_id)


@router.post(
    ONE + "/retry",
    status_code=202,
    response_model=bodies.Started,
    openapi_extra=body(bodies.RetryRequest, required=False),
    responses=problems(400, 404, 409, 503),
)
def retry_execution(
    system: Shared, execution_id: str, wanted: Annotated[bodies.RetryRequest, Depends(body_of(bodies.RetryRequest))]
) -> Response:
    """Run it again as a new execution that takes over what has succeeded."""
    return _started(system.runs.retry(execution_id, wanted.start_from, wanted.version))


@router.delete(ONE, status_code=204, responses=problems(404, 409))
def delete_execution(system: Shared, execution_id: str) -> None:
    """Delete the run, its events and its stored tables."""
    system.runs.delete(execution_id)


async def last_seen(
    last_event_id: Annotated[str | None, Header(description="Only what came after this event.")] = None,
    after: Annotated[str | None, Query(description="The same, for clients that cannot send the header.")] = None,
) -> int | None:
    """The event after which the log goes on. A client that comes back has both: the header is newer.

    Raises InvalidGraph: no event has such an id.
    """
    said = last_event_id or after
    if said and not (said.isascii() and said.isdecimal() and len(said) < 19):
        message = f"'{said[:80]}' is no event's id."
        raise InvalidGraph([Problem(code="invalid_request", message=message, path="/header/Last-Event-ID")])
    return int(said) if said else None


@router.get(ONE + "/logs", response_model=bodies.Page[bodies.LogLine], responses=LOGS | problems(400, 404, 406))
async def follow_execution(
    request: Request,
    system: Shared,
    execution_id: str,
    *,
    cursor: Annotated[int | None, Depends(last_seen)],
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """The log as server-sent events while it is written; with `Accept: application/json` a page of it."""
    runs = await run_in_threadpool(lambda: system.runs)
    if best(request.headers.get("accept"), (STREAM, PAGE)) == PAGE:
        found, total = await run_in_threadpool(runs.events, execution_id, limit, offset, cursor)
        return Json({"items": [_line(each) for each in found], "total": total}, headers={"Vary": "Accept"})
    execution = await runs.wait(execution_id, 0)
    events = runs.stream(execution_id, cursor)
    first = await anext(events, None) if execution.status in ENDED else None
    if first is None and execution.status in ENDED and cursor is not None:
        return Response(status_code=204)
    return EventSourceResponse(_sent(first, events), headers={"Vary": "Accept"}, ping=HEARTBEAT_S, sep="\n")


async def _sent(first: Event | None, events: AsyncIterator[Event]) -> AsyncIterator[ServerSentEvent]:
    if first is not None:
        yield _message(first)
    try:
        async for event in events:
            yield _message(event)
    except (GraphmillError, *UNANSWERED) as error:
        log.warning("a log stream was cut", error=str(error))  # the client comes back with Last-Event-ID


def _message(event: Event) -> ServerSentEvent:
    return ServerSentEvent(dumps(event.data).decode(), event=event.kind, id=str(event.cursor), sep="\n")


def _line(event: Event) -> dict[str, Any]:
    return {"id": event.cursor, "event": event.kind, "data": event.data}


def _started(execution: Execution, **more: Any) -> Response:
    started = bodies.Started(
        execution_id=execution.id,
        status=execution.status,
        workflow_id=execution.workflow_id,
        version=execution.version,
        task_id=execution.id,
        run_url=execution.run_url,
        **more,
    )
    return Json(started.model_dump(exclude_unset=True), 202, {"Location": f"/api/executions/{execution.id}"})

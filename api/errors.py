"""Error class -> status, and the one shape in which every rejection is answered (RFC 9457)."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import psycopg2
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy import exc as sql
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match

from api.answers import Json
from orchestrator import errors
from orchestrator.errors import GraphmillError, InvalidGraph, NodeError, Problem
from orchestrator.pointers import pointer
from orchestrator.rules import rule
from orchestrator.suggest import listing, near

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:graphmill:problem:"

STATUS: Mapping[type[GraphmillError], int] = {
    errors.InvalidGraph: 400,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Unavailable: 503,
    errors.NodeError: 400,
    errors.Interrupted: 409,
    errors.GraphmillError: 500,
}
STATUS_OF_CODE = {
    "file_not_found": 404, "unknown_format": 406, "missing_geometry": 406, "missing_crs": 406, "too_large": 413,
    "disk_full": 507, "out_of_memory": 507,
}  # fmt: skip
ENVELOPES = frozenset({"invalid_json", "invalid_request", "too_large"})
# Of which Python 3.13 has others: a code is the same under every version.
PHRASES = {
    413: "Request Entity Too Large", 416: "Requested Range Not Satisfiable", 422: "Unprocessable Entity",
}  # fmt: skip
SLASH = "Leave out the '/' at the end."
NO_MEMORY = "The server's memory is used up now (GRAPHMILL_API_MEMORY_LIMIT); ask for less, or try again in a moment."
UNANSWERED = (sql.OperationalError, sql.InterfaceError, sql.TimeoutError, psycopg2.OperationalError,
              psycopg2.InterfaceError)  # fmt: skip
HANDLED = (GraphmillError, HTTPException, RequestValidationError, ClientDisconnect, RecursionError, MemoryError,
           *UNANSWERED)  # fmt: skip

log = structlog.get_logger(__name__)


def install(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Answer every error of the table above in the one shape; `middleware.Guard` does so for all others."""
    app.state.routes = [route for router in routers for route in router.routes]
    for each in HANDLED:
        app.add_exception_handler(each, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    if len(request.scope["path"]) > 1 and request.scope["path"].endswith("/"):
        error = _slashed(error)
    answer = respond(error)
    if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_allowed(request))
    return answer


def _slashed(error: Exception) -> Exception:
    """What is not at an address with a `/` at its end may be there without it."""
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        return HTTPException(error.status_code, f"{_said(error)} {SLASH}", error.headers)
    if isinstance(error, errors.NotFound):
        error.hint = error.hint or SLASH
    return error


def _allowed(request: Request) -> list[str]:
    """What may be asked of an address; Starlette names the methods of the first route alone."""
    routes = [each for each in request.app.state.routes if each.matches(request.scope)[0] != Match.NONE]
    return sorted({method for each in routes for method in getattr(each, "methods", None) or ()})


def respond(error: Exception) -> Response:
    """The answer to any error. What nobody foresaw is logged with its stack, and answered without details."""
    match error:
        case InvalidGraph():
            problems = error.problems or [Problem(code=error.code, message=error.message)]
            return problem_answer(_status(error), _envelope(error), problems)
        case GraphmillError():
            problems = [_problem(error), *getattr(error, "problems", ())]
            return problem_answer(_status(error), error.code, problems, _headers(error))
        case HTTPException():
            code = _code(error.status_code)
            return problem_answer(error.status_code, code, [Problem(code=code, message=_said(error))], error.headers)
        case RequestValidationError():
            return respond(invalid_request(error.errors()))
        case ClientDisconnect():
            return respond(invalid_request([{"loc": ("body",), "msg": "The request ended before its body did"}]))
        case RecursionError():
            return respond(InvalidGraph([Problem(code="invalid_graph", message="It is nested too deeply.")]))
        case MemoryError():
            said = Problem(code="out_of_memory", message=NO_MEMORY)
            return problem_answer(STATUS_OF_CODE[said.code], said.code, [said])
    if isinstance(error, UNANSWERED):
        log.warning("the database does not answer", error=str(error).splitlines()[0])
        return respond(errors.Unavailable("The database does not answer now; try again in a moment."))
    log.error("unexpected error", exc_info=error)
    said = Problem(code="internal", message="Something went wrong here; the log says what.")
    return problem_answer(500, said.code, [said])


def problem_answer(
    status: int, code: str, problems: Sequence[Problem], headers: Mapping[str, str] | None = None
) -> Response:
    """The one shape."""
    first, *more = problems
    others = f" (and {len(more)} more)" if more else ""
    content = {
        "type": TYPE + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": first.message + others,
        "problems": [each.model_dump() for each in problems],
    }
    always = {"Cache-Control": "no-store", **({"Vary": "Accept"} if status == HTTPStatus.NOT_ACCEPTABLE else {})}
    return Json(content, status, always | dict(headers or {}), MEDIA_TYPE)


def invalid_request(found: Sequence[Any], known: Sequence[str] = ()) -> InvalidGraph:
    """Pydantic's errors about a query, a header or a body, as problems: each with its place."""
    return InvalidGraph([_invalid(each, known) for each in found])


def invalid_body(error: ValidationError, model: type[BaseModel]) -> InvalidGraph:
    """A body that does not fit its model."""
    known = [field.alias or name for name, field in model.model_fields.items()]
    return invalid_request(error.errors(include_url=False, include_input=False), known)


def _invalid(error: Mapping[str, Any], known: Sequence[str]) -> Problem:
    text, place, hint = rule(error), pointer(error["loc"]), None
    said = f"{place}: {text}." if place else f"{text[:1].upper()}{text[1:]}."
    if error.get("type") == "extra_forbidden" and len(error["loc"]) == 1:
        said, hint = said + near(str(error["loc"][0]), known), listing(known) or None
    return Problem(code="invalid_request", message=said, path=place or None, hint=hint)


def _problem(error: GraphmillError) -> Problem:
    if isinstance(error, NodeError):
        return error.problem()
    return Problem(code=error.code, message=error.message, hint=error.hint)


def _status(error: GraphmillError) -> int:
    code = _envelope(error) if isinstance(error, InvalidGraph) else error.code
    if isinstance(error, NodeError | InvalidGraph) and code in STATUS_OF_CODE:
        return STATUS_OF_CODE[code]
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _envelope(error: InvalidGraph) -> str:
    codes = {each.code if each.node_id is None else error.code for each in error.problems}
    return codes.pop() if len(codes) == 1 and codes <= ENVELOPES else error.code


def _headers(error: GraphmillError) -> dict[str, str]:
    return {"Retry-After": "1"} if isinstance(error, errors.Unavailable) else {}


def _code(status: int) -> str:
    return _phrase(status).lower().replace(" ", "_").replace("-", "_")


def _phrase(status: int) -> str:
    return PHRASES.get(status) or HTTPStatus(status).phrase


def _said(error: HTTPException) -> str:
    usual = _phrase(error.status_code)
    if error.detail not in ("", usual):
        return error.detail
    return {404: "There is nothing at this address.", 405: "This address does not take this method."}.get(
        error.status_code, f"{usual}."
    )

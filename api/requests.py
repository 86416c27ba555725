"""Reads what a client sends: a JSON body with a limit, and the headers that carry a version."""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.bodies import SERVER_FIELDS
from api.errors import invalid_body
from orchestrator.catalog.documents import draft
from orchestrator.errors import InvalidGraph, PreconditionFailed, Problem, TooLarge
from orchestrator.graph import MAX_BYTES, read_json

SMALL = 64 * 1024
DEEPEST = 200
TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)  # an unclosed string ends with the text
UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\d[eE]\+?\d{3}|\x00")
VERSION = re.compile(r'(?:W/)?"(\d{1,9})"')
TAG = re.compile(r'"[^"]*"')

Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: Request) -> bytes:
    """The body as it came.

    Raises:
        TooLarge: over the limit; no more than that is read.
        HTTPException: 415, it is compressed.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() not in ("identity", ""):
        message = f"A body in the encoding '{encoding[:80]}' is not read: send it as it is, without Content-Encoding."
        raise HTTPException(415, message, {"Accept-Encoding": "identity"})
    limit = f"A body is at most {MAX_BYTES // 2**20} MiB of JSON."
    if stated_length(request) > MAX_BYTES:
        raise TooLarge(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge(limit)
    return bytes(body)


def stated_length(request: Request) -> int:
    """What `Content-Length` says; 0 where it says nothing."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 20 else 0


def parsed(body: bytes) -> Any:
    """The JSON in a body.

    Raises:
        InvalidGraph: no UTF-8, no JSON, nested too deeply, or with text that no database can hold.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"This is not JSON: byte {error.start + 1} is no UTF-8."
        raise InvalidGraph([Problem(code="invalid_json", message=message)]) from None
    if _depth(text) > DEEPEST:
        message = f"It is nested too deeply: at most {DEEPEST} levels."
        raise InvalidGraph([Problem(code="invalid_json", message=message)])
    found = read_json(text)
    if UNSTORABLE.search(text):
        draft(found, valid=False)
    return found


def _depth(text: str) -> int:
    deepest = depth = 0
    for token in TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
    return deepest


async def read_posted(body: Annotated[bytes, Depends(read_body)]) -> Any:
    """The JSON of a body; a large one is parsed beside the event loop."""
    return parsed(body) if len(body) < SMALL else await run_in_threadpool(parsed, body)


async def read_graph(posted: Annotated[Any, Depends(read_posted)]) -> Any:
    """A posted graph, without what the server adds to it on the way out: a GET's answer may be put back as it is."""
    if not isinstance(posted, Mapping):
        return posted
    return {key: value for key, value in posted.items() if key not in SERVER_FIELDS}


async def own_id(posted: Annotated[Any, Depends(read_posted)]) -> str | None:
    """The id of the workflow that a posted graph says it is, as a GET's answer does."""
    said = posted.get("id") if isinstance(posted, Mapping) else None
    return said if isinstance(said, str) else None


def body_of(model: type[Model]) -> Callable[[Request], Coroutine[Any, Any, Model]]:
    """A dependency that reads this model from the body; no body is the same as `{}`."""

    async def read(request: Request) -> Model:
        body = await read_body(request)
        try:
            return model.model_validate(await read_posted(body) if body.strip() else {})
        except ValidationError as error:
            raise invalid_body(error, model) from None

    return read


async def expected_version(
    if_match: Annotated[str | None, Header(description='The version this one is based on, `"3"`; stale: 412.')] = None,
) -> frozenset[int] | None:
    """The versions in `If-Match`, one of which must be the latest; `*` and no header are any.

    Raises PreconditionFailed: none is named.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    versions = frozenset(int(each) for each in VERSION.findall(if_match))
    if not versions:
        raise PreconditionFailed(f"If-Match: {if_match[:80]} is no version of a workflow; ETag says which is.")
    return versions


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether `If-None-Match` says that the client has what this `ETag` is of, weak or not (RFC 9110, 13.1.2)."""
    return if_none_match is not None and (if_none_match.strip() == "*" or tag in TAG.findall(if_none_match))


Graph = Annotated[Any, Depends(read_graph)]
OwnId = Annotated[str | None, Depends(own_id)]
IfMatch = Annotated[frozenset[int] | None, Depends(expected_version)]
IfNoneMatch = Annotated[str | None, Header(description='The version at hand, `"3"`; where it is the latest: 304.')]
Limit = Annotated[int, Query(ge=0, le=1000, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to leave out at the start.")]

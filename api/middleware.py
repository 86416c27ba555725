"""What holds for every request: an id, a line in the log, a known host, and never a stack trace."""

import ipaddress
import re
import time
from http import HTTPStatus
from uuid import uuid4

import structlog
from anyio import move_on_after
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_answer, respond
from orchestrator.errors import Problem
from orchestrator.logs import bind_contextvars, bound_contextvars
from orchestrator.settings import Settings

REQUEST_ID = re.compile(r"[A-Za-z0-9._~:+/=-]{1,128}")
LOCAL_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?"
ANY_HOST = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_S = 10.0
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
PAGES = ("/docs", "/redoc")
DATA_ONLY = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}

log = structlog.get_logger(__name__)


class Tracked:
    """Gives the request its id, in or out as `X-Request-ID`, and writes one line about it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        started, status = time.perf_counter(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in (ALWAYS if scope["path"].startswith(PAGES) else ALWAYS | DATA_ONLY).items():
                    headers.setdefault(name, value)
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_on)
            finally:
                seconds = round(time.perf_counter() - started, 4)
                log.info("request", method=scope["method"], path=scope["path"], status=status, seconds=seconds)


class Cors(CORSMiddleware):
    """Starlette's, but what it refuses a page's browser has the shape of every other refusal."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a page may ask for."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return answer
        said = Problem(code="unknown_origin", message=_foreign(request_headers.get("origin", "")))
        refused = problem_answer(answer.status_code, said.code, [said])
        refused.headers["Vary"] = answer.headers.get("Vary", "Origin")
        return refused


def _foreign(origin: str) -> str:
    return f"Pages of '{origin[:100]}' may not call this: see GRAPHMILL_CORS_ORIGINS."


class Guard:
    """Refuses foreign hosts and origins, and answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.host = settings.host
        self.origins = frozenset(settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if refused := self._refusal(scope):
                await problem_answer(refused[0], refused[1].code, [refused[1]])(scope, receive, send)
                return
            await self.app(scope, receive, send_on)
        except Exception as error:
            answer = respond(error)
            if started:
                raise
            await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, Problem] | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._knows_host(host):
            message = f"Host '{host[:100]}' is not served here: use localhost, or set GRAPHMILL_HOST."
            return 400, Problem(code="unknown_host", message=message)
        if scope["method"] not in SAFE and origin and not self._knows_origin(origin, host):
            return 403, Problem(code="unknown_origin", message=_foreign(origin))
        if b"%00" in scope.get("raw_path", b"") + b"?" + scope["query_string"]:
            return 400, Problem(code="invalid_request", message="An address cannot hold a NUL character.")
        return None

    def _knows_host(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if re.search(r":\d*$", host) else host
        name = name.removeprefix("[").removesuffix("]").lower()
        return self.host in ANY_HOST or name in ("localhost", self.host.lower()) or _is_loopback(name)

    def _knows_origin(self, origin: str, host: str) -> bool:
        own = origin.partition("://")[2] == host
        if self.origins:
            return own or origin in self.origins or "*" in self.origins
        return own or re.fullmatch(LOCAL_ORIGIN, origin) is not None


class Patient:
    """Lets a client send the whole of a body that is refused: cut off while it sends, it would not read the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or "expect" in Headers(scope=scope):  # who expects 100 Continue waits for the answer
            await self.app(scope, receive, send)
            return
        ended = False

        async def receive_on() -> Message:
            nonlocal ended
            message = await receive()
            ended = not message.get("more_body")
            return message

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= HTTPStatus.BAD_REQUEST:
                with move_on_after(LONGEST_S):
                    while not ended:
                        await receive_on()
            await send(message)

        await self.app(scope, receive_on, send_on)


class Heads:
    """Answers HEAD as GET without the body; a range is one of GET alone (RFC 9110, section 14.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        whole = [each for each in scope["headers"] if each[0] != b"range"]
        await self.app({**scope, "method": "GET", "headers": whole}, receive, send_head)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def bind_ids(request: Request) -> None:
    """Put the ids in the path on every line that the request logs."""
    named = {name: value for name, value in request.path_params.items() if name in ("workflow_id", "execution_id")}
    if named:
        bind_contextvars(**named)

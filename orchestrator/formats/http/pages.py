"""Fetching JSON over HTTP: retries, redirects, limits of time and size, and what went wrong as one sentence."""

import codecs
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from orchestrator.errors import NodeError
from orchestrator.formats.http.timed import until

LARGEST = 256 << 20
REDIRECTS = 5
LONGEST_WAIT = 60.0
AGAIN = frozenset({429, *range(500, 600)})


@dataclass(frozen=True)
class Request:
    """What is asked. Headers and body go to the origin of the first address only, wherever links lead."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def at(self, url: httpx.URL) -> "Request":
        """The same request of another address; to another origin without headers and body."""
        if (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port):
            return Request(self.method, url, self.headers, self.body)
        return Request("HEAD" if self.method == "HEAD" else "GET", url)

    def redirected(self, status: int, url: httpx.URL) -> "Request":
        """The request that a redirect asks for, as curl and browsers make it: a 303, and a POST before, becomes a GET.

        Raises:
            NodeError: `http_error`, it would go to another origin, where it would be another request.
        """
        turned = self.method != "HEAD" and (status == 303 or (self.method == "POST" and status in (301, 302)))
        made = Request("GET", self.url, self.headers) if turned else self
        found = made.at(url)
        if found.method != made.method:
            raise refused(f"{self.url.host} redirects a {made.method} to another server, where it is not sent.")
        return found


@dataclass(frozen=True)
class Answer:
    """A document, and the address of the next one where a `Link` header says it."""

    document: Any
    url: httpx.URL
    next: str | None


@dataclass(frozen=True)
class Received:
    """What came back, whatever it is."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: httpx.URL
    next: str | None
    encoding: str

    @property
    def text(self) -> str:
        """The body as text; what is not in its encoding becomes a question mark in a diamond."""
        return self.body.decode(self.encoding, errors="replace")


def fetch(client: httpx.Client, request: Request, *, timeout_s: float, retries: int) -> Answer:
    """Ask for JSON until there is an answer, `retries` times more at most.

    Raises:
        NodeError: `http_error`, with the status and the host; never a header, a query or a body.
    """
    found = call(client, request, timeout_s=timeout_s, retries=retries)
    return Answer(document(found), found.url, found.next)


def call(
    client: httpx.Client, request: Request, *, timeout_s: float, retries: int,
    accept: frozenset[int] = frozenset(), largest: int | None = None, before: Callable[[], None] = lambda: None,
) -> Received:  # fmt: skip
    """Ask until there is an answer of 2xx or a status to `accept`; `before` is called before each attempt.

    Raises:
        NodeError: `http_error`, as `fetch`.
    """
    for attempt in range(retries + 1):
        last = attempt == retries
        before()
        try:
            return _once(client, request, timeout_s, accept, largest or LARGEST)
        except _Again as again:
            if last:
                raise again.error from None
            time.sleep(again.wait if again.wait is not None else _pause(attempt))
    raise AssertionError


class _Again(Exception):
    def __init__(self, error: NodeError, wait: float | None = None) -> None:
        self.error = error
        self.wait = wait


def _pause(attempt: int) -> float:
    return min(30.0, 0.25 * 2.0**attempt) * random.uniform(0.8, 1.2)  # noqa: S311 (spreads load, keeps no secret)


def _once(client: httpx.Client, request: Request, timeout_s: float, accept: frozenset[int], largest: int) -> Received:
    deadline = time.monotonic() + timeout_s
    for _ in range(REDIRECTS + 1):
        host = request.url.host
        try:
            with until(deadline), client.stream(
                request.method, request.url, json=request.body,
                headers=[(name.encode(), value.encode()) for name, value in request.headers.items()],
                timeout=max(0.01, deadline - time.monotonic()),
            ) as response:  # fmt: skip
                if response.has_redirect_location:
                    target = _checked(request.url.join(response.headers["location"]))
                    request = request.redirected(response.status_code, target)
                    continue
                if response.status_code not in accept:
                    _check_status(response, host)
                body = _read(response, host, timeout_s, largest)
                encoding = response.charset_encoding if _is_known(response.charset_encoding) else "utf-8"
                return Received(
                    response.status_code, response.headers, body, request.url, _link(response), str(encoding)
                )
        except httpx.TimeoutException:
            raise _Again(refused(f"{host} did not answer within {timeout_s:g} s.")) from None
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
            raise _Again(refused(f"{host} cannot be reached: {_reason(error)}.")) from None
    raise refused(f"{host} redirects more than {REDIRECTS} times.")


def refused(message: str) -> NodeError:
    """The error of an HTTP reader."""
    return NodeError(message, code="http_error", path="/config/url")


def _checked(url: httpx.URL) -> httpx.URL:
    if url.scheme not in ("http", "https") or not url.host:
        raise refused(f"A redirect leads to an address that is not http or https ('{url.scheme}').")
    return url


def _check_status(response: httpx.Response, host: str) -> None:
    if response.is_success:
        return
    error = refused(f"{host} answered {response.status_code} {response.reason_phrase}".rstrip() + ".")
    if response.status_code not in AGAIN:
        raise error
    wait = _retry_after(response.headers.get("retry-after", ""))
    if wait is not None and wait > LONGEST_WAIT:
        raise error
    raise _Again(error, wait)


def _retry_after(text: str) -> float | None:
    if text.isascii() and text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _is_known(encoding: str | None) -> bool:
    try:
        return bool(encoding and codecs.lookup(encoding))
    except LookupError:
        return False


def _read(response: httpx.Response, host: str, timeout_s: float, largest: int) -> bytes:
    if len(response.headers.get_list("content-encoding", split_commas=True)) > 1:
        raise refused(f"{host} packs its answer more than once.")  # a kilobyte would be unpacked to a gigabyte at once
    parts, size = [], 0
    try:
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > largest:
                raise refused(f"{host} sends more than {largest >> 20} MiB in one answer.")
    except httpx.ReadTimeout:
        raise _Again(refused(f"{host} did not end its answer within {timeout_s:g} s.")) from None
    return b"".join(parts)


def document(received: Received) -> Any:
    """The JSON in an answer.

    Raises:
        NodeError: `http_error`, it is something else.
    """
    try:
        return json.loads(received.body)
    except (ValueError, RecursionError):
        kind = "an empty answer" if not received.body.strip() else "something else"
        if "html" in received.headers.get("content-type", "") or received.body.lstrip()[:1] == b"<":
            kind = "HTML"
        host = received.url.host
        raise refused(f"{host} answered {received.status} with {kind} instead of JSON.") from None


def _link(response: httpx.Response) -> str | None:
    try:
        return response.links.get("next", {}).get("url")
    except (ValueError, IndexError):
        return None


def _reason(error: Exception) -> str:
    text = str(error).lower()
    for part, said in {
        "refused": "the connection is refused", "certificate": "its certificate is not valid",
        "ssl": "no secure connection", "disconnected": "it hung up", "reset": "it hung up",
    }.items():  # fmt: skip
        if part in text:
            return said
    return "the connection failed"

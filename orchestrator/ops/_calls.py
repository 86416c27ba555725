"""Calls to web services, several at a time and no faster than is allowed; answers come in the order of the rows."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.http import addresses, pages
from orchestrator.settings import settings

LARGEST, ALL = 16 << 20, 512 << 20


@dataclass(frozen=True)
class Limits:
    """How calls are made; `accept` are statuses beside 2xx that are answers too."""

    concurrency: int
    per_second: float | None
    timeout_s: float
    retries: int
    accept: frozenset[int]


@dataclass(frozen=True)
class Outcome:
    """What became of a row: an answer and its body as text, or why there is none."""

    answer: pages.Received | None = None
    body: str = ""
    error: NodeError | None = None


class Pace:
    """Lets callers through at a rate, whatever their number."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        if self._gap:
            with self._lock:
                turn = max(time.monotonic(), self._next)
                self._next = turn + self._gap
            time.sleep(max(0.0, turn - time.monotonic()))


def outcomes(
    rows: Iterable[Any], asked: Callable[[Any], pages.Request], as_json: bool, limits: Limits
) -> Iterator[Outcome]:
    """One outcome for each row, in their order.

    Raises:
        NodeError: `http_error`, all answers together are too large.
    """
    pace, size = Pace(limits.per_second), 0
    private = settings().allow_private_addresses
    with (
        addresses.client(private=private, timeout_s=limits.timeout_s, connections=limits.concurrency) as client,
        ThreadPoolExecutor(limits.concurrency) as pool,
    ):
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # no row is asked with another's

        def one(row: Any) -> Outcome:
            try:
                answer = pages.call(
                    client, asked(row), timeout_s=limits.timeout_s, retries=limits.retries, accept=limits.accept,
                    largest=LARGEST, before=pace.wait,
                )  # fmt: skip
                return Outcome(answer, _json(answer) if as_json else answer.text)
            except NodeError as error:
                return Outcome(error=error)

        for made in pool.map(one, rows):
            size += len(made.answer.body) if made.answer else 0
            if size > ALL:
                pool.shutdown(cancel_futures=True)
                raise NodeError(f"The answers are more than {ALL >> 20} MiB.", code="http_error", path="/config/url")
            yield made


def _json(answer: pages.Received) -> str:
    """The body as JSON; Python would also read NaN, which is none."""
    try:
        return json.dumps(pages.document(answer), allow_nan=False)
    except ValueError:
        raise pages.refused(f"{answer.url.host} answered with a number that JSON has not (NaN).") from None

"""A body that is refused before the client has sent it all: one that is cut off then does not read the answer."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.middleware import Patient

WHOLE = 5


async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that looks at the first piece alone."""
    await receive()
    await Response("no", int(scope["path"]))(scope, receive, send)


@pytest.mark.parametrize(
    ("status", "headers", "pieces"),
    [("413", [], WHOLE), ("400", [], WHOLE), ("200", [], 1), ("413", [(b"expect", b"100-continue")], 1)],
)
def test_the_rest_is_taken_before_the_answer(status: str, headers: list[Any], pieces: int) -> None:
    seen = []

    async def receive() -> dict[str, Any]:
        assert len(seen) < WHOLE
        seen.append("piece")
        return {"type": "http.request", "body": b"x", "more_body": len(seen) < WHOLE}

    async def send(message: Any) -> None:
        seen.append(message["type"])

    asyncio.run(Patient(refuses)({"type": "http", "path": status, "headers": headers}, receive, send))
    assert seen == ["piece"] * pieces + ["http.response.start", "http.response.body"]

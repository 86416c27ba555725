"""A download that its client does not wait for."""

import asyncio
from collections.abc import Iterator
from typing import Any

from api.downloads import Pieces


def test_what_it_is_made_with_is_given_back() -> None:
    given_back, sent = [], []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"piece"
        finally:
            given_back.append(True)

    async def receive() -> dict[str, str]:
        while len(sent) < 3:
            await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    made: Any = pieces()
    asyncio.run(Pieces(made, 200)({"type": "http"}, receive, send))
    assert given_back

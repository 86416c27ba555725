"""A download that its client does not wait for, or that is gone."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from api.downloads import Download, Pieces


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


def test_a_file_that_goes_before_it_is_sent_is_not_there() -> None:
    gone: Any = Download("/nowhere/a.csv", filename="a.csv")
    with pytest.raises(HTTPException, match=r"404: File 'a\.csv' is not there any more\."):
        asyncio.run(gone({"type": "http", "headers": []}, None, None))

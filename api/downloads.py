"""Files as they go out."""

import os
from collections.abc import Generator
from typing import Any
from urllib.parse import quote

from anyio import CancelScope
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api.requests import is_known

LONGEST_NAME = 60  # letters, of which UTF-8 has four bytes at most, and a file's name 255
UNSAFE = frozenset('/\\:*?"<>|%;')


class Download(FileResponse):
    """A file, or the `Range` of it that is asked for; a range that cannot be is a problem as any other.

    Who has it as it is now is told so (`If-None-Match`).

    A range in other units than bytes is ignored (RFC 9110, section 14.2).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                headers = {name.decode(): value.decode() for name, value in message["headers"]}
                size = headers.get("content-range")
                detail = "That range is not in the file." if size else "The header Range is not right."
                raise HTTPException(message["status"], detail, {"Content-Range": size} if size else None)
            await send(message)

        headers = Headers(scope=scope)
        await self._look()
        if is_known(headers.get("if-none-match"), self.headers["etag"]):
            kept = {name: self.headers[name] for name in ("etag", "cache-control") if name in self.headers}
            await Response(None, 304, kept)(scope, receive, send)
            return
        unit, is_range, _ = headers.get("range", "").partition("=")
        if is_range and unit.strip().lower() != "bytes":
            scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}
        await super().__call__(scope, receive, send_on)

    async def _look(self) -> None:
        try:
            self.stat_result = await run_in_threadpool(os.stat, self.path)
        except FileNotFoundError:
            raise HTTPException(404, f"File '{self.filename}' is not there any more.") from None
        self.set_stat_headers(self.stat_result)


class Pieces(StreamingResponse):
    """A file that is made while it goes out; what it is made with is given back when a client leaves early, too."""

    def __init__(self, pieces: Generator[bytes, None, None], *args: Any) -> None:
        super().__init__(pieces, *args)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._pieces.close)


def attachment(name: str) -> str:
    """`Content-Disposition` for a file that is to be saved under this name, as far as a name can be (RFC 6266).

    Of a long name its beginning and its extension: no file may be called so, and proxies refuse long headers.
    """
    stem, dot, extension = name.rpartition(".")
    name = f"{stem[:LONGEST_NAME]}{dot}{extension[:LONGEST_NAME]}"
    safe = "".join("_" if each in UNSAFE or not each.isprintable() else each for each in name).lstrip(".") or "download"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"

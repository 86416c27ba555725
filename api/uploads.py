"""An uploaded file, written to the disk as it comes in: nothing waits in memory or is stored twice."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool

from orchestrator.errors import InvalidGraph, Problem
from orchestrator.files import Upload, clean_name

AT_ONCE = 1024 * 1024
LONGEST_FIELD = 8 * 1024


async def receive(request: Request, upload: Upload) -> str:
    """Write the part `file` of a multipart body to `upload`; returns the path that the client wants it to have.

    Raises:
        InvalidGraph: it is no multipart body, was cut, or has not exactly one file.
        TooLarge: the file is over the limit.
    """
    form = Form(_boundary(request), upload)
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= AT_ONCE:
            await run_in_threadpool(form.feed, bytes(waiting))
            waiting.clear()
    await run_in_threadpool(form.feed, bytes(waiting))
    return form.path()


class Form:
    """The parts of one multipart body."""

    def __init__(self, boundary: bytes, upload: Upload) -> None:
        self._upload = upload
        self._fields: dict[str, bytes] = {}
        self._filename: str | None = None
        self._ended = False
        self._part = self._header = self._value = b""
        self._headers: dict[str, bytes] = {}
        self._write: Callable[[bytes], None] = self._ignore
        try:
            self._parser = MultipartParser(boundary, self._callbacks())  # type: ignore[arg-type]
        except FormParserError:
            raise refused("The boundary of the multipart/form-data is too long.") from None

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the body.

        Raises InvalidGraph: not multipart, or fields too long; TooLarge: the file is over the limit.
        """
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise refused("The body is no multipart/form-data.") from None

    def path(self) -> str:
        """Where the file is to go: the field `path`, with the file's own name where it ends with `/` or is left out.

        Raises InvalidGraph: the body ended too early, or has no file or no name for it.
        """
        if not self._ended:
            raise refused("The body ended before the file did.")
        if self._filename is None:
            raise refused("There is no part called `file`.")
        wanted = self._fields.get("path", b"").decode("utf-8", "replace")
        own = clean_name(self._filename)
        path = wanted + own if wanted.endswith("/") else wanted or own
        if not path:
            raise refused("The file needs a name: a `filename`, or a field `path`.")
        return path

    def _callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add("_header", data[start:end]),
            "on_header_value": lambda data, start, end: self._add("_value", data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._write(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._headers, self._header, self._value = {}, b"", b""

    def _add(self, name: str, data: bytes) -> None:
        setattr(self, name, getattr(self, name) + data)

    def _end_header(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        """Decide where the part's data goes."""
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name == "file" and b"filename" in options:
            if self._filename is not None:
                raise refused("There are several files: send one at a time.")
            self._filename = options[b"filename"].decode("utf-8", "replace")
            self._write = self._upload.write
        else:
            self._fields[name] = b""
            self._write = lambda data: self._add_field(name, data)

    def _add_field(self, name: str, data: bytes) -> None:
        self._fields[name] += data
        if len(self._fields[name]) > LONGEST_FIELD:
            raise refused(f"Field '{name[:80]}' is too long.")

    def _end(self) -> None:
        self._ended = True

    def _ignore(self, data: bytes) -> None:
        pass


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise refused("A file is sent as multipart/form-data, in a part called `file`.")
    return options[b"boundary"]


def refused(message: str) -> InvalidGraph:
    """A body that is no upload."""
    return InvalidGraph([Problem(code="invalid_request", message=message, path="/body")])

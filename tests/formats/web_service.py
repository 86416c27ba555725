"""A small web service on loopback, with what the `api` reader meets in the world."""

import gzip
import json
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

ITEMS = [{"id": number, "name": f"é {number}", "at": {"x": number / 2}} for number in range(25)]


class Handler(BaseHTTPRequestHandler):
    """A small service; `seen` has what it was asked."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str], str]]
    failures: int

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        server.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        url = urlsplit(self.path)
        getattr(self, "on_" + url.path.strip("/").replace("/", "_"))(
            {key: values[0] for key, values in parse_qs(url.query).items()}
        )

    def answer(self, document: Any, status: int = 200, **headers: str) -> None:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data))} | {
            key.replace("_", "-"): value for key, value in headers.items()
        }
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def on_items(self, query: dict[str, str]) -> None:
        self.answer(ITEMS)

    def on_wrapped(self, query: dict[str, str]) -> None:
        self.answer({"data": {"items": ITEMS}, "other": [1]})

    def on_packed(self, query: dict[str, str]) -> None:
        self.answer(gzip.compress(json.dumps(ITEMS).encode()), Content_Encoding="gzip")

    def on_pages(self, query: dict[str, str]) -> None:
        page, size = int(query["page"]), int(query.get("size", 10))
        self.answer({"items": ITEMS[(page - 1) * size : page * size]})

    def on_offset(self, query: dict[str, str]) -> None:
        start, size = int(query["offset"]), int(query["limit"])
        self.answer(ITEMS[start : start + size])

    def on_next(self, query: dict[str, str]) -> None:
        start = int(query.get("from", 0))
        following = f"/next?from={start + 10}" if start + 10 < len(ITEMS) else None
        self.answer({"items": ITEMS[start : start + 10], "links": {"next": following}})

    def on_link(self, query: dict[str, str]) -> None:
        start = int(query.get("from", 0))
        more = {"Link": f'</link?from={start + 10}>; rel="next"'} if start + 10 < len(ITEMS) else {}
        self.answer(ITEMS[start : start + 10], **more)

    def on_flaky(self, query: dict[str, str]) -> None:
        server: Any = self.server
        server.failures -= 1
        if server.failures >= 0:
            self.answer({"secret": "detail"}, int(query.get("status", 503)), Retry_After="0")
        else:
            self.answer(ITEMS)

    def on_broken(self, query: dict[str, str]) -> None:
        self.answer({"secret": "detail"}, 500)

    def on_later(self, query: dict[str, str]) -> None:
        self.answer({}, 429, Retry_After="3600")

    def on_missing(self, query: dict[str, str]) -> None:
        self.answer({}, 404)

    def on_html(self, query: dict[str, str]) -> None:
        self.answer(b"<html><body>Log in</body></html>", Content_Type="text/html")

    def on_nothing(self, query: dict[str, str]) -> None:
        self.answer(b"")

    def on_empty(self, query: dict[str, str]) -> None:
        self.answer([])

    def on_deep(self, query: dict[str, str]) -> None:
        self.answer(b"[" * 100_000)

    def on_scalars(self, query: dict[str, str]) -> None:
        self.answer([1, 2])

    def on_cut(self, query: dict[str, str]) -> None:
        self.answer(b'[{"id": 1}, {"id"')

    def on_hangs(self, query: dict[str, str]) -> None:
        server: Any = self.server
        server.released.wait(20)
        self.close_connection = True

    def on_drips(self, query: dict[str, str]) -> None:
        server: Any = self.server
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        try:
            while not server.released.wait(0.02):
                self.wfile.write(b" ")
        except OSError:
            return

    def on_drips_before(self, query: dict[str, str]) -> None:
        server: Any = self.server
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while not server.released.wait(0.02):
                self.wfile.write(b"X-More: y\r\n")
        except OSError:
            return

    def on_packed_twice(self, query: dict[str, str]) -> None:
        self.answer(gzip.compress(gzip.compress(json.dumps(ITEMS).encode())), Content_Encoding="gzip, gzip")

    def on_waits(self, query: dict[str, str]) -> None:
        self.answer({}, 503, Retry_After="\xb2")

    def on_method(self, query: dict[str, str]) -> None:
        self.answer([{"method": self.command}])

    def on_hangup(self, query: dict[str, str]) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def on_moved(self, query: dict[str, str]) -> None:
        self.answer({}, int(query.get("status", 302)), Location=query.get("to", "/items"))

    def on_loop(self, query: dict[str, str]) -> None:
        self.answer({}, 302, Location="/loop")

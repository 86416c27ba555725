# ruff: noqa: E501 (tables of cases)
"""`http_request` against a real server on loopback."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrator import settings as environment
from orchestrator.errors import NodeError
from orchestrator.registry import node_type

FEED = {"table": "SELECT 'a' AS code, 1 AS n WHERE false"}  # no row, so that its address is not called


class Handler(BaseHTTPRequestHandler):
    """Answers what it was asked; `seen` has it all, `most` is how many asked at once."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_): ...

    def do_GET(self):
        server = self.server
        with server.lock:
            server.now += 1
            server.most = max(server.most, server.now)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        said = {
            "method": self.command,
            "path": self.path,
            "body": json.loads(body) if body else None,
            "x": self.headers.get("x"),
            "cookie": self.headers.get("cookie"),
        }
        server.seen.append((time.monotonic(), said))
        if self.path.startswith("/slow"):
            time.sleep(0.05 + 0.01 * (len(server.seen) % 3))
        with server.lock:
            server.now -= 1
            server.failures -= 1
            failing = server.failures >= 0 and self.path.startswith("/flaky")
        status = 503 if failing else int(self.path[8:11]) if self.path.startswith("/status/") else 200
        data = {"/html": b"<html>", "/nan": b"[NaN]", "/latin": b"\xe9"}.get(self.path, json.dumps(said).encode())
        self.send_response(status)
        for key, value in {
            "Content-Length": str(len(data)),
            "Retry-After": "0",
            "X-Kind": "test",
            "Set-Cookie": "seen=1",
            "Content-Type": "text/plain; charset=latin-1" if self.path == "/latin" else "application/json",
        }.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 (the server's names)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("GRAPHMILL_ALLOW_PRIVATE_ADDRESSES", "true")
    environment.settings.cache_clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.daemon_threads, made.seen, made.lock, made.now, made.most, made.failures = (
            True,
            [],
            threading.Lock(),
            0,
            0,
            0,
        )
        made.url = f"http://127.0.0.1:{made.server_address[1]}"
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()
    environment.settings.cache_clear()


@pytest.fixture
def ask(run, server):
    return lambda path, table, **config: run("http_request", {"url": server.url + path, **config}, table=table)


def test_each_row_is_called_in_order_and_several_at_a_time(ask, server):
    made = ask(
        "/slow/{id}", [{"id": number, "name": f"n{number}"} for number in range(20)], response="json", concurrency=4
    )
    assert [(row[0], row[1], row[2], json.loads(row[3])["path"]) for row in made["result"]] == [
        (number, f"n{number}", 200, f"/slow/{number}") for number in range(20)
    ]
    assert made["rejected"] == []
    assert 1 < server.most <= 4


def test_no_row_is_asked_with_the_cookie_of_another(ask):
    made = ask("/{id}", [{"id": 1}, {"id": 2}], response="json", concurrency=1)
    assert [json.loads(row[-1])["cookie"] for row in made["result"]] == [None, None]


@pytest.mark.parametrize(
    ("config", "row", "expected"),
    [
        ({"url": "/a/{v}"}, {"v": "x/y?z=1&é #%"}, {"path": "/a/x%2Fy%3Fz%3D1%26%C3%A9%20%23%25"}),
        ({"url": "/a/{v}/b"}, {"v": ".."}, {"path": "/a/%2E%2E/b"}), ({"url": "/a/{{{v}}}"}, {"v": 1}, {"path": "/a/%7B1%7D"}),
        ({"url": "/a?x=1", "params": {"q": "{v} {w}", "r": "{n}", "s": "1"}}, {"v": "a&b", "w": True, "n": None}, {"path": "/a?x=1&q=a%26b+true&s=1"}),
        ({"url": "/a", "headers": {"X": "v {v}"}}, {"v": 1.5}, {"x": "v 1.5"}), ({"url": "/a", "headers": {"X": "{v}"}}, {"v": None}, {"x": None}),
        ({"url": "/a", "headers": {"X": "é {v}"}}, {"v": "日"}, {"x": "é 日".encode().decode("latin-1")}),
        ({"url": "/a", "method": "POST", "body": {"l": "{l}", "s": "{s}", "t": "in {l}"}}, {"l": [1, None], "s": {"a": "é"}},
         {"body": {"l": [1, None], "s": {"a": "é"}, "t": "in [1, null]"}}),
        ({"url": "/a", "method": "POST", "body": {"id": "{v}", "t": ["{v} {w}", 1, None, True], "q": "{{v}}", "{v}": "{w}"}}, {"v": 7, "w": None},
         {"method": "POST", "body": {"id": 7, "t": ["7 ", 1, None, True], "q": "{v}", "{v}": None}}),
        ({"url": "/a", "method": "PUT", "body": "{v}"}, {"v": "a\"b"}, {"method": "PUT", "body": 'a"b'}), ({"url": "/a", "method": "DELETE"}, {"v": 1}, {"method": "DELETE", "body": None}),
        ({"url": "/a/{größe 日}"}, {"größe 日": "ü"}, {"path": "/a/%C3%BC"}),
    ],
)  # fmt: skip
def test_values_in_templates(ask, config, row, expected):
    url = config["url"]
    made = ask(url, [row], response="json", **{key: value for key, value in config.items() if key != "url"})
    said = json.loads(made["result"][0][-1])
    assert {key: said[key] for key in expected} == expected


def test_the_braces_of_a_parameter_are_no_columns(run, server):
    config = {"url": f"{server.url}/a", "params": {"q": "${x}"}, "response": "json"}
    node = node_type("http_request").configure(config, {"x": "{id}"})
    made = node.call({"table": run.session.connection.sql("SELECT 1 AS id")}, run.context)
    assert json.loads(made["result"].fetchall()[0][-1])["path"] == "/a?q=%7Bid%7D"


@pytest.mark.parametrize(
    ("config", "row", "code", "text"),
    [
        ({"url": "/status/404"}, {}, "http_error", "127.0.0.1 answered 404 Not Found."), ({"url": "/status/400"}, {}, "http_error", "answered 400"),
        ({"url": "/status/500", "retries": 0}, {}, "http_error", "answered 500"), ({"url": "/a/{v}"}, {"v": None}, "invalid_value", "Column 'v' is null"),
        ({"url": "/nan", "response": "json"}, {}, "http_error", "NaN"),
        ({"url": "/html", "response": "json"}, {}, "http_error", "with HTML instead of JSON"), ({"url": "/a", "headers": {"X": "{v}"}}, {"v": "a\r\nb: c"}, "invalid_value", "line break"),
        ({"url": "/a", "method": "POST", "body": "{v}"}, {"v": float("nan")}, "invalid_value", "JSON"),
    ],
)  # fmt: skip
def test_failed_calls_are_rejected(ask, config, row, code, text):
    url = config.pop("url")
    made = ask(url, [{"id": 1, **row}], **config)
    assert made["result"] == []
    ((*_, found, message),) = made["rejected"]
    assert found == code
    assert text in message


def test_statuses_that_are_answers_too(ask):
    made = ask("/status/{s}", [{"s": s} for s in (200, 404, 410, 201)], accept=[404])
    assert [row[:2] for row in made["result"]] == [(200, 200), (404, 404), (201, 201)]
    assert [row[0] for row in made["rejected"]] == [410]


def test_it_is_tried_again(ask, server):
    server.failures = 2
    assert len(ask("/flaky", [{"id": 1}])["result"]) == 1
    assert len(server.seen) == 3
    server.failures = 5
    (row,) = ask("/flaky", [{"id": 1}], retries=1)["rejected"]
    assert "503" in row[-1]
    assert len(server.seen) == 5


def test_a_server_that_is_not_there(run, server):
    made = run("http_request", {"url": "http://127.0.0.1:1/", "retries": 0}, table=[{"id": 1}])
    assert made["rejected"] == [(1, "http_error", "127.0.0.1 cannot be reached: the connection is refused.")]


def test_the_rate_is_kept(ask, server):
    ask("/a", [{"id": number} for number in range(6)], requests_per_second=20)
    times = sorted(at for at, _ in server.seen)
    assert times[-1] - times[0] >= 0.2


def test_texts_headers_and_addresses_from_a_column(run, ask, server):
    ((*_, body),) = ask("/latin", [{"id": 1}])["result"]
    assert body == "é"
    made = run("http_request", {"url": "{link}", "method": "HEAD", "with_headers": True, "prefix": "r "}, table=[{"link": f"{server.url}/a"}, {"link": "file:///etc/passwd"}, {"link": "http://u:p@127.0.0.1/"}])  # fmt: skip
    ((_, status, body, headers),) = made["result"]
    assert (status, body, json.loads(headers)["x-kind"]) == (200, "", "test")
    assert [row[1] for row in made["rejected"]] == ["invalid_value"] * 2
    assert len(server.seen) == 2


def test_private_addresses_are_not_called(run, server, monkeypatch):
    monkeypatch.setenv("GRAPHMILL_ALLOW_PRIVATE_ADDRESSES", "false")
    environment.settings.cache_clear()
    made = run("http_request", {"url": "{link}", "retries": 0}, table=[{"link": server.url}])
    assert [row[1] for row in made["rejected"]] == ["address_not_allowed"]
    assert not server.seen


PRIVATE = [
    "http://127.0.0.1:9/x", "http://localhost:9", "http://10.0.0.1?a={id}", "http://[::1]:9/{id}", "https://169.254.169.254/",
    "http://0x7f.1/", "http://[::ffff:10.0.0.1]#x",
]  # fmt: skip


def test_no_more_calls_than_allowed(ask, server):
    with pytest.raises(NodeError, match="more than 2 rows") as error:
        ask("/a", [{"id": number} for number in range(3)], max_requests=2)
    assert (error.value.code, error.value.path) == ("too_large", "/config/max_requests")
    assert not server.seen


@pytest.mark.parametrize(
    ("config", "code", "path"),
    [
        ({"url": "https://h/{idd}"}, "unknown_column", "/config/url"), ({"headers": {"a": "{idd}"}}, "unknown_column", "/config/headers"),
        ({"headers": {"Bad Header": "x"}}, "invalid_config", "/config/headers/Bad Header"), ({"headers": {"é": "x"}}, "invalid_config", "/config/headers/é"),
        ({"body": {"a": ["{idd}"]}}, "unknown_column", "/config/body"), ({"prefix": "", "url": "https://h/"}, "duplicate_column", "/config/prefix"),
        ({"url": "ftp://h/"}, "invalid_config", "/config/url"), ({"url": "https://{id}/"}, "invalid_config", "/config/url"), ({"url": "https://h{id}"}, "invalid_config", "/config/url"),
        ({"url": "https://u:p@h/"}, "invalid_config", "/config/url"), ({"url": "https://h/{id"}, "invalid_config", "/config/url"), ({"params": {"a": "}"}}, "invalid_config", "/config/params/a"),
        ({"concurrency": 26}, "invalid_config", "/config/concurrency"), *(({"url": url}, "address_not_allowed", "/config/url") for url in PRIVATE),
    ],
)  # fmt: skip
def test_what_is_refused_before_it_runs(run, config, code, path):
    found = run.refuses("http_request", {"url": "https://h/", **config}, table=[{"id": 1, "status": 2}])
    assert found[:2] == (code, path)

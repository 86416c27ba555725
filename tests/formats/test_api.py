# ruff: noqa: E501 (tables of cases)
"""The `api` reader against a real server on loopback."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError
from web_service import ITEMS, Handler

from orchestrator import settings as environment
from orchestrator.errors import NodeError
from orchestrator.formats.http import pages
from orchestrator.formats.http.addresses import checked, is_public
from orchestrator.ops.base import Context, Relation, UnknownColumns
from orchestrator.ops.data_loader import DataLoader


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("GRAPHMILL_ALLOW_PRIVATE_ADDRESSES", "true")
    environment.settings.cache_clear()
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen, made.failures, made.released = [], 0, threading.Event()
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    yield made
    made.released.set()
    made.shutdown()
    thread.join()
    made.server_close()
    environment.settings.cache_clear()


Ask = Callable[..., Relation]


@pytest.fixture
def ask(context: Context, server: Any) -> Ask:
    def asked(path: str, **config: Any) -> Relation:
        config = {"source_type": "api", "url": server.url + path, "retries": 0, **config}
        return DataLoader.configure(config).call({}, context)["result"]

    return asked


@pytest.mark.parametrize(
    ("path", "config", "requests"),
    [
        ("/items", {}, 1),
        ("/items", {"method": "POST", "body": {"q": 1}}, 1),
        ("/wrapped", {"records": "/data/items"}, 1),
        ("/packed", {}, 1),
        ("/moved", {}, 2),
        ("/pages", {"records": "/items", "paging": {"type": "page"}}, 4),
        ("/pages", {"records": "/items", "paging": {"type": "page", "size_parameter": "size", "size": 20}}, 2),
        ("/offset", {"paging": {"type": "offset", "limit": 10}}, 4),
        ("/next", {"records": "/items", "paging": {"type": "next", "pointer": "/links/next"}}, 3),
        ("/link", {"paging": {"type": "link"}}, 3),
    ],
)
def test_reads(server: Any, ask: Ask, path: str, config: dict[str, Any], requests: int) -> None:
    found = ask(path, **config)
    assert dict(zip(found.columns, map(str, found.types), strict=True)) == {
        "id": "BIGINT", "name": "VARCHAR", "at": "STRUCT(x DOUBLE)",
    }  # fmt: skip
    assert found.fetchall() == [(each["id"], each["name"], each["at"]) for each in ITEMS]
    assert len(server.seen) == requests


def test_sends_what_is_set(server: Any, ask: Ask) -> None:
    ask("/items?a=1", method="POST", headers={"X-Key": "k"}, params={"b": "é"}, body={"q": [1]})
    ((path, headers, body),) = server.seen
    assert path == "/items?a=1&b=%C3%A9"
    assert headers["x-key"] == "k"
    assert json.loads(body) == {"q": [1]}


def test_stops_after_max_pages(server: Any, ask: Ask) -> None:
    found = ask("/next", records="/items", paging={"type": "next", "pointer": "/links/next", "max_pages": 2})
    assert len(found.fetchall()) == 20
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [429, 500, 501, 503, 529])
def test_tries_again(server: Any, ask: Ask, status: int) -> None:
    server.failures = 2
    assert len(ask(f"/flaky?status={status}", retries=2).fetchall()) == 25


def test_gives_up(server: Any, ask: Ask) -> None:
    server.failures = 2
    with pytest.raises(NodeError, match=r"^127.0.0.1 answered 503 Service Unavailable\.$"):
        ask("/flaky", retries=1)


@pytest.mark.parametrize(
    ("path", "config", "code", "message"),
    [
        ("/broken", {}, "http_error", "127.0.0.1 answered 500 Internal Server Error."),
        ("/broken", {"retries": 1}, "http_error", "127.0.0.1 answered 500 Internal Server Error."),
        ("/later", {"retries": 3}, "http_error", "127.0.0.1 answered 429 Too Many Requests."),
        ("/missing", {"retries": 3}, "http_error", "127.0.0.1 answered 404 Not Found."),
        ("/html", {}, "http_error", "127.0.0.1 answered 200 with HTML instead of JSON."),
        ("/nothing", {}, "http_error", "127.0.0.1 answered 200 with an empty answer instead of JSON."),
        ("/cut", {}, "http_error", "127.0.0.1 answered 200 with something else instead of JSON."),
        ("/deep", {}, "http_error", "127.0.0.1 answered 200 with something else instead of JSON."),
        ("/hangs", {"timeout_s": 0.2}, "http_error", "127.0.0.1 did not answer within 0.2 s."),
        ("/drips", {"timeout_s": 0.2}, "http_error", "127.0.0.1 did not end its answer within 0.2 s."),
        ("/drips_before", {"timeout_s": 0.2}, "http_error", "127.0.0.1 did not answer within 0.2 s."),
        ("/packed_twice", {}, "http_error", "127.0.0.1 packs its answer more than once."),
        ("/waits", {}, "http_error", "127.0.0.1 answered 503 Service Unavailable."),
        ("/hangup", {}, "http_error", "127.0.0.1 cannot be reached: it hung up."),
        ("/loop", {}, "http_error", "127.0.0.1 redirects more than 5 times."),
        ("/moved?to=file:///etc/passwd", {}, "http_error", "A redirect leads to an address that is not http or https ('file')."),
        ("/wrapped", {}, "no_table", "127.0.0.1 gave no table: there is an object at '', and a list of objects is needed."),
        ("/wrapped", {"records": "/nope"}, "no_table", "127.0.0.1 gave no table: there is nothing at '/nope', and a list of objects is needed."),
        ("/scalars", {}, "no_table", "127.0.0.1 gave no table: there is a list of something else at '', and a list of objects is needed."),
        ("/empty", {}, "file_empty", "127.0.0.1 gave no record, so that the columns are not known."),
        ("/items", {"paging": {"type": "page"}}, "http_error", "127.0.0.1 gave the same page twice: its paging is another one."),
    ],
)  # fmt: skip
def test_refuses(server: Any, ask: Ask, path: str, config: dict[str, Any], code: str, message: str) -> None:
    started = time.monotonic()
    with pytest.raises(NodeError) as error:
        ask(path, headers={"Authorization": "Bearer secret"}, params={"token": "secret"}, **config)
    assert (error.value.code, error.value.message) == (code, message)
    assert str(error.value.path).startswith("/config/")
    assert "secret" not in f"{error.value.message} {error.value.hint}"
    assert time.monotonic() - started < 10


def test_a_port_where_nothing_listens(ask: Ask, server: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NodeError, match=r"^127.0.0.1 cannot be reached: the connection is refused\.$"):
            ask("", url=f"http://127.0.0.1:{free.getsockname()[1]}/x")


def test_an_answer_that_is_too_large(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    monkeypatch.setattr(pages, "LARGEST", 100)
    with pytest.raises(NodeError, match="sends more than"):
        ask("/items")


def test_another_origin_gets_no_headers(server: Any, ask: Ask) -> None:
    port = server.server_address[1]
    ask(f"/moved?to=http://localhost:{port}/items", headers={"X-Key": "secret"}, method="POST", body={"a": 1})
    (_, first, _), (_, second, body) = server.seen
    assert first["x-key"] == "secret"
    assert "x-key" not in second
    assert body == ""


@pytest.mark.parametrize(
    ("status", "first", "second"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"), (303, "GET", "GET")],
)  # fmt: skip
def test_a_redirect_changes_the_method_as_in_a_browser(
    server: Any, ask: Ask, status: int, first: str, second: str
) -> None:
    found = ask(f"/moved?status={status}&to=/method", method=first, body={"a": 1}, headers={"X-Key": "k"})
    assert found.fetchall() == [(second,)]
    _, headers, body = server.seen[1]
    assert (headers["x-key"], body) == ("k", '{"a":1}' if second == "POST" else "")


def test_a_post_is_not_turned_into_a_get_of_another_origin(server: Any, ask: Ask) -> None:
    to = f"http://localhost:{server.server_address[1]}/items"
    with pytest.raises(NodeError, match=r"^127.0.0.1 redirects a POST to another server, where it is not sent\.$"):
        ask(f"/moved?status=307&to={to}", method="POST", body={"a": 1})
    assert len(server.seen) == 1


def test_declared_columns(design: Context, server: Any, ask: Ask) -> None:
    declared = [{"name": "id", "type": "varchar"}, {"name": "more", "type": "DATE"}]
    config = {"source_type": "api", "url": server.url + "/items"}
    with pytest.raises(UnknownColumns):
        DataLoader.configure(config).call({}, design)
    described = DataLoader.configure({**config, "declared": declared}).call({}, design)["result"]
    assert not server.seen
    for path, rows in (("/items", 25), ("/empty", 0)):
        found = ask(path, declared=declared)
        assert found.columns == described.columns == ["id", "more"]
        assert list(map(str, found.types)) == list(map(str, described.types)) == ["VARCHAR", "DATE"]
        assert len(found.fetchall()) == rows


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/items", "http://localhost:{port}/items", "http://[::1]:{port}/", "http://0.0.0.0:{port}/items",
        "http://2130706433:{port}/items", "http://0x7f.1:{port}/items", "http://[::ffff:127.0.0.1]:{port}/items",
        "http://169.254.169.254/latest", "http://10.0.0.1/", "http://192.168.1.1/", "http://[fe80::1]/", "http://[fd00::1]/",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(
    monkeypatch: pytest.MonkeyPatch, server: Any, context: Context, url: str
) -> None:
    config = {"source_type": "api", "url": url.format(port=server.server_address[1]), "timeout_s": 2}
    node = DataLoader.configure(config)
    monkeypatch.setenv("GRAPHMILL_ALLOW_PRIVATE_ADDRESSES", "false")
    environment.settings.cache_clear()
    with pytest.raises(ValidationError, match="loopback or private address"):  # before it runs, too
        DataLoader.configure(config)
    with pytest.raises(NodeError, match="loopback or private address") as error:
        node.call({}, context)
    assert (error.value.code, error.value.path) == ("address_not_allowed", "/config/url")
    assert not server.seen


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("::ffff:10.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("ff02::1", False),
        ("64:ff9b:1::7f00:1", False), ("::ffff:0:7f00:1", False), ("::7f00:1", False), ("fec0::1", False), ("3fff::1", False),
    ],
)  # fmt: skip
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_is_resolved_once_for_a_connection(monkeypatch: pytest.MonkeyPatch, server: Any, ask: Ask) -> None:
    """The address that is checked is the one that is called: there is no second look-up to change it."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def watching(host: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(host))
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", watching)
    ask("", url=f"http://localhost:{server.server_address[1]}/items").fetchall()
    assert [host for host in asked if host == "localhost"] == ["localhost"]


def test_a_host_that_is_not_known() -> None:
    with pytest.raises(NodeError, match=r"^Host 'nowhere.invalid' is not known\.$"):
        checked("nowhere.invalid", 80, private=True)


@pytest.mark.parametrize(
    ("config", "where", "text"),
    [
        ({"url": "ftp://example.org/"}, "url", "begins with http:// or https://"),
        ({"url": "file:///etc/passwd"}, "url", "begins with http:// or https://"),
        ({"url": "example.org"}, "url", "begins with http:// or https://"),
        ({"url": "http://user:secret@example.org/"}, "url", "use headers"),
        ({"url": "http://[::1"}, "url", "not an address"),
        ({"timeout_s": 0}, "timeout_s", "greater than 0"),
        ({"retries": 1000}, "retries", "less than or equal to 10"),
        ({"records": "items"}, "records", "such as '/items'"),
        ({"paging": {"type": "pages"}}, "paging", "'none', 'page', 'offset', 'next', 'link'"),
        ({"methd": "GET"}, "methd", "Did you mean 'method'?"),
        ({"path": "a.json"}, "path", "is not an option of api"),
    ],
)
def test_wrong_options(config: dict[str, Any], where: str, text: str) -> None:
    with pytest.raises(ValidationError) as error:
        DataLoader.configure({"source_type": "api", "url": "https://example.org/", **config})
    (found,) = error.value.errors(include_input=False)
    assert found["loc"][0] == where
    assert text in found["msg"]

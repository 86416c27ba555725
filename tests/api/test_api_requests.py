"""What holds for every request: its id, known hosts and origins, errors nobody foresaw, a database that is away."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from api_shape import chain, problems_of
from fastapi import APIRouter
from sqlalchemy import exc as sql
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient

from api.errors import STATUS, respond
from orchestrator import errors

Make = Callable[..., TestClient]


@pytest.mark.parametrize("given", ["abc", "0af7651916cd43dd8448eb211c80319c", "a:b/c=+~._-", "x" * 128])
def test_a_request_id_comes_back(api: TestClient, given: str) -> None:
    assert api.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 129, "é", '"', "{}"])
def test_a_request_id_that_is_none_is_replaced(api: TestClient, given: str) -> None:
    answer = api.get("/healthz", headers={"X-Request-ID": given.encode("latin-1")})
    assert len(answer.headers["x-request-id"]) == 32


def test_every_answer_has_its_own_id(api: TestClient) -> None:
    ids = {api.get(path).headers["x-request-id"] for path in ("/healthz", "/nothing", "/api/workflows", "/healthz")}
    assert len(ids) == 4


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "127.1.2.3", "[::1]", "[::1]:80"]
)
def test_hosts_that_are_served(api: TestClient, host: str) -> None:
    assert api.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
             "[::2]", "localhost:8000:evil", "::1"]
)  # fmt: skip
def test_hosts_that_are_not(api: TestClient, host: str) -> None:
    if host == "::1":
        assert api.get("/healthz", headers={"Host": host}).status_code in (200, 400)
        return
    problems_of(api.get("/healthz", headers={"Host": host}), 400, "unknown_host")


@pytest.mark.parametrize(
    ("setting", "host", "served"),
    [
        ("0.0.0.0", "anything.example", True), ("::", "10.0.0.1", True), ("10.0.0.1", "10.0.0.1:8000", True),
        ("mill.example", "Mill.Example", True), ("mill.example", "localhost", True), ("10.0.0.1", "10.0.0.2", False),
    ],
)  # fmt: skip
def test_the_configured_host(app_with: Make, setting: str, host: str, served: bool) -> None:
    answer = app_with(host=setting).get("/healthz", headers={"Host": host})
    assert answer.status_code == (200 if served else 400)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5173", True), ("http://127.0.0.1:3000", True), ("https://localhost", True),
        ("http://[::1]:8080", True), ("http://evil.example", False), ("http://localhost.evil.example", False),
        ("null", False), ("http://localhost:123456", False),
    ],
)  # fmt: skip
def test_pages_that_may_call(api: TestClient, origin: str, allowed: bool) -> None:
    got = api.get("/healthz", headers={"Origin": origin})
    assert got.headers.get("access-control-allow-origin") == (origin if allowed else None)
    asked = api.options(
        "/api/workflows",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "If-Match",
        },
    )
    assert asked.status_code == (200 if allowed else 400)
    if not allowed:
        problems_of(asked, 400, "unknown_origin")
        assert "access-control-allow-origin" not in asked.headers
    near = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    asked = api.options("/api/workflows", headers={"Origin": origin, **near})
    assert asked.headers.get("access-control-allow-private-network") == ("true" if allowed else None)
    posted = api.post("/api/workflows/validate", json=chain(), headers={"Origin": origin})
    if allowed:
        assert posted.status_code == 200
        assert {"ETag", "Location", "X-Request-ID"} <= set(posted.headers["access-control-expose-headers"].split(", "))
    else:
        problems_of(posted, 403, "unknown_origin")


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (["https://mill.example"], "https://mill.example", True),
        (["https://mill.example"], "http://localhost:5173", False),
        (["https://mill.example"], "http://127.0.0.1:8000", True),
        (["*"], "https://any.example", True),
    ],
)
def test_configured_origins(app_with: Make, origins: list[str], origin: str, allowed: bool) -> None:
    answer = app_with(cors_origins=origins).post("/api/workflows/validate", json=chain(), headers={"Origin": origin})
    assert answer.status_code == (200 if allowed else 403)


def test_rejections_can_be_read_by_pages_too(api: TestClient) -> None:
    answer = api.get("/api/workflows/nothing", headers={"Origin": "http://localhost:5173"})
    problems_of(answer, 404, "not_found")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"


def test_data_is_never_a_page(api: TestClient) -> None:
    headers = api.get("/api/workflows").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/workflows/a%00b", "/api/workflows?search=%00", "/api/files/%00", "/%00"])
def test_no_address_holds_a_nul(api: TestClient, path: str) -> None:
    problems_of(api.get(path), 400, "invalid_request")


@pytest.mark.parametrize("path", ["/api/workflows/%FF%FE", "/api/workflows?search=%ED%A0%80", "/api/files?folder=%FF"])
def test_an_address_that_is_no_utf8(api: TestClient, path: str) -> None:
    assert api.get(path).status_code in (200, 404)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("the password is 1234"), 500, "internal"),
        (KeyError("x"), 500, "internal"),
        (sql.OperationalError("select 1", {}, Exception("/tmp/socket: gone")), 503, "unavailable"),
        (sql.InterfaceError("select 1", {}, Exception("gone")), 503, "unavailable"),
        (sql.TimeoutError("pool"), 503, "unavailable"),
        (psycopg2.OperationalError("could not connect to /tmp/x"), 503, "unavailable"),
        (errors.Unavailable("Not now."), 503, "unavailable"),
        (errors.NodeError("The disk is full.", code="disk_full"), 507, "disk_full"),
        (errors.NodeError("No such column.", code="unknown_column"), 400, "unknown_column"),
        (errors.TooLarge("Too much."), 413, "too_large"),
        (errors.Conflict("It runs.", code="file_exists"), 409, "file_exists"),
        (errors.GraphmillError("Odd.", code="odd"), 500, "odd"),
        (errors.InvalidGraph([]), 400, "invalid_graph"),
        (RecursionError(), 400, "invalid_graph"),
        (MemoryError(), 507, "out_of_memory"),
    ],
)
def test_every_error_has_its_answer(
    app_with: Make, error: Exception, status: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    router = APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise error

    client = app_with()
    client.app.include_router(router)  # type: ignore[attr-defined]
    answer = client.get("/broken", headers={"Origin": "http://localhost:1", "X-Request-ID": "mine"})
    problems_of(answer, status, code)
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["access-control-allow-origin"] == "http://localhost:1"
    assert ("retry-after" in answer.headers) == (status == 503)
    for said in ("password", "/tmp", "select 1", "RuntimeError"):
        assert said not in answer.text


def test_no_error_class_is_forgotten() -> None:
    def all_below(kind: type[errors.GraphmillError]) -> set[type[errors.GraphmillError]]:
        return {kind}.union(*(all_below(each) for each in kind.__subclasses__()))

    ours = {each for each in all_below(errors.GraphmillError) if each.__module__ == "orchestrator.errors"}
    assert set(STATUS) == ours


def test_a_body_that_is_cut_off_is_no_error_of_ours() -> None:
    answer = respond(ClientDisconnect())
    assert answer.status_code == 400
    assert b'"/body: The request ended before its body did."' in answer.body


def test_many_problems_are_counted_not_repeated() -> None:
    problems = [errors.Problem(code="cycle", message=f"Problem {n}.") for n in range(3)]
    assert b'"detail":"Problem 0. (and 2 more)"' in respond(errors.InvalidGraph(problems)).body


@pytest.mark.parametrize(
    "call",
    [("POST", "/api/workflows"), ("GET", "/api/executions"), ("GET", "/api/executions/x"),
     ("GET", "/api/executions/x/logs"), ("POST", "/api/workflows/x/execute")],
)  # fmt: skip
@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/none", None])
def test_without_a_database_it_says_so(app_with: Make, tmp_path: Path, call: tuple[str, str], url: str | None) -> None:
    with app_with(database_url=url, home=tmp_path) as client:
        answer = client.request(*call, json=chain() if call[1] == "/api/workflows" else None)
        problems_of(answer, 503, "unavailable")
        assert answer.headers["retry-after"]
        assert client.get("/healthz").json() == {"status": "ok"}
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["ready"] is False
        assert ready.json()["parts"]["database"] is False


def test_a_database_that_comes_later_is_found(
    app_with: Make, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.system as module

    found: list[str] = ["postgresql+psycopg2://127.0.0.1:1/none", database_url]
    monkeypatch.setattr(module, "database_url", lambda _: found.pop(0))
    client = app_with()
    assert client.get("/api/workflows").status_code == 503
    assert client.get("/api/workflows").status_code == 200


def test_one_line_a_request_with_its_ids(api: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="api.middleware"):
        api.get("/api/workflows/w1", headers={"X-Request-ID": "r1"})
    (line,) = [each.msg for each in caplog.records if each.name == "api.middleware"]
    said: Any = line
    assert {key: said[key] for key in ("event", "method", "path", "status", "request_id", "workflow_id")} == {
        "event": "request", "method": "GET", "path": "/api/workflows/w1", "status": 404, "request_id": "r1",
        "workflow_id": "w1",
    }  # fmt: skip


def test_without_dagster_it_says_so(app_with: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME")
    with app_with() as client:
        problems_of(client.get("/api/executions"), 503, "unavailable")
        assert client.get("/api/workflows").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/api/workflows", "/api/nodes/types/filter", "/nothing"])
def test_head_is_get_without_the_body(api: TestClient, path: str) -> None:
    head, got = api.head(path), api.get(path)
    assert head.content == b""
    assert head.status_code == got.status_code
    assert head.headers["content-length"] == got.headers["content-length"]


KNOWN = "parameters, input_data, cache, until, priority, tags"


@pytest.mark.parametrize(
    ("address", "body", "said", "hint"),
    [
        ("workflows/x/execute", {"params": {}}, "/params: it is not known here. Did you mean 'parameters'?", KNOWN),
        ("workflows/x/execute", {"zz": 1}, "/zz: it is not known here.", KNOWN),
        ("workflows/x/execute", {"priority": "high"}, "/priority: it must be a whole number.", None),
        ("executions/x/retry", {"form": "start"}, "/form: it is not known here. Did you mean 'from'?", "from, version"),
        ("nodes/validate", {"config": {}}, "/type: it is needed.", None),
    ],
)
def test_a_body_that_does_not_fit(api: TestClient, address: str, body: object, said: str, hint: str | None) -> None:
    [problem] = problems_of(api.post(f"/api/{address}", json=body), 400, "invalid_request")
    assert (problem["message"], problem["hint"]) == (said, hint)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/workflows/", 404, "not_found"),
        ("POST", "/api/workflows/", 405, "method_not_allowed"),
        ("GET", "/api/nodes/types/filter/", 404, "not_found"),
        ("GET", "/nowhere/", 404, "not_found"),
    ],
)
def test_a_slash_too_many(api: TestClient, method: str, path: str, status: int, code: str) -> None:
    [problem] = problems_of(api.request(method, path, json={}), status, code)
    assert "Leave out the '/' at the end." in (problem["message"] + str(problem["hint"]))


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("br", 415), ("identity", 200), ("", 200)])
def test_a_compressed_body_is_not_read(api: TestClient, encoding: str, status: int) -> None:
    body = json.dumps(chain()).encode()
    said = api.post("/api/workflows/validate", content=body, headers={"Content-Encoding": encoding})
    assert said.status_code == status
    if status == 415:
        problems_of(said, 415, "unsupported_media_type")
        assert said.headers["accept-encoding"] == "identity"

"""Workflows over HTTP."""

from typing import Any

import pytest
from api_shape import chain, inline, problems_of
from starlette.testclient import TestClient

from orchestrator.formats import yaml

UNKNOWN = {
    "viewport": {"x": 1.5, "y": 0, "zoom": 1},
    "ключ": {"deep": [None, True, 1.0, 10**30, "é\u2028"]},
    "nodes": [inline(measured={"width": 1}, selected=False, style={"a b": None}, parentId="g")],
    "edges": [],
}


def post(api: TestClient, graph: Any, **more: Any) -> dict[str, Any]:
    answer = api.post("/api/workflows", json=graph, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_posted_graph_comes_back(api: TestClient) -> None:
    answer = api.post("/api/workflows", json=chain())
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/workflows/{made['id']}"
    assert (answer.headers["etag"], answer.headers["cache-control"]) == ('"1"', "no-store")
    assert (made["version"], made["valid"], made["problems"]) == (1, True, [])
    assert made["created_at"] == made["updated_at"]
    assert made["created_at"].endswith("Z")
    got = api.get(answer.headers["location"])
    assert got.json() == made
    assert got.headers["etag"] == '"1"'


def test_unknown_keys_come_back_as_they_were_posted(api: TestClient) -> None:
    made = post(api, UNKNOWN)
    got = api.get(f"/api/workflows/{made['id']}").json()
    assert {key: got[key] for key in UNKNOWN} == UNKNOWN
    assert list(got)[: len(UNKNOWN)] == list(UNKNOWN)


def test_a_graph_with_errors_is_refused_with_all_its_problems(api: TestClient) -> None:
    graph = chain(nodes=[inline(), inline(), {"id": "dndnode-2", "type": "fliter"}])
    found = problems_of(api.post("/api/workflows", json=graph), 400, "duplicate_node_id", "unknown_node_type")
    assert {each["node_id"] for each in found} >= {"1", "dndnode-2"}


def test_a_draft_is_stored_with_its_problems(api: TestClient) -> None:
    made = post(api, {"name": "half"}, params={"draft": "true"})
    assert not made["valid"]
    assert [each["code"] for each in made["problems"]] == ["empty_graph"]
    assert api.get(f"/api/workflows/{made['id']}").json()["valid"] is False


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"not json", 400, "invalid_json"),
        (b'{"a": NaN}', 400, "invalid_json"),
        (b"\xff\xfe{}", 400, "invalid_json"),
        (b'{"name": "\\ud800"}', 400, "invalid_graph"),
        (b'{"name": "a\\u0000b"}', 400, "invalid_graph"),
        (b'{"name": ' + b"9" * 5000 + b"}", 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, 400, "invalid_json"),
        (b'{"x": "' + b'\\"' * 500_000, 400, "invalid_json"),
        (b"[]", 400, "invalid_graph"),
        (b"null", 400, "invalid_graph"),
        (b'"text"', 400, "invalid_graph"),
        (b'{"nodes": {}}', 400, "invalid_graph"),
        (b'{"nodes": [' + b"{}," * 9_999 + b"{}]}", 413, "too_large"),
        (b'{"edges": [' + b"{}," * 20_000 + b"{}]}", 413, "too_large"),
        (b" " * (10 * 2**20 + 1), 413, "too_large"),
        (b'{"name": "' + b"x" * (10 * 2**20) + b'"}', 413, "too_large"),
    ],
)
@pytest.mark.parametrize("call", ["", "/infer"])
def test_what_is_no_graph(api: TestClient, body: bytes, status: int, code: str, call: str) -> None:
    answer = api.post("/api/workflows" + call, content=body)
    if call and code in ("invalid_graph", "too_large") and answer.status_code == 200:
        assert code in {each["code"] for each in answer.json()["problems"]}
    else:
        problems_of(answer, status, code)


def test_a_draft_whose_file_is_too_large_is_stored(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph itself is not too large."""
    monkeypatch.setattr(yaml, "LARGEST", 10)
    assert api.post("/api/files", files={"file": ("large.yaml", b"- a: a long text\n")}).status_code == 201
    graph = {"nodes": [{"id": "l", "type": "data_loader", "config": {"source_type": "yaml", "path": "large.yaml"}}]}
    (problem,) = problems_of(api.post("/api/workflows", json=graph), 400, "too_large")
    assert problem["node_id"] == "l"
    drafted = api.post("/api/workflows?draft=true", json=graph)
    assert (drafted.status_code, drafted.json()["valid"]) == (201, False)


def test_a_number_beyond_all_bounds_is_refused(api: TestClient) -> None:
    problems_of(api.post("/api/workflows", content=b'{"a": 1e999}'), 400)


def test_a_byte_order_mark_and_keys_given_twice_are_taken(api: TestClient) -> None:
    node = b'{"id": "1", "type": "inline_data", "config": {"rows": [{"a": 1}]}}'
    body = b'\xef\xbb\xbf{"name": "a", "name": "b", "nodes": [' + node + b"]}"
    answer = api.post("/api/workflows", content=body, headers={"content-type": "text/plain"})
    assert answer.status_code == 201
    assert answer.json()["name"] == "b"


def test_a_body_of_unknown_length_is_cut_at_the_limit(api: TestClient) -> None:
    answer = api.post("/api/workflows", content=(b" " * 2**20 for _ in range(12)))
    problems_of(answer, 413, "too_large")


def test_versions(api: TestClient) -> None:
    made = post(api, chain())
    url = f"/api/workflows/{made['id']}"
    second = api.put(url, json=chain(name="Second"), headers={"If-Match": '"1"'})
    assert (second.status_code, second.json()["version"], second.headers["etag"]) == (200, 2, '"2"')
    assert api.put(url, json=chain(name="Second")).json()["version"] == 2
    history = api.get(url + "/versions").json()
    assert history["total"] == 2
    assert [each["version"] for each in history["items"]] == [2, 1]
    first = api.get(url + "/versions/1").json()
    assert (first["version"], first["name"]) == (1, "Chain")
    restored = api.post(url + "/versions/1/restore")
    assert (restored.status_code, restored.json()["version"], restored.json()["name"]) == (200, 3, "Chain")


def test_an_answer_may_be_put_back_as_it_is(api: TestClient) -> None:
    made = post(api, chain(id="mine", version=77))
    assert (made["version"], made["id"] != "mine") == (1, True)
    again = api.put(f"/api/workflows/{made['id']}", json=made)
    assert again.json() == made


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7"', "1", "abc", '"99999999999999999999"', '"1", "3"'])
def test_a_stale_version_is_refused(api: TestClient, tag: str) -> None:
    made = post(api, chain())
    url = f"/api/workflows/{made['id']}"
    api.put(url, json=chain(name="Second"))
    problems_of(api.put(url, json=chain(name="Third"), headers={"If-Match": tag}), 412, "precondition_failed")
    problems_of(api.post(url + "/versions/1/restore", headers={"If-Match": tag}), 412, "precondition_failed")
    problems_of(api.delete(url, headers={"If-Match": tag}), 412, "precondition_failed")


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', "*", '"1", "2"', '"3", "2"'])
def test_the_latest_version_is_taken(api: TestClient, tag: str) -> None:
    made = post(api, chain())
    url = f"/api/workflows/{made['id']}"
    api.put(url, json=chain(name="Second"))
    assert api.put(url, json=chain(name="Third"), headers={"If-Match": tag}).json()["version"] == 3


@pytest.mark.parametrize(("tag", "status"), [('"1"', 304), ('W/"1"', 304), ("*", 304), ('"0", "1"', 304), ('"2"', 200)])
def test_a_client_that_has_the_latest_is_told_so(api: TestClient, tag: str, status: int) -> None:
    made = post(api, chain())
    answer = api.get(f"/api/workflows/{made['id']}", headers={"If-None-Match": tag})
    assert answer.status_code == status
    assert answer.headers["etag"] == '"1"'
    assert bool(answer.content) == (status == 200)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/versions"), ("GET", "/versions/1"),
        ("POST", "/versions/1/restore"),
    ],
)  # fmt: skip
def test_a_workflow_that_is_not_there(api: TestClient, method: str, path: str) -> None:
    body = {"json": chain()} if method == "PUT" else {}
    problems_of(api.request(method, "/api/workflows/nothing" + path, **body), 404, "not_found")
    made = post(api, chain())
    assert api.delete(f"/api/workflows/{made['id']}").status_code == 204
    problems_of(api.request(method, f"/api/workflows/{made['id']}{path}", **body), 404, "not_found")


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999", "1.5"])
def test_a_version_that_cannot_be(api: TestClient, number: str) -> None:
    made = post(api, chain())
    problems_of(api.get(f"/api/workflows/{made['id']}/versions/{number}"), 400, "invalid_request")
    problems_of(api.get(f"/api/workflows/{made['id']}/versions/2"), 404, "not_found")


def test_search(api: TestClient) -> None:
    for name in ("Zürich trams", "ZÜRICH buses", "Basel"):
        post(api, chain(name=name))
    found = api.get("/api/workflows", params={"search": "zürich", "limit": 1}).json()
    assert found["total"] == 2
    assert [each["name"] for each in found["items"]] == ["ZÜRICH buses"]
    assert "nodes" not in found["items"][0]
    assert found["items"][0]["updated_at"].endswith("Z")
    rest = api.get("/api/workflows", params={"search": "zürich", "limit": 1, "offset": 1}).json()
    assert [each["name"] for each in rest["items"]] == ["Zürich trams"]


@pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "limit=x", "offset=-1", "offset=99999999999999999999"])
@pytest.mark.parametrize("path", ["/api/workflows", "/api/files", "/api/nodes/types"])
def test_pages_that_cannot_be(api: TestClient, path: str, query: str) -> None:
    name = query.partition("=")[0]
    (found,) = problems_of(api.get(f"{path}?{query}"), 400, "invalid_request")
    assert found["path"] == f"/query/{name}"


def test_validate_saves_nothing_and_says_everything(api: TestClient) -> None:
    before = api.get("/api/workflows").json()["total"]
    graph = chain(nodes=[inline(), {"id": "dndnode-2", "type": "filter", "config": {"condition": "aa > 0"}}])
    said = api.post("/api/workflows/validate", json=graph).json()
    assert said["valid"] is False
    assert [(each["code"], each["node_id"], each["path"]) for each in said["problems"]] == [
        ("unknown_column", "dndnode-2", "/config/condition")
    ]
    assert api.post("/api/workflows/validate", json=chain()).json() == {"valid": True, "problems": []}
    assert api.get("/api/workflows").json()["total"] == before


def test_infer_knows_the_columns_at_every_port(api: TestClient) -> None:
    said = api.post("/api/workflows/infer", json=chain()).json()
    assert said["problems"] == []
    ports = said["nodes"]["dndnode-2"]
    assert [each["name"] for each in ports["inputs"]["table"]] == ["a", "b"]
    assert ports["outputs"]["passed"] == ports["outputs"]["failed"] == ports["inputs"]["table"]
    assert set(ports["outputs"]["passed"][0]) == {"name", "type", "nullable"}

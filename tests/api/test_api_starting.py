"""When an execution is created, and when it is not."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from api_shape import chain, problems_of
from executing import execute, post
from starlette.testclient import TestClient

from benchmarks.system import free_port
from orchestrator import runs
from orchestrator.catalog import digest
from orchestrator.runs import adapter


def test_without_the_code_server_nothing_is_started(
    app_with: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PATIENCE_S", 0.1)
    api = app_with(code_server_port=free_port())
    workflow = api.post("/api/workflows", json=chain()).json()["id"]
    answer = api.post(f"/api/workflows/{workflow}/execute", headers={"Idempotency-Key": "free again"})
    (problem,) = problems_of(answer, 503, "unavailable")
    assert "code server" in problem["message"]
    assert answer.headers["retry-after"]
    assert api.get("/api/executions", params={"workflow_id": workflow}).json()["total"] == 0


@pytest.mark.usefixtures("code_server")
def test_a_key_without_its_execution_is_taken_over(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CREATION_S", 0.05)
    workflow = api.post("/api/workflows", json=chain()).json()["id"]
    catalog = api.app.state.system.catalog  # type: ignore[attr-defined]
    catalog.claim("lost", workflow, digest({"workflow": workflow, **asdict(runs.Wish())}), "never-made")
    call = {"url": f"/api/workflows/{workflow}/execute", "headers": {"Idempotency-Key": "lost"}}
    answer = api.post(**call)
    problems_of(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    monkeypatch.setattr(runs, "LONGEST_CREATION", timedelta(0))
    first, second = (api.post(**call) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["execution_id"] == second.json()["execution_id"] != "never-made"


@pytest.mark.usefixtures("code_server")
def test_a_draft_runs_once_nothing_is_wrong_with_it(api: TestClient) -> None:
    loader = {"id": "1", "type": "data_loader", "config": {"source_type": "csv", "path": "later.csv"}}
    workflow = api.post("/api/workflows?draft=true", json={"name": "Waits for its file", "nodes": [loader]}).json()[
        "id"
    ]
    url = f"/api/workflows/{workflow}/execute?wait=60"
    problem, why = problems_of(api.post(url), 409, "conflict")
    assert problem["message"].endswith("cannot run. File 'later.csv' is not there.")
    assert (why["code"], why["node_id"], why["path"]) == ("file_not_found", "1", "/config/path")
    assert api.post("/api/files", files={"file": ("later.csv", b"a\n1\n")}).status_code == 201
    assert api.get(f"/api/workflows/{workflow}").json()["valid"]
    assert api.post(url).json()["status"] == "completed"


def test_all_that_is_wrong_with_a_draft_is_told(api: TestClient) -> None:
    wrong = [{"id": name, "type": "filter", "config": {"condition": f"{name} >"}} for name in ("x", "y")]
    graph = {"name": "Half", "nodes": [*chain()["nodes"], *wrong], "edges": []}
    workflow = api.post("/api/workflows?draft=true", json=graph).json()["id"]
    answer = api.post(f"/api/workflows/{workflow}/execute")
    first, *others = problems_of(answer, 409, "conflict")
    assert (answer.json()["type"], first["code"]) == ("urn:graphmill:problem:conflict", "conflict")
    assert others == api.post("/api/workflows/validate", json=graph).json()["problems"]
    assert {each["node_id"] for each in others if each["code"] == "invalid_expression"} == {"x", "y"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[]", 400, "invalid_request"),
        (b"not json", 400, "invalid_json"),
        (b'{"priority": "high"}', 400, "invalid_request"),
        (b'{"parameter": {}}', 400, "invalid_request"),
        (b'{"input_data": {"x": 1}}', 400, "invalid_request"),
        (b'{"tags": {"a": "\\u0000"}}', 400, "invalid_graph"),
        (b'{"tags": {"dagster/x": "1"}}', 400, "invalid_graph"),
        (b'{"parameters": {"lest": 1}}', 400, "invalid_graph"),
        (b'{"parameters": {"least": "x"}}', 400, "invalid_graph"),
        (b'{"until": "none"}', 400, "invalid_graph"),
        (b'{"input_data": {"x": []}}', 400, "invalid_graph"),
        (b" " * (10 * 2**20 + 1), 413, "too_large"),
    ],
)
def test_what_cannot_be_started(api: TestClient, workflow: str, body: bytes, status: int, code: str) -> None:
    answer = api.post(f"/api/workflows/{workflow}/execute", content=body)
    problems_of(answer, status)
    assert answer.json()["type"].endswith(code)


@pytest.mark.usefixtures("code_server")
@pytest.mark.parametrize("body", [b"", b"{}", b'{"parameters": null, "until": null, "cache": null}'])
def test_nothing_is_needed(api: TestClient, workflow: str, body: bytes) -> None:
    assert api.post(f"/api/workflows/{workflow}/execute", content=body).status_code == 202


@pytest.mark.parametrize("wait", ["-1", "301", "x", "nan"])
def test_a_wait_that_cannot_be(api: TestClient, workflow: str, wait: str) -> None:
    problems_of(api.post(f"/api/workflows/{workflow}/execute?wait={wait}"), 400, "invalid_request")


def test_a_draft_is_not_run(api: TestClient) -> None:
    made = api.post("/api/workflows?draft=true", json={"name": "half"}).json()
    problems_of(api.post(f"/api/workflows/{made['id']}/execute"), 409, "conflict")


@pytest.mark.parametrize(
    ("body", "path"),
    [({"tags": {"dagster/x": "1"}}, "/tags/dagster~1x"), ({"input_data": {"a/b~c": []}}, "/input_data/a~1b~0c")],
)
def test_places_are_json_pointers(api: TestClient, workflow: str, body: dict[str, Any], path: str) -> None:
    answer = api.post(f"/api/workflows/{workflow}/execute", json=body)
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["path"] == path


def test_a_name_that_no_setting_holds_starts_nothing(api: TestClient) -> None:
    workflow = post(api, {"nodes": [{"id": "in", "type": "input", "config": {"name": "orders"}}]})
    answer = api.post(f"/api/workflows/{workflow}/execute", json={"input_data": {"orders": [{"n" * 1200: 2}]}})
    (problem,) = problems_of(answer, 400, "invalid_name")
    assert (problem["path"], problem["node_id"]) == ("/input_data/orders/0", "in")


@pytest.mark.usefixtures("code_server")
@pytest.mark.parametrize(
    ("rows", "code", "path"),
    [
        ([{"id": 1}, {"id": "x"}], "type_mismatch", "/input_data/orders/1/id"),
        ([{"id": 1, "other": 2}], "unknown_column", "/input_data/orders/0"),
        ([{"id": 99999999999999999999}], "type_mismatch", "/input_data/orders/0/id"),
    ],
)
def test_rows_that_do_not_fit_start_nothing(api: TestClient, rows: list[Any], code: str, path: str) -> None:
    source = {"id": "in", "type": "input", "config": {"name": "orders", "columns": [{"name": "id", "type": "BIGINT"}]}}
    workflow = post(api, {"nodes": [source]})
    answer = api.post(f"/api/workflows/{workflow}/execute", json={"input_data": {"orders": rows}})
    problems_of(answer, 400, code)
    said = answer.json()["problems"]
    assert [(each["code"], each["path"], each["node_id"]) for each in said] == [(code, path, "in")]
    assert execute(api, workflow, json={"input_data": {"orders": [{"id": "7"}]}})["status"] == "completed"


@pytest.mark.usefixtures("code_server")
def test_rows_given_under_both_names_of_a_node(api: TestClient) -> None:
    columns = [{"name": "id", "type": "BIGINT"}]
    named = {"a": "orders", "orders": "b"}
    nodes = [{"id": id, "type": "input", "config": {"name": name, "columns": columns}} for id, name in named.items()]
    workflow, given = post(api, {"nodes": nodes}), {"a": [{"id": 1}], "orders": [{"id": 2}]}
    assert execute(api, workflow, json={"input_data": given})["status"] == "completed"
    answer = api.post(f"/api/workflows/{workflow}/execute", json={"input_data": given | {"b": [{"id": 3}]}})
    (problem,) = problems_of(answer, 400, "invalid_request")
    assert problem["path"] == "/input_data/b"

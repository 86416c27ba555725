"""When an execution is created, and when it is not."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from api_shape import chain, problems_of
from starlette.testclient import TestClient

from orchestrator import runs
from orchestrator.catalog import digest
from orchestrator.runs import adapter


def test_without_the_code_server_nothing_is_started(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "PATIENCE_S", 0.1)
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

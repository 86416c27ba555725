"""Executions over HTTP, run by the real code server."""

import json
from typing import Any

import pytest
from api_shape import chain, inline, problems_of
from dagster import DagsterInstance
from executing import execute, post
from service_system import until
from starlette.testclient import TestClient

pytestmark = pytest.mark.usefixtures("code_server")

STARTED = {"execution_id", "status", "workflow_id", "version", "task_id", "run_url"}
WHO = ("node_id", "status")
SLOW = "levenshtein(repeat('x', 5000), repeat('y', 5000 + a)) > 0"
BAD_SQL = {"id": "bad", "type": "filter", "config": {"condition": "error('no') = 1"}}


@pytest.fixture(scope="module")
def completed(api: TestClient, workflow: str, code_server: None) -> str:
    said = execute(api, workflow, json={"parameters": {"least": 3}, "tags": {"team": "ops"}})
    assert said["status"] == "completed"
    return str(said["execution_id"])


def test_it_is_started_and_waited_for(api: TestClient, workflow: str) -> None:
    answer = api.post(f"/api/workflows/{workflow}/execute")
    said = answer.json()
    assert answer.status_code == 202
    assert set(said) == STARTED
    assert (said["workflow_id"], said["version"], said["task_id"]) == (workflow, 1, said["execution_id"])
    assert said["run_url"].endswith(f"/runs/{said['execution_id']}")
    assert answer.headers["location"] == f"/api/executions/{said['execution_id']}"
    waited = api.post(f"/api/workflows/{workflow}/execute?wait=60")
    assert (waited.status_code, waited.json()["status"], waited.json()["error"]) == (202, "completed", None)


def test_the_execution(api: TestClient, workflow: str, completed: str) -> None:
    said = api.get(f"/api/executions/{completed}").json()
    assert set(said) == {
        "id", "workflow_id", "version", "status", "queued_at", "started_at", "completed_at", "error", "parameters",
        "trigger", "retry_of", "run_url", "nodes",
    }  # fmt: skip
    assert (said["id"], said["workflow_id"], said["version"], said["status"]) == (completed, workflow, 1, "completed")
    assert (said["parameters"], said["trigger"], said["error"]) == ({"least": 3}, "api", None)
    assert said["queued_at"].endswith("Z")
    assert said["queued_at"] <= said["started_at"] <= said["completed_at"]
    nodes = {each["node_id"]: each for each in said["nodes"]}
    assert set(nodes) == {"1", "dndnode-2"}
    assert nodes["dndnode-2"]["status"] == "completed"
    assert nodes["dndnode-2"]["outputs"]["passed"] == {"rows": 1, "columns": 2}


def test_the_list(api: TestClient, workflow: str, completed: str) -> None:
    said = api.get("/api/executions", params={"workflow_id": workflow, "status": "completed"}).json()
    assert said["total"] >= 1
    assert completed in {each["id"] for each in said["items"]}
    assert "nodes" not in said["items"][0]
    assert api.get("/api/executions", params={"workflow_id": "none"}).json() == {"items": [], "total": 0}
    problems_of(api.get("/api/executions?status=done"), 400, "invalid_request")
    assert api.get("/api/executions?workflow_id=&status=").json()["total"] >= said["total"]


def test_pages_of_the_list_are_its_parts(api: TestClient, workflow: str, completed: str) -> None:
    execute(api, workflow)

    def page(**wanted: int) -> tuple[list[str], int]:
        said = api.get("/api/executions", params=wanted).json()
        return [each["id"] for each in said["items"]], said["total"]

    whole, total = page(limit=1000)
    assert total == len(whole) >= 2
    for offset in range(total + 1):
        assert page(limit=1, offset=offset) == (whole[offset : offset + 1], total)
    assert page(limit=0) == page(offset=2**31 - 1) == ([], total)


def test_the_same_key_is_the_same_execution(api: TestClient, workflow: str) -> None:
    first, again = (execute(api, workflow, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first["execution_id"] == again["execution_id"]
    other = api.post(f"/api/workflows/{workflow}/execute", json={"cache": False}, headers={"Idempotency-Key": "k"})
    problems_of(other, 409, "conflict")


def read(api: TestClient, execution_id: str, **more: Any) -> list[dict[str, Any]]:
    """The events of a stream that ends by itself."""
    answer = api.get(f"/api/executions/{execution_id}/logs", **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [each for each in answer.text.split("\n\n") if each.strip() and not each.startswith(":")]
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [{"event": each["event"], "id": int(each["id"]), "data": json.loads(each["data"])} for each in events]


def test_the_log_from_the_first_event_to_the_last(api: TestClient, workflow: str) -> None:
    said = execute(api, workflow, params={})
    events = read(api, said["execution_id"])
    assert [each["id"] for each in events] == sorted(each["id"] for each in events)
    statuses = [each["data"]["status"] for each in events if each["event"] == "status"]
    assert statuses[-1] == "completed"
    assert {each["data"]["node"]["node_id"] for each in events if each["event"] == "node"} == {"1", "dndnode-2"}
    for each in events:
        assert {"timestamp", "level", "message", "node_id"} <= set(each["data"])


def test_what_a_node_logs_is_told_with_its_node(api: TestClient) -> None:
    nodes = [
        {"id": "rows", "type": "inline_data", "config": {"rows": [{"a": 1}, {"a": 2}]}},
        {"id": "say/it", "type": "log", "config": {"message": "Two rows", "level": "warning"}},
    ]
    made = post(api, {"nodes": nodes, "edges": [{"id": "e", "source": "rows", "target": "say/it"}]})
    events = read(api, execute(api, made)["execution_id"])
    said = [each["data"] for each in events if each["event"] == "log" and each["data"]["level"] == "warning"]
    assert [each["message"] for each in said] == ["Two rows", "a: 1", "a: 2"]
    assert {each["node_id"] for each in said} == {"say/it"}


def test_the_log_goes_on_where_it_was_left(api: TestClient, completed: str) -> None:
    events = read(api, completed)
    assert all(each["data"]["message"] for each in events)
    half = events[len(events) // 2]["id"]
    rest = [each for each in events if each["id"] > half]
    assert read(api, completed, headers={"Last-Event-ID": str(half)}) == read(api, completed, params={"after": half})
    assert read(api, completed, params={"after": 0}, headers={"Last-Event-ID": str(half)}) == rest
    last = api.get(f"/api/executions/{completed}/logs", headers={"Last-Event-ID": str(events[-1]["id"])})
    assert last.status_code == 204


@pytest.mark.parametrize("cache", [True, False])
def test_the_log_tells_of_every_node_in_the_end(api: TestClient, cache: bool) -> None:
    off = {"id": "off", "type": "distinct", "config": {}, "enabled": False}
    nodes = [inline(), BAD_SQL, {"id": "below", "type": "distinct", "config": {}}, off]
    edges = [{"id": f"{a}{b}", "source": a, "target": b} for a, b in (("1", "bad"), ("bad", "below"), ("1", "off"))]
    edges[1]["sourceHandle"] = "passed"
    failed = execute(api, post(api, chain(nodes=nodes, edges=edges)), json={"cache": cache})["execution_id"]
    events = read(api, failed)
    told = {each["data"]["node"]["node_id"]: each["data"]["node"] for each in events if each["event"] == "node"}
    assert list(told.values()) == sorted(
        api.get(f"/api/executions/{failed}").json()["nodes"], key=lambda each: list(told).index(each["node_id"])
    )
    assert {told["bad"]["status"], told["below"]["status"], told["off"]["status"]} == {"failed", "skipped"}
    assert events[-1]["data"]["status"] == "failed"
    for node, why in {"bad": "This node failed.", "below": "This node did not run."}.items():
        (found,) = problems_of(api.get(f"/api/executions/{failed}/nodes/{node}/outputs/x"), 404, "output_not_found")
        assert found["message"].endswith(why)
    assert [each["id"] for each in events] == sorted(each["id"] for each in events)
    for place, each in enumerate(events[:-1]):
        rest = read(api, failed, headers={"Last-Event-ID": str(each["id"])})
        assert {json.dumps(one) for one in events[place + 1 :]} <= {json.dumps(one) for one in rest}


def test_a_page_of_the_log(api: TestClient, completed: str) -> None:
    events = read(api, completed)
    url, wanted = f"/api/executions/{completed}/logs", {"Accept": "application/json"}
    page = api.get(url, headers=wanted, params={"limit": 2, "offset": 1}).json()
    assert page["items"] == events[1:3]
    assert page["total"] >= len(events)  # the process's own exit may follow the event that ends the stream


@pytest.mark.parametrize(("place", "name"), [("params", "after"), ("headers", "Last-Event-ID")])
def test_a_page_of_what_came_after_an_event(api: TestClient, completed: str, place: str, name: str) -> None:
    events = read(api, completed)
    half = events[len(events) // 2]["id"]
    said: dict[str, dict[str, Any]] = {"params": {"limit": 2}, "headers": {"Accept": "application/json"}}
    said[place][name] = str(half)
    page = api.get(f"/api/executions/{completed}/logs", **said).json()
    rest = [each for each in events if each["id"] > half]
    assert page["items"] == rest[:2]
    assert len(rest) <= page["total"] < len(events)


@pytest.mark.parametrize("said", ["x", "-1", "1.5", "99999999999999999999"])
def test_an_event_that_cannot_be(api: TestClient, completed: str, said: str) -> None:
    problems_of(api.get(f"/api/executions/{completed}/logs?after={said}"), 400, "invalid_request")
    problems_of(api.get(f"/api/executions/{completed}/logs", headers={"Accept": "image/png"}), 406, "not_acceptable")


def test_why_an_execution_failed_is_read_once(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow_id = post(api, chain(nodes=[inline(), BAD_SQL], edges=[{"id": "e", "source": "1", "target": "bad"}]))
    failed, asked, whole = execute(api, workflow_id), [], DagsterInstance.all_logs

    def all_logs(self: DagsterInstance, run_id: str, **more: Any) -> Any:
        asked.append(run_id)
        return whole(self, run_id, **more)

    monkeypatch.setattr(DagsterInstance, "all_logs", all_logs)
    [listed] = api.get("/api/executions", params={"workflow_id": workflow_id}).json()["items"]
    assert listed["error"]["message"] == "no."
    assert listed["error"] == failed["error"]
    assert failed["execution_id"] not in asked


def test_a_failure_and_its_retry(api: TestClient) -> None:
    graph = chain(nodes=[inline(), BAD_SQL], edges=[{"id": "e", "source": "1", "target": "bad"}])
    workflow_id = post(api, graph)
    failed = execute(api, workflow_id)
    said = api.get(f"/api/executions/{failed['execution_id']}").json()
    assert (failed["status"], said["error"]["node_id"], said["error"]["message"]) == ("failed", "bad", "no.")
    [listed] = api.get("/api/executions", params={"workflow_id": workflow_id}).json()["items"]
    assert said["error"] == failed["error"] == listed["error"]
    url = f"/api/executions/{failed['execution_id']}"
    problems_of(api.post(url + "/retry", json={"from": "nowhere"}), 400, "unknown_node")
    problems_of(api.post(url + "/retry", json={"version": "3"}), 400, "invalid_request")
    graph["nodes"][1] = BAD_SQL | {"config": {"condition": "a = 1"}}
    assert api.put(f"/api/workflows/{workflow_id}", json=graph).json()["version"] == 2
    again = api.post(url + "/retry", json={"from": "failure", "version": "latest"})
    assert again.status_code == 202
    assert again.json()["version"] == 2
    read(api, again.json()["execution_id"])
    ended = api.get(again.headers["location"]).json()
    assert (ended["status"], ended["retry_of"]) == ("completed", failed["execution_id"])
    assert {each["node_id"]: each["status"] for each in ended["nodes"]} == {"1": "cached", "bad": "completed"}
    problems_of(api.post(again.headers["location"] + "/retry"), 409, "conflict")


def test_cancel_and_delete(api: TestClient, workflow: str) -> None:
    done = execute(api, workflow)["execution_id"]
    problems_of(api.post(f"/api/executions/{done}/cancel"), 409, "conflict")
    assert api.delete(f"/api/executions/{done}").status_code == 204
    problems_of(api.get(f"/api/executions/{done}"), 404, "not_found")
    problems_of(api.get(f"/api/executions/{done}/logs"), 404, "not_found")


def test_it_is_canceled_inside_a_node(api: TestClient) -> None:
    numbers = {"id": "n", "type": "inline_data", "config": {"rows": [{"a": n} for n in range(2000)]}}
    slow = {"id": "s", "type": "filter", "config": {"condition": SLOW}}
    graph = {"nodes": [numbers, slow], "edges": [{"id": "e", "source": "n", "target": "s"}]}
    said = execute(api, post(api, graph), params={})
    url = f"/api/executions/{said['execution_id']}"
    problems_of(api.delete(url), 409, "conflict")
    until(lambda: {"s", "running"} in [set(map(each.get, WHO)) for each in api.get(url).json()["nodes"]])
    assert api.post(url + "/cancel").status_code == 202
    told = [each["data"] for each in read(api, said["execution_id"]) if each["data"]["node_id"] == "s"]
    assert (told[-1]["level"], told[-1]["message"]) == ("info", "'s' is canceled.")
    ended = api.get(url).json()
    assert (ended["status"], ended["error"]) == ("canceled", None)
    assert [(each["status"], each["error"]) for each in ended["nodes"]][1] == ("canceled", None)
    assert api.delete(url).status_code == 204


def test_what_failed_says_so_while_it_waits_to_be_tried_again(api: TestClient) -> None:
    rows = {"id": "n", "type": "inline_data", "config": {"rows": [{"a": "x"}]}}
    fails = {"id": "f", "type": "filter", "config": {"condition": "CAST(a AS BIGINT) > 0"}}
    fails["retry"] = {"max_retries": 1, "delay_s": 5}
    graph = {"nodes": [rows, fails], "edges": [{"id": "e", "source": "n", "target": "f"}]}
    url = f"/api/executions/{execute(api, post(api, graph), params={})['execution_id']}"
    until(lambda: api.get(url).json()["nodes"][1]["error"])
    found = api.get(url).json()["nodes"][1]
    assert (found["status"], found["error"]["code"]) == ("pending", "conversion_failed")
    assert (found["error"]["node_id"], found["error"]["path"]) == ("f", "/config/condition")
    assert found["error"]["message"].startswith("Could not convert string 'x' to BIGINT")
    assert api.post(url + "/cancel").status_code == 202
    until(lambda: api.get(url).json()["status"] == "canceled")
    assert [each["status"] for each in api.get(url).json()["nodes"]] == ["completed", "canceled"]


def test_the_key_of_a_deleted_execution_is_free(api: TestClient, workflow: str) -> None:
    first = execute(api, workflow, headers={"Idempotency-Key": "freed"})["execution_id"]
    assert api.delete(f"/api/executions/{first}").status_code == 204
    assert execute(api, workflow, headers={"Idempotency-Key": "freed"})["execution_id"] != first


def test_a_run_outlives_its_workflow(api: TestClient) -> None:
    workflow_id = post(api, chain())
    done = execute(api, workflow_id)["execution_id"]
    assert api.delete(f"/api/workflows/{workflow_id}").status_code == 204
    assert len(api.get(f"/api/executions/{done}").json()["nodes"]) == 2
    problems_of(api.post(f"/api/workflows/{workflow_id}/execute"), 404, "not_found")

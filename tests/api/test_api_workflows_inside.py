"""A workflow that uses another, over HTTP: its nodes' states, tables, events and retries."""

from typing import Any

import pytest
from service_system import until
from starlette.testclient import TestClient

pytestmark = pytest.mark.usefixtures("code_server")

ROWS = {"id": "rows", "type": "inline_data", "config": {"rows": [{"a": 1}, {"a": 2}, {"a": 3}]}}


def inner(expression: str) -> dict[str, Any]:
    nodes = [
        {"id": "in", "type": "input", "config": {"columns": [{"name": "a", "type": "BIGINT"}]}},
        {"id": "keep", "type": "filter", "config": {"condition": "a > 1"}},
        {"id": "c/1", "type": "compute", "config": {"columns": [{"name": "b", "expression": expression}]}},
        {"id": "out", "type": "output", "config": {"name": "made"}},
    ]
    edges = [
        {"id": "1", "source": "in", "target": "keep"},
        {"id": "2", "source": "keep", "target": "c/1", "sourceHandle": "passed"},
        {"id": "3", "source": "c/1", "target": "out"},
    ]
    return {"name": "Clean", "nodes": nodes, "edges": edges}


def outer(workflow: str, label: str = "") -> dict[str, Any]:
    nodes = [ROWS, {"id": "clean", "type": "workflow", "label": label, "config": {"workflow": workflow}}]
    return {"name": "Uses", "nodes": nodes, "edges": [{"id": "e", "source": "rows", "target": "clean"}]}


def save(api: TestClient, graph: dict[str, Any]) -> str:
    answer = api.post("/api/workflows", json=graph)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def execute(api: TestClient, workflow: str, **body: Any) -> dict[str, Any]:
    said = api.post(f"/api/workflows/{workflow}/execute", params={"wait": 60}, json=body).json()
    return dict(api.get(f"/api/executions/{said['execution_id']}").json())


def states(execution: dict[str, Any]) -> dict[str, str]:
    nodes = [each for node in execution["nodes"] for each in (node, *node.get("nodes", []))]
    return {each["node_id"]: each["status"] for each in nodes}


@pytest.fixture(scope="module")
def done(api: TestClient, code_server: None) -> dict[str, Any]:
    return execute(api, save(api, outer(save(api, inner("a * 10")))))


def test_states(done: dict[str, Any]) -> None:
    assert done["status"] == "completed"
    assert set(states(done)) == {"rows", "clean", "clean/in", "clean/keep", "clean/c~11", "clean/out"}
    assert set(states(done).values()) == {"completed"}
    rows, clean = done["nodes"]
    assert "nodes" not in rows
    assert clean["outputs"] == {"made": {"rows": 2, "columns": 2}}


@pytest.mark.parametrize(("node", "port", "rows"), [
    ("clean", "made", [[2, 20], [3, 30]]),
    ("clean%2Fkeep", "failed", [[1]]),
    ("clean%2Fc~11", "result", [[2, 20], [3, 30]]),
])  # fmt: skip
def test_tables(api: TestClient, done: dict[str, Any], node: str, port: str, rows: list[Any]) -> None:
    url = f"/api/executions/{done['id']}/nodes/{node}/outputs/{port}"
    assert api.get(url).json()["rows"] == rows
    assert api.get(f"{url}/profile").json()["rows"] == len(rows)


def test_a_port_that_is_not_there(api: TestClient, done: dict[str, Any]) -> None:
    answer = api.get(f"/api/executions/{done['id']}/nodes/clean/outputs/result")
    assert answer.json()["detail"] == "No table is stored for port 'result' of node 'clean'. Stored are: made."


def test_events(api: TestClient, done: dict[str, Any]) -> None:
    url = f"/api/executions/{done['id']}/logs"
    events = api.get(url, headers={"Accept": "application/json"}, params={"limit": 500}).json()["items"]
    said = [each["data"]["node"] for each in events if each["event"] == "node" and each["data"]["node_id"] == "clean"]
    assert {len(each["nodes"]) for each in said} == {1}
    assert {each["nodes"][0]["node_id"] for each in said} == set(states(done)) - {"rows", "clean"}
    assert said[-1]["status"] == "completed"
    assert said[-1]["outputs"] == {"made": {"rows": 2, "columns": 2}}


def test_a_failure_inside_and_its_retry(api: TestClient) -> None:
    inside = save(api, inner("error('no')::BIGINT"))
    workflow = save(api, outer(inside))
    failed = execute(api, workflow)
    assert (failed["error"]["node_id"], failed["error"]["message"]) == ("clean", "In node 'c/1' of 'Clean': no.")
    wanted = {"rows": "completed", "clean": "failed", "clean/keep": "completed", "clean/c~11": "failed"}
    assert states(failed) == wanted | {"clean/in": "completed", "clean/out": "skipped"}
    assert api.put(f"/api/workflows/{inside}", json=inner("a * 10")).json()["version"] == 2
    assert api.put(f"/api/workflows/{workflow}", json=outer(inside, "Clean up")).json()["version"] == 2
    url = f"/api/executions/{failed['id']}/retry"
    again = api.post(url, json={"from": "failure", "version": "latest"}).json()["execution_id"]
    until(lambda: api.get(f"/api/executions/{again}").json()["status"] in ("completed", "failed"))
    ended = api.get(f"/api/executions/{again}").json()
    assert (ended["status"], ended["error"]) == ("completed", None)
    kept = {"rows": "cached", "clean/in": "cached", "clean/keep": "cached"}
    assert states(ended) == kept | {"clean": "completed", "clean/c~11": "completed", "clean/out": "completed"}
    table = api.get(f"/api/executions/{again}/nodes/clean/outputs/made").json()
    assert table["rows"] == [[2, 20], [3, 30]]


@pytest.mark.parametrize(("until_", "inside"), [("clean", "completed"), ("clean/keep", "skipped")])
def test_until(api: TestClient, until_: str, inside: str) -> None:
    ended = execute(api, save(api, outer(save(api, inner("a")))), until=until_)
    assert (ended["status"], states(ended)["clean/keep"]) == ("completed", "completed")
    assert states(ended)["clean/out"] == inside


@pytest.mark.parametrize("route", ["validate", "infer"])
def test_a_posted_workflow_that_says_its_id_cannot_use_itself(api: TestClient, route: str) -> None:
    within = save(api, inner("a"))
    around = save(api, outer(within))
    using = {**outer(around), "id": within}
    (problem,) = api.post(f"/api/workflows/{route}", json=using).json()["problems"]
    assert (problem["code"], problem["node_id"]) == ("recursion", "clean")


def test_an_expression_on_the_columns_of_a_workflow_inside(api: TestClient) -> None:
    graph = outer(save(api, inner("a * 10")))
    graph["nodes"].append({"id": "f", "type": "filter", "config": {"condition": ""}})
    graph["edges"].append({"id": "f", "source": "clean", "target": "f"})
    answer = api.post("/api/expressions/check", json={"expression": "b + c", "workflow": graph, "node_id": "f"}).json()
    assert (answer["problem"]["code"], answer["problem"]["hint"]) == ("unknown_column", "a, b")

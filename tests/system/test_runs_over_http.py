"""A graph posted with an HTTP client runs, can be followed, paged through, canceled, retried and deleted."""

import json
import time

import psutil
from running_system import ended, execute, execution, running_slow, save, slow_graph, until

from benchmarks.graphs import edge, node
from benchmarks.system import System


def filtered(limit: str = "${limit}") -> dict[str, object]:
    rows = [{"a": number, "b": f"text {number}"} for number in range(100)]
    return {
        "name": "filtered",
        "parameters": [{"name": "limit", "type": "integer", "default": 50}],
        "nodes": [node("a/b ü", "inline_data", rows=rows), node("some", "filter", condition=f"a >= {limit}")],
        "edges": [edge("a/b ü", "some")],
    }


def test_it_runs_and_every_port_can_be_paged(system: System) -> None:
    started = execute(system, save(system, filtered()), wait=60, parameters={"limit": 90})
    assert started["status"] == "completed"
    nodes = {each["node_id"]: each for each in execution(system, started["execution_id"])["nodes"]}
    assert nodes["some"]["outputs"] == {"passed": {"rows": 10, "columns": 2}, "failed": {"rows": 90, "columns": 2}}
    page = system.api.get(
        f"/executions/{started['execution_id']}/nodes/some/outputs/passed", params={"limit": 2, "sort": "-a"}
    ).json()
    assert (page["rows"], page["total"]) == ([[99, "text 99"], [98, "text 98"]], 10)
    source = system.api.get(f"/executions/{started['execution_id']}/nodes/a%2Fb%20%C3%BC/outputs/result").json()
    assert source["total"] == 100


def test_the_log_streams_from_any_cursor_to_the_end(system: System) -> None:
    started = execute(system, save(system, filtered()))
    lines = []
    with system.api.stream("GET", f"/executions/{started['execution_id']}/logs") as stream:
        lines = [line for line in stream.iter_lines() if line.startswith(("id:", "event:", "data:"))]
    cursors = [int(line[3:]) for line in lines if line.startswith("id:")]
    said = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
    assert cursors == sorted(set(cursors))
    assert [each["status"] for each in said if "status" in each][-1] == "completed"
    assert {each["node_id"] for each in said if each.get("node_id")} == {"a/b ü", "some"}
    with system.api.stream(
        "GET", f"/executions/{started['execution_id']}/logs", headers={"Last-Event-ID": str(cursors[4])}
    ) as stream:
        again = [int(line[3:]) for line in stream.iter_lines() if line.startswith("id:")]
    assert again == cursors[5:]


def test_a_run_that_takes_too_long_is_ended(system: System) -> None:
    found = ended(system, execute(system, save(system, slow_graph() | {"settings": {"timeout_s": 1}}))["execution_id"])
    assert found["status"] == "failed"
    said = {key: found["error"][key] for key in ("code", "message", "node_id", "path")}
    assert said == {
        "code": "timed_out", "message": "The run took longer than it may, and was ended.",
        "node_id": "slow", "path": "/settings/timeout_s",
    }  # fmt: skip


def no_table(system: System, started: str, node_id: str) -> str:
    """Why there is no table of a node."""
    answer = system.api.get(f"/executions/{started}/nodes/{node_id}/outputs/result")
    assert answer.status_code == 404
    return str(answer.json()["detail"])


def test_cancel_ends_native_code_within_ten_seconds(system: System) -> None:
    started = running_slow(system)
    worker = system.home / "runs" / started / "worker.json"
    assert "This node is running" in no_table(system, started, "slow")
    process = psutil.Process(json.loads(worker.read_text())["pid"])
    before = time.monotonic()
    assert system.api.post(f"/executions/{started}/cancel").status_code == 202
    found = ended(system, started, 10)
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 10)
    assert time.monotonic() - before < 10
    assert found["status"] == "canceled"
    assert "This node was canceled." in no_table(system, started, "slow")
    assert {each["node_id"]: each["status"] for each in found["nodes"]}["data"] == "completed"
    log = system.api.get(f"/executions/{started}/logs", headers={"Accept": "application/json"}).json()
    last = [each["data"] for each in log["items"] if "status" in each["data"]][-1]
    assert (last["status"], last["level"], last["message"]) == ("canceled", "info", "The run was canceled.")


def test_cancel_right_after_the_start_is_a_cancel(system: System) -> None:
    started = execute(system, save(system, slow_graph()))
    assert system.api.post(f"/executions/{started['execution_id']}/cancel").status_code == 202
    assert ended(system, started["execution_id"], 15)["status"] == "canceled"


def test_retry_keeps_what_succeeded_and_survives_the_parent(system: System) -> None:
    graph = filtered("CAST('x' || a AS INTEGER)")
    started = execute(system, workflow := save(system, graph), wait=60)
    assert started["status"] == "failed"
    failed = execution(system, started["execution_id"])
    assert (failed["error"]["node_id"], failed["error"]["code"]) == ("some", "conversion_failed")
    saved = system.api.put(f"/workflows/{workflow}", json=filtered("10"))
    assert saved.json()["version"] == 2
    again = system.api.post(
        f"/executions/{started['execution_id']}/retry", json={"from": "failure", "version": "latest"}
    )
    assert again.status_code == 202, again.text
    found = ended(system, again.json()["execution_id"])
    assert (found["status"], found["version"], found["retry_of"]) == ("completed", 2, started["execution_id"])
    assert {each["node_id"]: each["status"] for each in found["nodes"]} == {"a/b ü": "cached", "some": "completed"}
    assert system.api.delete(f"/executions/{started['execution_id']}").status_code == 204
    assert system.api.get(f"/executions/{started['execution_id']}").status_code == 404
    page = system.api.get(f"/executions/{found['id']}/nodes/a%2Fb%20%C3%BC/outputs/result")
    assert page.json()["total"] == 100


def test_the_same_idempotency_key_is_the_same_execution(system: System) -> None:
    workflow = save(system, filtered())
    call = {"url": f"/workflows/{workflow}/execute", "headers": {"Idempotency-Key": f"key of {workflow}"}}
    first, second = (system.api.post(**call, json={}).json()["execution_id"] for _ in range(2))
    assert first == second
    assert system.api.post(**call, json={"parameters": {"limit": 1}}).status_code == 409
    ended(system, first)


def test_until_runs_the_path_to_a_node_only(system: System) -> None:
    started = execute(system, save(system, filtered()), wait=60, until="a/b ü")
    found = execution(system, started["execution_id"])
    assert {each["node_id"]: each["status"] for each in found["nodes"]} == {"a/b ü": "completed", "some": "skipped"}

"""Runs that a person starts in Dagster's UI, with what can be typed there."""

from typing import Any

import httpx
import pytest
from running_system import ended, save, until
from test_pin import LAUNCH, graphql, listed

from benchmarks.graphs import node
from benchmarks.system import System

VERSION = "graphmill/version"
PARAMETERS = [
    {"name": "kind", "type": "choice", "choices": ["a", "b"], "default": "a"},
    {"name": "day", "type": "date", "default": "2026-01-31"},
    {"name": "key", "type": "secret"},
]


@pytest.fixture(scope="module")
def workflow(system: System) -> str:
    nodes = [node("rows", "inline_data", rows=[{"a": 1}])]
    made = save(system, {"name": "launched", "parameters": PARAMETERS, "nodes": nodes, "edges": []})
    until(lambda: is_shown(system, made))
    return made


def is_shown(system: System, workflow: str) -> bool:
    try:
        return f"wf_{workflow}" in listed(system)
    except httpx.ConnectError:  # Dagster's webserver is up later than the API
        return False


def launch(system: System, workflow: str, config: dict[str, Any], **tags: str) -> str:
    selector = {"jobName": f"wf_{workflow}", "repositoryName": "graphmill", "repositoryLocationName": "graphmill"}
    said = [{"key": key, "value": value} for key, value in tags.items()]
    wanted = {"selector": selector, "runConfigData": config, "mode": "default", "executionMetadata": {"tags": said}}
    launched = graphql(system, LAUNCH, params=wanted)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return str(launched["run"]["runId"])


@pytest.mark.parametrize(
    ("config", "path", "said"),
    [
        ({"kind": "c"}, "/parameters/kind", "Parameter 'kind' takes one of a, b; 'c' is not."),
        ({"day": "May"}, "/parameters/day", "Parameter 'day' takes a date such as 2026-01-31; 'May' is not."),
    ],
)
def test_a_value_that_is_not_accepted(system: System, workflow: str, config: Any, path: str, said: str) -> None:
    found = ended(system, launch(system, workflow, config))
    assert (found["status"], found["trigger"], found["parameters"]) == ("failed", "dagster", config)
    error = found["error"]
    assert (error["code"], error["path"], error["message"]) == ("invalid_parameter", path, said)


def test_a_secret_is_not_shown(system: System, workflow: str) -> None:
    copied = {"graphmill/trigger": "api", "graphmill/execution": "of-the-run-that-was-opened-in-the-launchpad"}
    for tags in ({}, copied):
        found = ended(system, launch(system, workflow, {"key": "typed in", "kind": "b"}, **tags))
        assert (found["trigger"], found["parameters"]) == ("dagster", {"key": "***", "kind": "b"})
    assert "typed in" not in system.api.get("/executions", params={"workflow_id": workflow}).text


@pytest.mark.parametrize(("name", "value"), [(VERSION, "abc"), (VERSION, "99"), ("dagster/priority", "high")])
def test_tags_that_make_no_sense_spoil_no_answer(system: System, workflow: str, name: str, value: str) -> None:
    run = launch(system, workflow, {"kind": "b"}, **{name: value})
    found = ended(system, run)
    assert found["status"] == ("failed" if name == VERSION else "completed")
    assert (found["error"] is not None) == (name == VERSION)
    page = system.api.get("/executions", params={"workflow_id": workflow}).json()
    assert [each["error"] for each in page["items"] if each["id"] == run] == [found["error"]]
    log = system.api.get(f"/executions/{run}/logs", headers={"Accept": "application/json"}).json()
    assert found["status"] in [each["data"].get("status") for each in log["items"]]
    again = system.api.post(f"/executions/{run}/retry", json={"from": "start"})
    assert again.status_code == (404 if name == VERSION else 202)
    assert system.api.delete(f"/executions/{run}").status_code == 204

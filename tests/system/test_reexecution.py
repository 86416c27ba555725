"""Dagster's own button makes a run of another: it has the rows and the tables of the one before."""

import pytest
from running_system import ended, execute, save, until
from test_launchpad import is_shown
from test_pin import graphql

from benchmarks.graphs import edge, node
from benchmarks.system import System

AGAIN = """
mutation($parent: String!, $strategy: ReexecutionStrategy!) {
    launchRunReexecution(reexecutionParams: {parentRunId: $parent, strategy: $strategy}) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""


@pytest.fixture(scope="module")
def workflow(system: System) -> str:
    nodes = [
        {"id": "in", "type": "input", "config": {"name": "orders", "sample": [{"a": 1}]}},
        node("no", "compute", columns=[{"name": "b", "expression": "error('no ' || a)"}]),
    ]
    parameters = [{"name": "key", "type": "secret", "default": "hunter2"}]
    made = save(system, {"name": "again", "parameters": parameters, "nodes": nodes, "edges": [edge("in", "no")]})
    until(lambda: is_shown(system, made))
    return made


@pytest.mark.parametrize(
    ("strategy", "cache", "first", "code", "said"),
    [
        ("FROM_FAILURE", True, "cached", "invalid_value", "no 7."),
        ("ALL_STEPS", True, "completed", "invalid_value", "no 7."),
        ("FROM_FAILURE", False, "skipped", "output_not_found",
         "What node 'in' gave is not stored: run this from the start."),
    ],
)  # fmt: skip
def test_a_run_is_made_of_another(
    system: System, workflow: str, strategy: str, cache: bool, first: str, code: str, said: str
) -> None:
    before = execute(system, workflow, wait=60, input_data={"orders": [{"a": 7}]}, cache=cache)["execution_id"]
    launched = graphql(system, AGAIN, parent=before, strategy=strategy)["launchRunReexecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    found = ended(system, launched["run"]["runId"])
    assert (found["status"], found["error"]["message"], found["error"]["node_id"]) == ("failed", said, "no")
    assert found["error"]["code"] == code
    assert (found["trigger"], found["parameters"]) == ("dagster", {"key": "***"})
    assert (found["retry_of"], [each["status"] for each in found["nodes"]]) == (before, [first, "failed"])

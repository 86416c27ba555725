"""A run executes exactly the version it was made for, however it was launched."""

from typing import Any

from running_system import ended, execute, execution, save, slow_graph, until

from benchmarks.graphs import edge, node
from benchmarks.system import System

LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } } } }
"""
JOBS = """
{ repositoryOrError(repositorySelector: {repositoryName: "graphmill", repositoryLocationName: "graphmill"}) {
    ... on Repository { jobs { name } } } }
"""


def version(limit: int) -> dict[str, Any]:
    rows = [{"a": number} for number in range(10)]
    nodes = [node("data", "inline_data", rows=rows), node("some", "filter", condition=f"a >= {limit}")]
    return {"name": "pinned", "nodes": nodes, "edges": [edge("data", "some")]}


def graphql(system: System, query: str, **variables: Any) -> dict[str, Any]:
    answer = system.api.post(f"{system.dagster}/graphql", json={"query": query, "variables": variables})
    return dict(answer.json()["data"])


def occupied(system: System) -> list[str]:
    """Runs that hold every place there is."""
    workflow = save(system, slow_graph())
    holders = [execute(system, workflow)["execution_id"] for _ in range(3)]
    until(lambda: all(execution(system, each)["status"] == "running" for each in holders))
    return holders


def free(system: System, holders: list[str]) -> None:
    for each in holders:
        system.api.post(f"/executions/{each}/cancel")
    for each in holders:
        ended(system, each)


def passed(system: System, execution_id: str) -> int:
    nodes = {each["node_id"]: each for each in ended(system, execution_id)["nodes"]}
    return int(nodes["some"]["outputs"]["passed"]["rows"])


def listed(system: System) -> set[str]:
    """The jobs that Dagster's UI shows."""
    return {each["name"] for each in graphql(system, JOBS)["repositoryOrError"]["jobs"]}


def test_a_queued_run_keeps_its_version(system: System) -> None:
    workflow = save(system, version(2))
    holders = occupied(system)
    started = execute(system, workflow)
    assert started["status"] == "pending"
    assert system.api.put(f"/workflows/{workflow}", json=version(9)).json()["version"] == 2
    free(system, holders)
    assert passed(system, started["execution_id"]) == 8
    assert passed(system, execute(system, workflow)["execution_id"]) == 1


def test_the_workflows_that_are_listed_follow_the_catalog(system: System) -> None:
    workflow = save(system, version(1))
    until(lambda: f"wf_{workflow}" in listed(system), 120)
    system.api.delete(f"/workflows/{workflow}")
    until(lambda: f"wf_{workflow}" not in listed(system), 120)


def test_a_run_from_the_launchpad_keeps_its_version(system: System) -> None:
    workflow = save(system, version(2))
    until(lambda: f"wf_{workflow}" in listed(system))
    holders = occupied(system)
    selector = {
        "jobName": f"wf_{workflow}",
        "repositoryName": "graphmill",
        "repositoryLocationName": "graphmill",
    }
    launched = graphql(system, LAUNCH, params={"selector": selector, "runConfigData": {}, "mode": "default"})
    assert launched["launchRun"]["__typename"] == "LaunchRunSuccess", launched
    assert system.api.put(f"/workflows/{workflow}", json=version(9)).json()["version"] == 2
    free(system, holders)
    assert passed(system, launched["launchRun"]["run"]["runId"]) == 8

"""What a retry takes over of the execution before it, and what it leaves to be run again."""

from typing import Any

import httpx
import pytest
from running_system import ended, execute, save
from test_pin import graphql

from benchmarks.graphs import edge, node
from benchmarks.system import System

TAGS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { tags { key value } } } }"
P = {"name": "p", "type": "integer", "default": 1}


def graph(*parameters: dict[str, Any], plus: str = "${p}", **more: Any) -> dict[str, Any]:
    nodes = [
        node("rows", "inline_data", rows=[{"a": 1}]),
        node("sum", "compute", columns=[{"name": "b", "expression": f"a + {plus}"}]),
        node("end", "sort", by=[{"column": "a"}]),
    ]
    return {"parameters": list(parameters), "nodes": nodes, "edges": [edge("rows", "sum"), edge("sum", "end")], **more}


def states(found: dict[str, Any]) -> dict[str, str]:
    return {each["node_id"]: each["status"] for each in found["nodes"]}


def latest(system: System, said: dict[str, Any], after: Any, start_from: str = "failure") -> httpx.Response:
    """The answer to a retry with another version, a draft where it must be."""
    saved = system.api.put(f"/workflows/{said['workflow_id']}", json=after, params={"draft": True})
    assert saved.status_code == 200, saved.text
    wanted = {"from": start_from, "version": "latest"}
    return system.api.post(f"/executions/{said['execution_id']}/retry", json=wanted)


def rows_of(system: System, answer: httpx.Response) -> Any:
    again = ended(system, answer.json()["execution_id"])
    assert states(again) == {"rows": "cached", "sum": "completed", "end": "completed"}
    return system.api.get(f"/executions/{again['id']}/nodes/end/outputs/result").json()["rows"]


def test_it_ends_where_the_execution_was_to_end_and_keeps_its_tags(system: System) -> None:
    workflow = save(system, graph(P))
    said = execute(system, workflow, wait=60, until="sum", tags={"team": "roads"}, priority=3)
    url = f"/executions/{said['execution_id']}/retry"
    assert system.api.post(url).status_code == 409
    again = ended(system, system.api.post(url, json={"from": "start"}).json()["execution_id"])
    assert states(again) == {"rows": "completed", "sum": "completed", "end": "skipped"}
    whole = ended(system, system.api.post(url, json={"from": "end"}).json()["execution_id"])
    assert states(whole) == {"rows": "cached", "sum": "cached", "end": "completed"}
    tags = graphql(system, TAGS, id=again["id"])["runOrError"]["tags"]
    found = {each["key"]: each["value"] for each in tags}
    assert (found["team"], found["dagster/priority"]) == ("roads", "3")


@pytest.mark.parametrize(
    ("start_from", "cached"), [("start", []), ("/start", ["rows"]), ("/failure", ["rows", "start"])]
)
def test_from_a_node_that_is_called_like_a_place_to_start_from(system: System, start_from: str, cached: Any) -> None:
    nodes = [node("rows", "inline_data", rows=[{"a": 1}]), *(node(each, "distinct") for each in ("start", "failure"))]
    edges = [edge("rows", "start"), edge("start", "failure", "unique")]
    said = execute(system, save(system, {"nodes": nodes, "edges": edges}), wait=60)
    answer = system.api.post(f"/executions/{said['execution_id']}/retry", json={"from": start_from})
    again = ended(system, answer.json()["execution_id"])
    assert [name for name, status in states(again).items() if status == "cached"] == cached


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (graph(P), 8),
        (graph(plus="5"), 6),
        (graph(P, {"name": "q", "type": "integer", "default": 2}, plus="${q}"), 3),
        (graph({**P, "type": "date", "default": None}, plus="0"), "invalid_parameter"),
        (graph({**P, "name": "q", "default": None, "required": True}, plus="${q}"), "missing_parameter"),
    ],
)
def test_the_latest_version_gets_the_parameters_that_it_has(system: System, after: Any, expected: Any) -> None:
    workflow = save(system, graph(P, plus="0 * ${p} + error('no')"))
    answer = latest(system, execute(system, workflow, wait=60, parameters={"p": 7}), after)
    if isinstance(expected, str):
        assert (answer.status_code, [each["code"] for each in answer.json()["problems"]]) == (400, [expected])
    else:
        assert rows_of(system, answer) == [[1, expected]]


def test_a_secret_stays_one_and_a_draft_is_refused(system: System) -> None:
    secret = {"name": "p", "type": "secret"}
    workflow = save(system, graph(secret, plus="length(${p})"))
    said = execute(system, workflow, wait=60, parameters={"p": "four"})
    plain = {"name": "p", "type": "string", "default": "a default"}
    for kept, expected in ((secret, 5), (plain, 10)):
        assert rows_of(system, latest(system, said, graph(kept, plus="length(${p})"), "sum")) == [[1, expected]]
    assert latest(system, said, graph(plus="nowhere")).status_code == 409


def test_what_reads_another_default_runs_again(system: System) -> None:
    workflow = save(system, graph({**P, "default": None}, plus="coalesce(${p}, 0)"))
    said = execute(system, workflow, wait=60)
    assert rows_of(system, latest(system, said, graph({**P, "default": 4}, plus="coalesce(${p}, 0)"))) == [[1, 5]]


MANY = [
    node("a", "inline_data", rows=[{"v": 1}]),
    node("b", "inline_data", rows=[{"v": 2}]),
    node("c", "sort", by=[{"column": "v"}]),
    node("u", "union"),
    node("s", "sql", query="SELECT x.v AS one, y.v AS two FROM x, y", names=["x", "y"]),
]
INTO_MANY = [edge("b", "c"), *(edge(source, target) for target in ("u", "s") for source in ("a", "c"))]


@pytest.mark.parametrize("start_from", ["u", "s", "c", "start"])
def test_a_port_of_many_tables_has_those_that_are_taken_over(system: System, start_from: str) -> None:
    workflow = save(system, {"nodes": MANY, "edges": INTO_MANY})
    said = execute(system, workflow, wait=60)
    assert said["status"] == "completed"
    again = said["execution_id"]
    for _ in range(2):  # the second takes over what the first has taken over
        answer = system.api.post(f"/executions/{again}/retry", json={"from": start_from})
        again = answer.json()["execution_id"]
        assert ended(system, again)["error"] is None
        for place, rows in (("u", [[1], [2]]), ("s", [[1, 2]])):
            assert system.api.get(f"/executions/{again}/nodes/{place}/outputs/result").json()["rows"] == rows

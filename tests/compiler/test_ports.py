"""Nodes whose ports come from their settings: checked, planned, named in Dagster, run, kept."""

import json

import pytest
from compiler.graphs import checked, compute, graph, inferred, node, problems_of, rows, run
from dagster import RepositoryDefinition
from dagster._core.definitions.repository_definition import CachingRepositoryData
from dagster._core.definitions.utils import DISALLOWED_NAMES
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compiler import plan
from orchestrator.compiler.emit import emit
from orchestrator.compiler.operations import definition, op_name
from orchestrator.names import DAGSTERS, LONGEST_PORT, port_key, port_of
from orchestrator.nodes import describe
from orchestrator.ops.base import Ports
from orchestrator.registry import node_types

ODD = ["a/b", "größer 日本", "type", "class", "result", "_p_x", "a_1", "a-1", "..", "{x}", "it's", "😀"]


def route(*ports: str, name: str = "r", **more) -> dict:
    """A route: the first port takes a = 1, the second a = 2, …"""
    branches = [{"port": port, "condition": f"a = {number}"} for number, port in enumerate(ports, start=1)]
    return node(name, "route", {"branches": branches}, **more)


@pytest.mark.parametrize("cache", [True, False])
def test_a_route_runs(cache):
    document = graph(
        [rows(), route("one", "two"), compute("c", "a * 10"), compute("d", "a * 100")],
        ["in -> r", "r.one -> c", "r.rest -> d"],
    )
    ran = run(document, cache=cache)
    assert ran.success, ran.error
    assert ran.rows("c") == [(1, "x", 10)]
    assert ran.rows("d") == [(3, None, 300)]
    if cache:
        assert {port: out.rows for port, out in ran.progress.nodes["r"].outputs.items()} == dict.fromkeys(
            ["one", "two", "rest"], 1
        )


def test_names_of_ports_stay_as_posted():
    values = [{"a": number} for number in range(len(ODD) + 2)]
    nodes = [rows(made=values), route(*ODD), *(compute(f"c{n}", "a") for n in range(len(ODD)))]
    wires = [{"source": "in", "target": "r"}]
    wires += [{"source": "r", "sourceHandle": port, "target": f"c{n}"} for n, port in enumerate(ODD)]
    ran = run({"nodes": nodes, "edges": wires})
    assert ran.success, ran.error
    assert [ran.rows(f"c{n}") for n in range(len(ODD))] == [[(n + 1, n + 1)] for n in range(len(ODD))]
    assert {port: out.rows for port, out in ran.progress.nodes["r"].outputs.items()} == {
        **dict.fromkeys(ODD, 1),
        "rest": 2,
    }
    assert [ran.rows("r", port) for port in ODD] == [[(n + 1,)] for n in range(len(ODD))]


@given(st.lists(st.text(min_size=1, max_size=25), unique=True, max_size=20))
def test_keys_of_ports_are_found_again(names):
    assert [port_of(port_key(name)) for name in names] == names
    assert not {port_key(name) for name in names} & DISALLOWED_NAMES
    assert all(port_key(name).isidentifier() or port_key(name)[0].isdigit() for name in names)


def test_the_names_that_dagster_keeps_are_known():
    assert {name for name in DISALLOWED_NAMES if port_key(name) == name} == set()
    assert DAGSTERS <= DISALLOWED_NAMES
    with pytest.raises(ValueError, match="x"):
        port_key("x" * (LONGEST_PORT + 1))


def test_an_unknown_handle_lists_the_ports_of_the_node():
    document = graph([rows(), route("early", "late"), compute("c")], ["in -> r", "r.lat -> c"])
    (problem,) = problems_of(document)
    assert (problem.code, problem.node_id, problem.hint) == ("unknown_handle", "r", "early, late, rest")
    assert "Did you mean 'late'?" in problem.message


def test_a_handle_that_is_left_out_is_ambiguous():
    document = graph([rows(), route("late"), compute("c")], ["in -> r", "r -> c"])
    (problem,) = problems_of(document)
    assert (problem.code, problem.hint) == ("ambiguous_handle", "late, rest")


def test_ports_of_wrong_settings_are_not_complained_about():
    wrong = node("r", "route", {"branches": [{"port": "late", "condition": "a >"}]})
    (problem,) = problems_of(graph([rows(), wrong, compute("c")], ["in -> r", "r.late -> c"]))
    assert (problem.code, problem.path) == ("invalid_expression", "/config/branches/0/condition")


@pytest.mark.parametrize("default", [{}, {"default": "late"}])
def test_a_port_is_not_named_by_a_parameter(default):
    parameters = [{"name": "p", "type": "string", **default}]
    document = graph([rows(), route("${p}"), compute("c")], ["in -> r", "r.rest -> c"], parameters=parameters)
    (problem,) = problems_of(document)
    assert (problem.code, problem.path) == ("invalid_config", "/config/branches/0/port")


@pytest.mark.parametrize(("ignored", "ports"), [("true", {"X": 1, "rest": 0}), ("false", {"X": 0, "rest": 1})])
def test_ports_are_known_though_another_setting_waits_for_a_parameter(ignored, ports):
    waits = node("r", "route_by_value", {"column": "b", "values": ["X"], "ignore_case": "${i}"})
    document = graph([rows(), waits, compute("c")], ["in -> r", "r.X -> c"], parameters=[{"name": "i"}])
    document["nodes"][0]["config"]["rows"] = [{"a": 1, "b": "x"}]
    assert problems_of(document) == []
    assert inferred(document).outputs["r"] == dict.fromkeys(["X", "null", "empty", "rest"])
    ran = run(document, i=ignored)
    assert {port: len(ran.rows("r", port)) for port in ports} == ports


def test_columns_are_foretold_at_every_port():
    document = graph([rows(), route("one", "two"), compute("c", "a * 10")], ["in -> r", "r.two -> c"])
    made = inferred(document)
    assert list(made.outputs["r"]) == ["one", "two", "rest"]
    assert [each.name for each in made.outputs["c"]["result"]] == ["a", "b", "c"]
    assert json.dumps(made.as_json())


def test_one_op_for_the_same_ports():
    made = [checked(graph([rows(), route(*ports)], ["in -> r"])).steps[1].op for ports in (["x"], ["x"], ["y"])]
    first, again, other = (definition("route", op.ports) for op in made)
    assert first is again
    assert first is not other
    assert len({first.name, other.name, op_name("route")}) == 3
    assert list(first.output_dict) == ["x", "rest"]


def test_routes_of_several_workflows_share_a_repository():
    graphs = [graph([rows(), route(*ports), route("x", name="s")], ["in -> r", "r.rest -> s"])
              for ports in (["x"], ["x", "y"], ["y", "x"], ["class"])]  # fmt: skip
    jobs = [emit(plan(checked(each)), f"w{number}", 1) for number, each in enumerate(graphs)]
    made = RepositoryDefinition("r", repository_data=CachingRepositoryData.from_list(jobs))
    assert len(made.job_names) == 4


def test_the_catalogue_tells_of_dynamic_ports():
    assert describe("route")["dynamic_ports"] is True
    assert describe("filter")["dynamic_ports"] is False
    assert [each["name"] for each in describe("route")["outputs"]] == ["rest"]


def test_a_type_whose_settings_are_undecided_has_the_ports_of_its_class():
    for op in node_types().values():
        assert op.undecided().ports == Ports(op.inputs, op.outputs)


def test_a_run_up_to_a_node_below_an_odd_port():
    document = graph([rows(), route("a/b"), compute("c", "a")], ["in -> r"])
    document["edges"].append({"id": "e", "source": "r", "sourceHandle": "a/b", "target": "c"})
    ran = run(document, until="c")
    assert ran.success
    assert ran.rows("c") == [(1, "x", 1)]

"""Edges become wires between ports."""

from compiler.graphs import edge, graph, keep, node, rows

from orchestrator.compiler.parts import running, untouched
from orchestrator.compiler.wiring import Wire, wire
from orchestrator.graph import Edge, parse
from orchestrator.ops.base import Ports
from orchestrator.registry import node_types


def wired(document):
    workflow = parse(document)
    nodes = {each.id: each for each in workflow.nodes}
    types = {each.id: node_types()[each.type] for each in workflow.nodes if each.type in node_types()}
    known = {node_id: Ports(op.inputs, op.outputs) for node_id, op in types.items()}
    return wire(workflow.edges, nodes, known), nodes, known


JOIN = node("j", "join", {"keys": [{"left": "a", "right": "a"}]})


def test_handles_that_are_left_out_are_the_only_port():
    (wires, problems), *_ = wired(graph([rows(), keep("k"), JOIN], ["in -> k", "k.passed -> j.left", "in -> j.right"]))
    assert problems == []
    assert wires == [
        Wire("in -> k", "in", "result", "k", "table"),
        Wire("k.passed -> j.left", "k", "passed", "j", "left"),
        Wire("in -> j.right", "in", "result", "j", "right"),
    ]


def test_edges_without_ids_are_called_by_their_place():
    (wires, _), *_ = wired({"nodes": [rows(), keep("k")], "edges": [{"source": "in", "target": "k"}]})
    assert wires[0].edge_id == "edge 1"
    assert Edge(source="a", target="b").id == ""


def test_one_output_feeds_any_number_and_many_takes_any_number():
    names = [f"k{number}" for number in range(5)]
    edges = [*(f"in -> {each}" for each in names), *(f"{each}.passed -> u" for each in names), "in -> u"]
    (wires, problems), *_ = wired(graph([rows(), *map(keep, names), node("u", "union")], edges))
    assert problems == []
    assert len(wires) == 11


def test_wires_from_a_node_of_unknown_type_are_kept_without_complaint():
    (wires, problems), *_ = wired(graph([node("x", "nothing"), keep("k")], ["x.out -> k"]))
    assert problems == []
    assert [(each.source, each.target_port) for each in wires] == [("x", "table")]


def test_two_mistakes_of_one_edge_are_both_told():
    (_, problems), *_ = wired(graph([keep("k"), JOIN], ["k -> j"]))
    assert [(each.code, each.path) for each in problems if each.edge_id] == [
        ("ambiguous_handle", "/sourceHandle"), ("ambiguous_handle", "/targetHandle"),
    ]  # fmt: skip


def test_an_input_of_a_disabled_node_need_not_be_connected():
    (_, problems), *_ = wired(graph([keep("k", enabled=False)]))
    assert problems == []


def test_what_takes_part():
    document = graph([rows("a"), rows("b", enabled=False), keep("k"), keep("l"), node("u", "union")],
                     ["a -> k", "b -> l", "k.passed -> u", "l.passed -> u", "a -> u"])  # fmt: skip
    (wires, _), nodes, known = wired(document)
    assert running(nodes, known, wires) == {"a", "k", "u"}
    assert untouched(nodes, wires, ["k"]) == {"a", "b", "l"}
    assert untouched(nodes, wires, []) == set(nodes)
    assert edge("a.x -> b.y")["sourceHandle"] == "x"

"""A graph for every problem code of the contract, with the problems that it has."""

import pytest
from compiler.graphs import edge, graph, keep, node, rows


def case(name, document, *expected, **given):
    return pytest.param(document, list(expected), given or None, id=name)


def problem(code, message, **place):
    return {"code": code, "message": message, **place}


JOIN = node("j", "join", {"keys": [{"left": "a", "right": "a"}]})
PAIR = [rows(), keep("k")]
CASES = [
    case("empty_graph", graph([]), problem("empty_graph", "There is no node to run.")),
    case(
        "empty_graph: only layout",
        graph([node("g", "group"), node("n", "note", {"text": "${x}"})]),
        problem("empty_graph", "There is no node to run."),
    ),
    case(
        "empty_graph: all disabled",
        graph([rows(enabled=False), keep("k")], ["in -> k"]),
        problem("empty_graph", "Every node is disabled, or depends on one that is."),
    ),
    case(
        "duplicate_node_id",
        graph([rows(), keep("k"), keep("k", "a > 2")], ["in -> k"]),
        problem("duplicate_node_id", "Two nodes have the id 'k'.", node_id="k", path="/nodes/2/id"),
    ),
    case(
        "duplicate_output",
        graph([rows(), *(node(f"o{n}", "output", {"name": name}) for n, name in enumerate(["x", "X", "x"]))], 
              ["in -> o0", "in -> o1", "in -> o2"]),
        problem(
            "duplicate_output", "Two outputs have the name 'x': the other is node 'o0'.", node_id="o2",
            path="/config/name",
        ),
    ),
    case(
        "unknown_edge_endpoint: source",
        graph([rows("n1"), keep("k")], ["n1 -> k", "n12 -> k"]),
        problem(
            "unknown_edge_endpoint", "Source node 'n12' is not in this graph. Did you mean 'n1'?",
            edge_id="n12 -> k", path="/source",
        ),
    ),
    case(
        "unknown_edge_endpoint: target",
        graph([rows(), keep("filter")], ["in -> filter", "in -> filtre"]),
        problem(
            "unknown_edge_endpoint", "Target node 'filtre' is not in this graph. Did you mean 'filter'?",
            edge_id="in -> filtre", path="/target",
        ),
    ),
    case(
        "unknown_edge_endpoint: both, and an edge without id",
        {"nodes": [rows()], "edges": [{"source": "x", "target": "y"}]},
        problem("unknown_edge_endpoint", "Source node 'x' is not in this graph.", edge_id="edge 1", path="/source"),
        problem("unknown_edge_endpoint", "Target node 'y' is not in this graph.", edge_id="edge 1", path="/target"),
    ),
    case(
        "unknown_handle: output",
        graph([*PAIR, keep("l")], ["in -> k", "k.pased -> l"]),
        problem(
            "unknown_handle", "'k' has no output port 'pased'. Did you mean 'passed'?",
            node_id="k", edge_id="k.pased -> l", port="pased", path="/sourceHandle", hint="passed, failed",
        ),
    ),
    case(
        "unknown_handle: input",
        graph(PAIR, ["in -> k.tabel"]),
        problem(
            "unknown_handle", "'k' has no input port 'tabel'. Did you mean 'table'?",
            node_id="k", edge_id="in -> k.tabel", port="tabel", path="/targetHandle", hint="table",
        ),
        problem("input_not_connected", "Input 'table' of 'filter' is not connected.", node_id="k", port="table"),
    ),
    case(
        "unknown_handle: a source has no inputs",
        graph([rows("a"), rows("b")], ["a -> b"]),
        problem("unknown_handle", "'b' has no input port.", node_id="b", edge_id="a -> b", path="/targetHandle"),
    ),
    case(
        "unknown_handle: layout has no ports",
        graph([rows(), node("n", "note")], ["in -> n"]),
        problem("unknown_handle", "'n' has no input port.", node_id="n", edge_id="in -> n", path="/targetHandle"),
    ),
    case(
        "ambiguous_handle: output",
        graph([*PAIR, keep("l")], ["in -> k", "k -> l"]),
        problem(
            "ambiguous_handle", "'k' has several output ports (passed, failed); the edge must name one.",
            node_id="k", edge_id="k -> l", path="/sourceHandle", hint="passed, failed",
        ),
    ),
    case(
        "ambiguous_handle: input",
        graph([rows(), JOIN], ["in -> j", "in -> j.left", "in -> j.right"]),
        problem(
            "ambiguous_handle", "'j' has several input ports (left, right); the edge must name one.",
            node_id="j", edge_id="in -> j", path="/targetHandle", hint="left, right",
        ),
    ),
    case(
        "input_not_connected",
        graph([rows(), keep("k", label="Late ones")]),
        problem("input_not_connected", "Input 'table' of 'Late ones' is not connected.", node_id="k", port="table"),
    ),
    case(
        "input_not_connected: each of two",
        graph([rows(), JOIN]),
        problem("input_not_connected", "Input 'left' of 'join' is not connected.", node_id="j", port="left"),
        problem("input_not_connected", "Input 'right' of 'join' is not connected.", node_id="j", port="right"),
    ),
    case(
        "input_connected_twice",
        graph([rows("a"), rows("b"), keep("k")], ["a -> k", "b -> k"]),
        problem(
            "input_connected_twice",
            "Input 'table' of 'k' takes one edge; 'a -> k' is there already. A 'union' node joins several.",
            node_id="k", edge_id="b -> k", port="table",
        ),
    ),
    case(
        "input_connected_twice: by two edges of one id",
        {"nodes": PAIR, "edges": [edge("in -> k"), edge("in -> k")]},
        problem(
            "input_connected_twice",
            "Input 'table' of 'k' takes one edge; 'in -> k' is there already. A 'union' node joins several.",
            node_id="k", edge_id="in -> k", port="table",
        ),
    ),
    case(
        "self_loop",
        graph([rows(), keep("k")], ["in -> k", "k.passed -> k"]),
        problem(
            "self_loop", "Node 'k' is wired to itself; a workflow has no loops.", node_id="k", edge_id="k.passed -> k"
        ),
    ),
    case(
        "cycle: in the direction of its edges",
        graph(
            [rows(), *(node(each, "union") for each in "cab")],
            ["in -> a", "a -> b", "b -> c", "c -> a"],
        ),
        problem(
            "cycle", "The nodes c -> a -> b -> c form a cycle; a workflow has no loops.",
            node_id="c", hint="c, a, b",
        ),
    ),
]  # fmt: skip

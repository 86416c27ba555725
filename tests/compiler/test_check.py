"""Every problem of the contract: from which graph it comes, and which node, edge and setting it is put on."""

import time

import pytest
from compiler.graphs import ROWS, chain, compute, edge, graph, keep, node, problems_of, rows

from orchestrator.compiler import check
from orchestrator.compiler.check import inspect
from orchestrator.errors import InvalidGraph
from orchestrator.graph import parse
from orchestrator.settings import settings
from orchestrator.workflows import judge

CONTRACT = {
    "duplicate_node_id", "unknown_node_type", "invalid_config", "unknown_edge_endpoint", "unknown_handle",
    "ambiguous_handle", "input_not_connected", "input_connected_twice", "self_loop", "cycle", "unknown_column",
    "invalid_expression", "type_mismatch", "unknown_parameter", "missing_parameter", "path_not_allowed",
    "file_not_found", "empty_graph",
}  # fmt: skip
TYPES = "aggregate, buffer, cast, "


def told(problem) -> dict:
    return {key: value for key, value in problem.model_dump().items() if value is not None and key != "severity"}


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
        problem("input_not_connected", "Input 'table' of 'filter' is not connected.", node_id="l", port="table"),
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
        problem("input_not_connected", "Input 'table' of 'filter' is not connected.", node_id="l", port="table"),
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
    case(
        "unknown_parameter: a placeholder, beside another mistake",
        graph(
            [rows(), keep("k", "a > ${min_dely} AND ${other}", label="K"), keep("l", "a > ("), keep("m", "${}")],
            ["in -> k", "in -> l", "in -> m"],
            parameters=[{"name": "min_delay", "type": "integer", "default": 1}],
        ),
        problem(
            "unknown_parameter", "Parameter 'min_dely' is not in this workflow. Did you mean 'min_delay'?",
            node_id="k", path="/config/condition", hint="parameters: min_delay",
        ),
        problem(
            "unknown_parameter", "Parameter 'other' is not in this workflow.",
            node_id="k", path="/config/condition", hint="parameters: min_delay",
        ),
        problem(
            "invalid_expression", 'This expression cannot be used: syntax error at or near ")".',
            node_id="l", path="/config/condition",
        ),
        problem(
            "unknown_parameter", "Parameter '' is not in this workflow.",
            node_id="m", path="/config/condition", hint="parameters: min_delay",
        ),
    ),
    case(
        "unknown_parameter: where there is none, deep in a config",
        graph([rows(made=[{"a": "x ${b/c'd} y"}])]),
        problem(
            "unknown_parameter", "Parameter 'b/c'd' is not in this workflow.",
            node_id="in", path="/config/rows/0/a", hint="parameters: none",
        ),
    ),
    case(
        "unknown_parameter: given",
        graph([rows()], parameters=[{"name": "a"}]),
        problem(
            "unknown_parameter", "Parameter 'b' is not in this workflow.", path="/parameters/b", hint="a",
        ),
        b=1,
    ),
    case(
        "missing_parameter",
        graph([rows()], parameters=[{"name": "a", "required": True}, {"name": "b"}]),
        problem("missing_parameter", "Parameter 'a' needs a value.", path="/parameters/a"),
        b="x",
    ),
    case(
        "invalid_config: a setting that does not exist",
        graph([rows(), keep("k", colour="red")], ["in -> k"]),
    ),
    case(
        "invalid_config: another setting that does not exist",
        graph([rows(), node("k", "filter", {"condition": "a > 1", "matsch": "any"})], ["in -> k"]),
        problem(
            "invalid_config", "'matsch' is no setting of 'filter'. Did you mean 'match'?",
            node_id="k", path="/config/matsch", hint="condition, clauses, match",
        ),
    ),
    case(
        "invalid_config: a setting that is missing",
        graph([rows(), node("k", "compute")], ["in -> k"]),
        problem("invalid_config", "'columns' is needed.", node_id="k", path="/config/columns"),
    ),
    case(
        "invalid_config: every mistake of a node",
        graph([rows(), node("s", "sort", {"by": [{"column": 1}, {"column": "a", "nulls": "x"}]})], ["in -> s"]),
        problem("invalid_config", "Input should be a valid string", node_id="s", path="/config/by/0/column"),
        problem("invalid_config", "Input should be 'first' or 'last'", node_id="s", path="/config/by/1/nulls"),
    ),
    case(
        "invalid_expression",
        graph(
            [rows(), compute("c", "(SELECT 1)"), keep("k", "read_csv('/etc/passwd')"), keep("l", "a; DROP")],
            ["in -> c", "in -> k", "in -> l"],
        ),
        problem(
            "invalid_expression",
            "This expression cannot be used: a subquery is not allowed: join the other table in first.",
            node_id="c", path="/config/columns/0/expression",
        ),
        problem(
            "invalid_expression", "This expression cannot be used: function 'read_csv' is not allowed.",
            node_id="k", path="/config/condition",
        ),
        problem(
            "invalid_expression", 'This expression cannot be used: syntax error at or near ";".',
            node_id="l", path="/config/condition",
        ),
    ),
    case(
        "unknown_column: in an expression",
        graph([rows(made=[{"dep_delay": 1, "day": 2}]), keep("k", "dep_dely > 1")], ["in -> k"]),
        problem(
            "unknown_column", "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?",
            node_id="k", path="/config/condition", hint="dep_delay",
        ),
    ),
    case(
        "unknown_column: in a setting",
        graph(
            [rows(made=[{"dep_delay": 1, "day": 2}]), node("s", "sort", {"by": [{"column": "dep_dely"}]})], ["in -> s"]
        ),
        problem(
            "unknown_column", "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?",
            node_id="s", port="table", path="/config/by/0/column", hint="dep_delay, day",
        ),
    ),
    case(
        "unknown_column: at the second input",
        graph([rows("l"), rows("r", [{"b": 1}]), JOIN], ["l -> j.left", "r -> j.right"]),
        problem(
            "unknown_column", "Column 'a' is not in this table.",
            node_id="j", port="right", path="/config/keys/0/right", hint="b",
        ),
    ),
    case(
        "type_mismatch",
        graph([rows(), keep("k", "a + 1")], ["in -> k"]),
        problem(
            "type_mismatch", "The condition gives BIGINT, not true or false. Compare it with something, such as > 0.",
            node_id="k", path="/config/condition",
        ),
    ),
    case(
        "path_not_allowed",
        graph([node("l", "data_loader", {"source_type": "csv", "path": "../secret.csv"})]),
        problem(
            "path_not_allowed",
            "'../secret.csv' is not allowed: paths are relative to the data root and have no '..'.",
            node_id="l", path="/config/path",
        ),
    ),
    case(
        "file_not_found",
        graph([node("l", "data_loader", {"source_type": "csv", "path": "flihts.csv"})]),
        problem(
            "file_not_found", "File 'flihts.csv' is not there. Did you mean 'flights.csv'?",
            node_id="l", path="/config/path",
        ),
    ),
    case(
        "invalid_parameter: its own mistakes",
        graph(
            [rows()],
            parameters=[{"name": "n", "type": "integer", "default": "x"}, {"name": "n"},
                        {"name": "c", "type": "choice", "choices": ["a", "b"], "default": "d"}],
        ),
        problem("invalid_parameter", "Parameter 'n' takes a whole number; 'x' is not.", path="/parameters/0/default"),
        problem("invalid_parameter", "Two parameters are called 'n'.", path="/parameters/1/name"),
        problem("invalid_parameter", "Parameter 'c' takes one of a, b; 'd' is not.", path="/parameters/2/default"),
    ),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def data(home):
    (settings().data / "flights.csv").write_text("a\n1\n")


@pytest.mark.parametrize(("document", "expected", "given"), CASES)
def test_problems(document, expected, given):
    found = problems_of(document, **given) if given else judge(document).problems
    assert [told(each) for each in found] == expected


def test_every_code_of_the_contract_has_a_case():
    shown = {each["code"] for param in CASES for each in param.values[1]}
    assert shown >= CONTRACT - {"unknown_node_type"}  # whose hint is below


def test_an_unknown_type_is_told_with_the_known_ones():
    (found,) = judge(graph([rows(), node("f", "filtre", {"x": 1}), keep("k")], ["in -> f", "f -> k"])).problems
    assert (found.code, found.node_id, found.path) == ("unknown_node_type", "f", "/type")
    assert found.message == "Node type 'filtre' is not known. Did you mean 'filter'?"
    assert found.hint.startswith(TYPES)


def test_all_problems_come_at_once():
    document = graph(
        [
            rows(), rows("in"), node("u", "nothing"), node("f", "filter", {"condition": "a >", "x": 2}), keep("l"),
            keep("k"), node("w", "data_loader", {"source_type": "csv", "path": "/etc/passwd"}),
            {"id": "bad", "type": "filter", "config": "text"}, {"id": "worse"}, keep("m", "${p}"), keep("below"),
        ],
        ["in -> f", "in -> k", "ghost -> k", "in -> l.x", "l -> m", "in -> m", "in -> bad", "bad.passed -> below"],
    )  # fmt: skip
    assert {(p.code, p.node_id, p.edge_id, p.path) for p in judge(document).problems} == {
        ("duplicate_node_id", "in", None, "/nodes/1/id"),
        ("unknown_node_type", "u", None, "/type"),
        ("invalid_config", "f", None, "/config/x"),
        ("invalid_expression", "f", None, "/config/condition"),
        ("unknown_edge_endpoint", None, "ghost -> k", "/source"),
        ("unknown_handle", "l", "in -> l.x", "/targetHandle"),
        ("input_not_connected", "l", None, None),
        ("ambiguous_handle", "l", "l -> m", "/sourceHandle"),
        ("path_not_allowed", "w", None, "/config/path"),
        ("invalid_config", "bad", None, "/config"),
        ("invalid_graph", "worse", None, "/type"),
        ("unknown_parameter", "m", None, "/config/condition"),
    }


def test_mistakes_in_columns_are_told_beside_mistakes_in_wires():
    document = graph([rows(), keep("k", "x > 1"), keep("l"), keep("m", "a > 0")], ["in -> k", "in -> m"])
    judged = judge(document)
    assert [(p.code, p.node_id) for p in judged.problems] == [("input_not_connected", "l"), ("unknown_column", "k")]
    assert set(judged.nodes) == {"in", "k", "m"}
    assert judged.nodes["m"]["outputs"]["passed"][0]["name"] == "a"
    assert judged.nodes["k"]["outputs"] == {"passed": None, "failed": None}


@pytest.mark.parametrize(
    "document",
    [
        graph([rows()]),
        graph([rows(), keep("k")], ["in -> k"]),
        graph([rows(), keep("k"), keep("l"), keep("m")], ["in -> k", "in -> l", "k.passed -> m"]),
        graph([rows(), node("g", "group"), node("n", "note", {"text": "see ${x}"})]),
        graph([rows(), JOIN], ["in -> j.left", "in -> j.right"]),
        graph([rows("a"), rows("b"), node("u", "union")], ["a -> u", "b -> u", "a -> u.tables"]),
        graph([keep("k"), rows()], ["in -> k"]),
        graph([rows("a-1"), rows("a_1"), rows("a 1"), rows("é/ü"), rows("")], []),
        graph([rows("x" * 1000), keep("input")], ["x" * 1000 + " -> input"]),
        {"nodes": PAIR, "edges": [{"source": "in", "target": "k"}]},
        {"nodes": [rows(), keep("k"), keep("l")],
         "edges": [{"id": "e", "source": "in", "target": "k"}, {"id": "e", "source": "in", "target": "l"}]},
        graph([rows(), keep("k", "a > 1", enabled=False)]),
    ],
)  # fmt: skip
def test_left_alone(document):
    assert problems_of(document) == []


def ran(document) -> list[str]:
    return [step.node.id for step in check(parse(document)).steps]


@pytest.mark.parametrize(
    ("off", "left"),
    [
        ([], ["a", "b", "k", "l", "j", "u", "m"]),
        (["a"], ["b", "l", "u", "m"]),
        (["b"], ["a", "k", "u", "m"]),
        (["k"], ["a", "b", "l", "u", "m"]),
        (["k", "l"], ["a", "b"]),
        (["u"], ["a", "b", "k", "l", "j"]),
        (["j"], ["a", "b", "k", "l", "u", "m"]),
    ],
)
def test_a_disabled_node_and_what_depends_on_it_alone(off, left):
    nodes = [rows("a"), rows("b"), keep("k"), keep("l"), JOIN, node("u", "union"), keep("m")]
    wires = [
        "a -> k", "b -> l", "k.passed -> j.left", "l.passed -> j.right", "k.passed -> u", "l.passed -> u", "u -> m",
    ]  # fmt: skip
    document = graph([{**each, "enabled": each["id"] not in off} for each in nodes], wires)
    assert sorted(ran(document)) == sorted(left)
    assert all(wire.source in left for step in check(parse(document)).steps for wire in step.wires)


def test_steps_come_after_what_they_depend_on_else_as_posted():
    document = graph([keep("z"), keep("y"), rows("b"), rows("a")], ["b -> z", "a -> y"])
    assert ran(document) == ["b", "a", "z", "y"]


def test_wires_are_in_the_order_of_the_edges():
    nodes = [rows(each) for each in "abc"] + [node("u", "union")]
    for order in ("abc", "cab", "bbb"):
        (step,) = (s for s in check(parse(graph(nodes, [f"{each} -> u" for each in order]))).steps if s.node.id == "u")
        assert [wire.source for wire in step.into("tables")] == list(order)


def test_check_raises_what_inspect_tells():
    workflow = parse(graph([rows(), keep("k", "x(")], ["in -> k"]))
    steps, told = inspect(workflow)
    assert [step.node.id for step in steps.steps] == ["in"]
    with pytest.raises(InvalidGraph) as caught:
        check(workflow)
    assert list(caught.value.problems) == told


WIDE = {
    "unknown ends": lambda: {
        "nodes": [node(f"node-{n:032}", "note") for n in range(5_000)],
        "edges": [{"id": str(n), "source": f"nude-{n:032}", "target": f"mode-{n}"} for n in range(20_000)],
    },
    "unknown types": lambda: graph([node(str(n), f"type{n}") for n in range(5_000)]),
    "one cycle": lambda: graph(
        [node(str(n), "union") for n in range(5_000)], [f"{n} -> {(n + 1) % 5_000}" for n in range(5_000)]
    ),
    "first disabled": lambda: {**chain(4_999), "nodes": [rows("n0", enabled=False), *chain(4_999)["nodes"][1:]]},
    "not wired": lambda: graph([keep(str(n)) for n in range(5_000)]),
    "one wired 20,000 times": lambda: graph([rows(), keep("k")], ["in -> k"] * 20_000),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDE)
def test_the_largest_graphs_are_answered_quickly(name):
    document = WIDE[name]()
    began = time.process_time()
    assert judge(document).problems
    assert time.process_time() - began < 10


def test_over_the_limits():
    for document, path in (({"nodes": [{}] * 10_000}, "/nodes"), ({"edges": [{}] * 20_001}, "/edges")):
        (found,) = judge(document).problems
        assert (found.code, found.path) == ("too_large", path)


def test_the_rows_of_the_cases_stay_as_they_are():
    assert [set(row) for row in ROWS] == [{"a", "b"}] * 3

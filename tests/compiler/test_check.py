"""Every problem of the contract: from which graph it comes, and which node, edge and setting it is put on."""

import time

import pytest
from compiler import problems, problems_of_settings
from compiler.graphs import ROWS, chain, graph, keep, node, problems_of, rows
from compiler.problems import JOIN, PAIR

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
CASES = [*problems.CASES, *problems_of_settings.CASES]
TYPES = "affine, aggregate, bins, "


def told(problem) -> dict:
    return {key: value for key, value in problem.model_dump().items() if value is not None and key != "severity"}


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
    assert set(judged.nodes) == {"in", "k", "l", "m"}
    assert judged.nodes["m"]["outputs"]["passed"][0]["name"] == "a"
    assert judged.nodes["k"]["outputs"] == {"passed": None, "failed": None}


GOOD = [
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
]  # fmt: skip


@pytest.mark.parametrize("document", GOOD)
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

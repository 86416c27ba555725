"""Posted graphs: React Flow's shapes are read, and what is no graph is refused with its place."""

import json

import pytest

from orchestrator.errors import InvalidGraph
from orchestrator.graph import BROKEN, MAX_BYTES, Edge, Node, Retry, Workflow, parse, read, read_json
from orchestrator.pointers import pointer


def node(**posted) -> Node:
    return parse({"nodes": [{"id": "1", **posted}]}).nodes[0]


def edge(**posted) -> Edge:
    return parse({"edges": [{"source": "a", "target": "b", **posted}]}).edges[0]


def problems(document):
    with pytest.raises(InvalidGraph) as caught:
        parse(document)
    return [(p.code, p.path, p.node_id, p.edge_id, p.message) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("posted", "expected"),
    [
        ({"type": "filter"}, Node(id="1", type="filter")),
        ({"type": "filter", "config": None}, Node(id="1", type="filter")),
        ({"type": "x", "label": None, "retry": None, "enabled": None}, Node(id="1", type="x")),
        ({"type": "x", "position": {"x": 0}, "measured": {}, "selected": True}, Node(id="1", type="x")),
        ({"type": "custom", "data": {"type": "filter"}}, Node(id="1", type="filter")),
        ({"data": {"type": "filter"}}, Node(id="1", type="filter")),
        ({"type": "x", "data": {"type": None}}, Node(id="1", type="x")),
        ({"type": "x", "data": {"config": {"a": 1}}}, Node(id="1", type="x", config={"a": 1})),
        ({"type": "x", "config": None, "data": {"config": {"a": 1}}}, Node(id="1", type="x", config={"a": 1})),
        ({"type": "x", "config": {}, "data": {"config": {"a": 1}}}, Node(id="1", type="x")),
        ({"type": "x", "config": {"b": 2}, "data": {"config": {"a": 1}}}, Node(id="1", type="x", config={"b": 2})),
        ({"type": "x", "data": {"label": "L"}}, Node(id="1", type="x", label="L")),
        ({"type": "x", "data": {"label": 5}}, Node(id="1", type="x")),
        ({"type": "x", "data": {"label": {"props": {}}}}, Node(id="1", type="x")),
        ({"type": "x", "label": "Own", "data": {"label": "L"}}, Node(id="1", type="x", label="Own")),
        ({"type": "x", "data": {"enabled": False}}, Node(id="1", type="x", enabled=False)),
        ({"type": "x", "enabled": True, "data": {"enabled": False}}, Node(id="1", type="x")),
        ({"type": "x", "data": {"retry": {"max_retries": 2}}}, Node(id="1", type="x", retry=Retry(max_retries=2))),
        ({"type": "x", "data": "text"}, Node(id="1", type="x")),
        ({"type": "x", "data": None}, Node(id="1", type="x")),
        ({"type": "x", "data": []}, Node(id="1", type="x")),
    ],
)
def test_nodes(posted, expected):
    assert node(**posted) == expected


@pytest.mark.parametrize("posted", [{}, {"sourceHandle": None, "targetHandle": None}, {"sourceHandle": ""}])
def test_a_handle_that_is_null_empty_or_absent_is_none(posted):
    assert (edge(**posted).source_handle, edge(**posted).target_handle) == (None, None)


def test_handles():
    assert edge(sourceHandle="passed", targetHandle="left").source_handle == "passed"
    assert edge(sourceHandle="passed", targetHandle="left").target_handle == "left"


@pytest.mark.parametrize(("posted", "made"), [({}, ""), ({"id": None}, ""), ({"id": "e 1"}, "e 1")])
def test_an_edge_needs_no_id(posted, made):
    assert edge(**posted).id == made


@pytest.mark.parametrize("node_id", ["1", "dndnode_0", "a-1", "a_1", "a b", "é/ü", "", "x" * 1000, "日本", "${x}", "'"])
def test_any_string_is_an_id_and_stays(node_id):
    assert parse({"nodes": [{"id": node_id, "type": "note"}]}).node(node_id).id == node_id


@pytest.mark.parametrize("type_", ["group", "note"])
def test_layout(type_):
    assert node(type=type_).is_layout
    assert not node(type="filter").is_layout


def test_a_name_is_the_label_or_the_type():
    assert node(type="filter", label="Late").name == "Late"
    assert node(type="filter", label="").name == "filter"


@pytest.mark.parametrize("document", [{}, dict.fromkeys(Workflow.model_fields), {"viewport": {"x": 0}, "id": 7}])
def test_everything_may_be_left_out(document):
    assert parse(document) == Workflow()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"viewport": {"x": 1}}, {"viewport": {"x": 2}}, True),
        ({"nodes": [{"id": "1", "type": "x", "position": 1}]}, {"nodes": [{"id": "1", "type": "x"}]}, True),
        ({"nodes": [{"id": "1", "type": "x", "config": {"a": 1}}]}, {"nodes": [{"id": "1", "type": "x"}]}, False),
        ({"settings": {"on_rejected": "fail"}}, {}, True),
        ({"settings": {"on_rejected": "continue"}}, {}, False),
    ],
)
def test_two_graphs_are_equal_when_a_run_of_them_is(one, other, same):
    assert (parse(one) == parse(other)) == same


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], ("invalid_graph", None, None, None, "A workflow is a JSON object with nodes and edges.")),
        (None, ("invalid_graph", None, None, None, "A workflow is a JSON object with nodes and edges.")),
        ({"nodes": {}}, ("invalid_graph", "/nodes", None, None, "/nodes: it must be a list.")),
        ({"nodes": "x"}, ("invalid_graph", "/nodes", None, None, "/nodes: it must be a list.")),
        ({"nodes": [1]}, ("invalid_graph", "/nodes/0", None, None, "/nodes/0: it must be an object.")),
        ({"nodes": [{"type": "x"}]}, ("invalid_graph", "/nodes/0/id", None, None, "/nodes/0/id: it is needed.")),
        ({"nodes": [{"id": "n"}]}, ("invalid_graph", "/type", "n", None, "/type: it is needed.")),
        (
            {"nodes": [{"id": "n", "type": "x", "config": [1]}]},
            ("invalid_config", "/config", "n", None, "/config: it must be an object."),
        ),
        (
            {"nodes": [{"id": "n", "data": {"type": "x", "config": "text"}}]},
            ("invalid_config", "/config", "n", None, "/config: it must be an object."),
        ),
        (
            {"nodes": [{"id": "\ud800", "type": "x"}]},
            ("invalid_graph", "/nodes/0/id", None, None, "/nodes/0/id: the text has half of a surrogate pair."),
        ),
        (
            {"nodes": [{"id": "n", "type": "x", "config": {"a": [1, {"b": "\ud800"}]}}]},
            ("invalid_config", "/config/a/1/b", "n", None, "/config/a/1/b: the text has half of a surrogate pair."),
        ),
        (
            {"nodes": [{"id": "n", "type": "x", "config": {"a": {"\ud800": 1}}}]},
            ("invalid_config", "/config/a", "n", None, "/config/a: the text has half of a surrogate pair."),
        ),
        (
            {"nodes": [{"id": "n", "type": "x", "config": {"\\u0000": "a\0b"}}]},
            ("invalid_config", "/config/\\u0000", "n", None, "/config/\\u0000: the text has a NUL character."),
        ),
        ({"edges": [{"id": "e", "source": "a"}]}, ("invalid_graph", "/target", None, "e", "/target: it is needed.")),
        (
            {"edges": [{"source": "a"}]},
            ("invalid_graph", "/edges/0/target", None, None, "/edges/0/target: it is needed."),
        ),
        ({"settings": []}, ("invalid_graph", "/settings", None, None, "/settings: it must be an object.")),
    ],
)  # fmt: skip
def test_refused(document, expected):
    assert problems(document) == [expected]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"nodes": [{"id": 1, "type": "x"}]}, "/nodes/0/id"),
        ({"nodes": [{"id": "x" * 1001, "type": "x"}]}, "/id"),
        ({"nodes": [{"id": "n", "type": "x", "retry": {"max_retries": -1}}]}, "/retry/max_retries"),
        ({"nodes": [{"id": "n", "type": "x", "retry": {"backoff": "sometimes"}}]}, "/retry/backoff"),
        ({"nodes": [{"id": "n", "type": "x", "enabled": "perhaps"}]}, "/enabled"),
        ({"nodes": [{"id": "n", "type": 5}]}, "/type"),
        ({"edges": [None]}, "/edges/0"),
        ({"edges": [{"source": 1, "target": "b"}]}, "/edges/0/source"),
        ({"edges": [{"id": "e", "source": "a", "target": "b", "sourceHandle": 1}]}, "/sourceHandle"),
        ({"name": 5}, "/name"),
        ({"parameters": [{"name": "a b"}]}, "/parameters/0/name"),
        ({"parameters": [{"name": "a", "type": "money"}]}, "/parameters/0/type"),
        ({"parameters": [{"type": "string"}]}, "/parameters/0/name"),
        ({"settings": {"on_rejected": "ignore"}}, "/settings/on_rejected"),
        ({"settings": {"timeout_s": 0}}, "/settings/timeout_s"),
    ],
)
def test_refused_at(document, path):
    assert [(each[0], each[1]) for each in problems(document)] == [("invalid_graph", path)]


def test_every_problem_comes_at_once():
    document = {
        "nodes": [{"id": "a"}, {"id": "b", "type": "x", "config": 1, "retry": 2}, {"id": "c", "type": "x"}],
        "edges": [{"id": "e"}],
        "settings": {"timeout_s": -1},
    }
    found = {(place or other, path) for _, path, place, other, _ in problems(document)}
    assert found == {
        ("a", "/type"), ("b", "/config"), ("b", "/retry"), ("e", "/source"), ("e", "/target"),
        (None, "/settings/timeout_s"),
    }  # fmt: skip


def test_nodes_that_cannot_be_read_leave_the_rest_to_be_checked():
    workflow, found = read({"nodes": [{"id": "a", "config": 1}, {"id": "b", "type": "x"}]})
    assert [each.type for each in workflow.nodes] == [BROKEN, "x"]
    assert {each.node_id for each in found} == {"a"}


def test_a_config_that_is_nested_too_deeply():
    deep: dict = {}
    for _ in range(300):
        deep = {"a": deep}
    expected = ("invalid_config", "/config", "n", None, "/config: it is nested too deeply.")
    assert expected in problems({"nodes": [{"id": "n", "type": "x", "config": deep}]})


@pytest.mark.parametrize(
    ("key", "count", "message"),
    [
        ("nodes", 5_001, "A workflow has at most 5,000 nodes; this one has 5,001."),
        ("edges", 20_001, "A workflow has at most 20,000 edges; this one has 20,001."),
    ],
)
def test_limits(key, count, message):
    assert problems({key: [{}] * count}) == [("too_large", f"/{key}", None, None, message)]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (b"", "invalid_json", "This is not JSON: Expecting value, line 1, column 1."),
        (b'{"a": 1,\n"b"}', "invalid_json", "This is not JSON: Expecting ':' delimiter, line 2, column 4."),
        (b"{'a': 1}", "invalid_json", None),
        (b'"\xfe"', "invalid_json", "This is not JSON: byte 2 is no UTF-8."),
        (b"NaN", "invalid_json", "This is not JSON: NaN is no number."),
        (b"[-Infinity]", "invalid_json", "This is not JSON: -Infinity is no number."),
        (b"1" * 5000, "invalid_json", "This is not JSON: a number has too many digits."),
        (b"[" * 100_000, "invalid_json", "This is not JSON: it is nested too deeply."),
        (b'"' + b"x" * MAX_BYTES + b'"', "too_large", "A workflow is at most 10 MiB of JSON."),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_not_json(text, code, message):
    with pytest.raises(InvalidGraph) as caught:
        read_json(text)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert message is None or problem.message == message


@pytest.mark.parametrize("document", [{"a": [1, 2.5, None, True, "é"]}, [], "x", 0])
def test_json(document):
    assert read_json(json.dumps(document)) == document
    assert read_json(b"\xef\xbb\xbf" + json.dumps(document).encode()) == document


def test_pointer():
    assert pointer(["a/b", 0, "c~d", ""]) == "/a~1b/0/c~0d/"
    assert pointer([]) == ""

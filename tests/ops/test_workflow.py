import dataclasses

import pytest
from compiler.graphs import compute, graph, keep, node, rows, run
from feeds import ROWS, library
from running import shape

from orchestrator.errors import NodeError
from orchestrator.ops.workflow import Workflow
from orchestrator.settings import settings
from orchestrator.workflows import judge


def sample(node_id="s", count="${first}"):
    return node(node_id, "sample", {"n": count})


def out(name, node_id="out"):
    return node(node_id, "output", {"name": name})


def given(*kinds, node_id="in", **more):
    """An input whose columns are declared: `a BIGINT`."""
    columns = [dict(zip(("name", "type"), each.split(" ", 1), strict=True)) for each in kinds]
    return node(node_id, "input", {"columns": columns, **more})


FIRST = [{"name": "first", "type": "integer", "default": 1}]
WORKFLOWS = {
    "topandrest01": graph(
        [node("in", "input", {"name": "sales"}), sample(), out("top"), out("the rest", "o2")],
        ["in -> s", "s.sampled -> out", "s.rest -> o2"], parameters=FIRST, name="Top",
    ),
}  # fmt: skip
FEED = {"sales": ROWS}
THREE = "SELECT * FROM (VALUES (1, 'x'), (2, 'y'), (3, NULL)) t(a, b)"
SAVED = {
    **WORKFLOWS,
    "plusone": graph([given("a BIGINT"), compute("c"), out("made")], ["in -> c", "c -> out"], name="Plus one"),
    "twice": graph(
        [node("in", "input"), node("w", "workflow", {"workflow": "plusone"}), compute("d", "c * 2", "d"), out("made")],
        ["in -> w", "w -> d", "d -> out"], name="Twice",
    ),
    "two": graph(
        [given("a BIGINT", node_id="l"), node("r", "input", {"sample": [{"a": 2}, {"a": 9}]}),
         node("u", "union", {}), out("made")],
        ["l -> u", "r -> u", "u -> out"], name="Two",
    ),
    "writes": graph(
        [given("a BIGINT"), node("w", "data_writer", {"path": "${file}", "target_type": "csv"})], ["in -> w"],
        parameters=[{"name": "file", "required": True}], name="Writes",
    ),
    "fails": graph(
        [given("b VARCHAR"), compute("c", "CAST(b AS INTEGER)"), out("made")], ["in -> c", "c -> out"], name="Fails",
    ),
    "secret": graph(
        [given("b VARCHAR"), node("l", "log", {"message": "key ${key}", "limit": 0}),
         node("f", "fail", {"message": "no ${key}", "condition": "b IS NOT NULL"}), out("made")],
        ["in -> l", "l -> f", "f -> out"], name="Secret",
        parameters=[{"name": "key", "type": "secret", "default": "s3"}],
    ),
    "rejects": graph(
        [given("b VARCHAR"), node("p", "points_from_xy", {"x": "b", "y": "b"}), out("made")],
        ["in -> p", "p.result -> out"], name="Rejects",
    ),
    "tolerates": graph(
        [given("b VARCHAR"), node("p", "points_from_xy", {"x": "b", "y": "b"}), out("made"), out("rejected", "o2")],
        ["in -> p", "p.result -> out", "p.rejected -> o2"], name="Tolerates",
    ),
    "draft": graph([rows(), node("f", "filter", {})], ["in -> f"], name="Draft"),
    "itself": graph([node("w", "workflow", {"workflow": "itself"})], name="Itself"),
    "left": graph([node("w", "workflow", {"workflow": "right"})], name="Left"),
    "right": graph([rows(), node("w", "for_each", {"workflow": "left"})], ["in -> w"], name="Right"),
}  # fmt: skip


def uses(workflow, **more):
    return {"workflow": workflow, **more}


@pytest.fixture
def call(session, context, tmp_path):
    """Run a workflow node on tables, as a design with empty ones first: columns are the same."""
    context = dataclasses.replace(context, scratch=tmp_path)

    def made(config, **tables):
        op = Workflow.configure(config, find=library(SAVED))
        given = {port: session.connection.sql(sql) for port, sql in tables.items()}
        empty = {port: session.empty(table) for port, table in given.items()}
        designed = op.call(empty, dataclasses.replace(context, design=True))
        found = op.call(given, context)
        assert list(map(shape, designed.values())) == list(map(shape, found.values()))
        return {port: table.fetchall() for port, table in found.items()}

    return made


GOOD = [
    (uses("topandrest01"), {"sales": THREE}, {"top": [(1, "x")], "the rest": [(2, "y"), (3, None)]}),
    (uses("topandrest01", parameters={"first": 2}), {"sales": THREE},
     {"top": [(1, "x"), (2, "y")], "the rest": [(3, None)]}),
    (uses("plusone"), {"in": "SELECT 7::SMALLINT AS A"}, {"made": [(7, 8)]}),
    (uses("plusone"), {"in": "SELECT 'b' AS b, '7' AS a, 'c' AS z"}, {"made": [(7, "b", "c", 8)]}),
    (uses("plusone"), {"in": "SELECT 1 AS a WHERE false"}, {"made": []}),
    (uses("plusone"), {}, {"made": []}),
    (uses("twice"), {"in": "SELECT 7::BIGINT AS a"}, {"made": [(7, 8, 16)]}),
    (uses("two"), {"l": "SELECT 1::BIGINT AS a"}, {"made": [(1,), (2,), (9,)]}),
    (uses("two"), {"l": "SELECT 1::BIGINT AS a", "r": "SELECT 5::BIGINT AS a"}, {"made": [(1,), (5,)]}),
]  # fmt: skip


@pytest.mark.parametrize(("config", "tables", "expected"), GOOD)
def test_runs_a_saved_workflow(call, config, tables, expected):
    assert call(config, **tables) == expected


def test_ports_are_its_inputs_and_outputs():
    ports = Workflow.configure(uses("two"), find=library(SAVED)).ports
    assert {name: port.optional for name, port in ports.inputs.items()} == {"l": True, "r": True}
    assert list(ports.outputs) == ["made"]
    assert not Workflow.configure(uses("topandrest01"), find=library(SAVED)).ports.inputs["sales"].optional


REFUSED = [
    ({}, "invalid_config", "/config/workflow", "'workflow' is needed."),
    (uses("nowhere"), "unknown_workflow", "/config/workflow", "Workflow 'nowhere' is not there."),
    (uses("two", version=9), "unknown_workflow", "/config/version", "Workflow 'two' is not there."),
    (uses("draft"), "invalid_config", "/config/workflow",
     "In node 'f' of 'Draft': Give either 'condition' or 'clauses'."),
    (uses("topandrest01", parameters={"last": 1}), "unknown_parameter", "/config/parameters/last",
     "Parameter 'last' is not in this workflow."),
    (uses("topandrest01", parameters={"first": "x"}), "invalid_parameter", "/config/parameters/first",
     "Parameter 'first' takes a whole number; 'x' is not."),
    (uses("topandrest01", parameters={"first": -1}), "invalid_config", "/config/workflow",
     "In node 's' of 'Top': 'n' must be 0 or more."),
    (uses("writes"), "missing_parameter", "/config/parameters/file", "Parameter 'file' needs a value."),
    (uses("itself"), "recursion", "/config/workflow", "A workflow cannot use itself: Itself -> Itself."),
    (uses("left"), "recursion", "/config/workflow", "A workflow cannot use itself: Left -> Right -> Left."),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path", "message"), REFUSED)
def test_refuses(config, code, path, message):
    found = judge(graph([node("w", "workflow", config)]), library(SAVED)).problems[0]
    assert (found.code, found.path, found.message, found.node_id) == (code, path, message, "w")


def test_there_may_be_no_catalog():
    (found,) = judge(graph([node("w", "workflow", uses("two"))])).problems
    message = "Workflow 'two' cannot be used here: there is no catalog of saved workflows."
    assert (found.code, found.message) == ("unknown_workflow", message)


FAILS = [
    ("plusone", {"in": "SELECT 1 AS b"}, "unknown_column",
     "In node 'in' of 'Plus one': Column 'a' is not in this table."),
    ("plusone", {"in": "SELECT DATE '2024-01-01' AS a"}, "conversion_failed", "In node 'in' of 'Plus one': "),
    ("plusone", {"in": "SELECT 'x' AS a"}, "conversion_failed", "In node 'in' of 'Plus one': Could not convert"),
    ("twice", {"in": "SELECT 1 AS b"}, "unknown_column", "In node 'w' of 'Twice': In node 'in' of 'Plus one': "),
    ("fails", {"in": "SELECT 'x' AS b"}, "conversion_failed", "In node 'c' of 'Fails': Could not convert"),
    ("secret", {"in": "SELECT 'x' AS b"}, "failed_on_purpose", "In node 'f' of 'Secret': no ***"),
    ("rejects", {"in": "SELECT 'x' AS b"}, "rejected_rows", "In node 'p' of 'Rejects': A row was rejected"),
]  # fmt: skip


@pytest.mark.parametrize(("workflow", "tables", "code", "message"), FAILS)
def test_an_error_names_the_node_inside(call, workflow, tables, code, message):
    with pytest.raises(NodeError) as caught:
        call(uses(workflow), **tables)
    assert (caught.value.code, caught.value.path) == (code, "/config/workflow")
    assert caught.value.message.startswith(message)


def test_lines_in_the_log_begin_with_the_node_inside(session, context):
    said = []
    context = dataclasses.replace(context, log=lambda level, text: said.append((level, text)))
    op = Workflow.configure(uses("secret", parameters={"key": "k4"}), find=library(SAVED))
    op.call({"in": session.connection.sql("SELECT NULL::VARCHAR AS b")}, context)
    assert said == [("info", "l: key ***")]


@pytest.mark.parametrize("cache", [True, False])
def test_inside_a_run(home, cache):
    document = graph(
        [rows(), node("w", "workflow", uses("topandrest01", parameters={"first": "${n}"})), keep("k", "a > 2"),
         node("x", "workflow", uses("writes", parameters={"file": f"{cache}.csv"}))],
        ["in -> w", "w.the rest -> k", "w.top -> x"], parameters=[{"name": "n", "type": "integer", "default": 1}],
    )  # fmt: skip
    judged = judge(document, library(SAVED))
    assert judged.problems == ()
    assert [each["name"] for each in judged.nodes["w"]["outputs"]["the rest"]] == ["a", "b"]
    ran = run(document, cache=cache, find=library(SAVED), n=2)
    assert ran.success, ran.error
    assert ran.rows("k", "passed") == [(3, None)]
    assert (settings().data / f"{cache}.csv").read_text() == "a,b\n1,x\n2,y\n"
    assert {each.status for each in ran.progress.nodes.values()} == {"completed"}
    assert not (ran.folder / "scratch").exists()


@pytest.mark.parametrize("cache", [True, False])
def test_a_failure_is_the_nodes_own(home, cache):
    document = graph([rows(), node("w", "workflow", uses("fails")), keep("k", "c > 2")], ["in -> w", "w -> k"])
    ran = run(document, cache=cache, find=library(SAVED))
    assert (ran.error.node_id, ran.error.code) == ("w", "conversion_failed")
    assert ran.error.message.startswith("In node 'c' of 'Fails': ")
    assert ran.progress.nodes["k"].status == "skipped"


def test_an_output_called_rejected_is_the_port_for_rejected_rows(home):
    document = graph([rows(), node("w", "workflow", uses("tolerates"))], ["in -> w"])
    assert run(document, find=library(SAVED)).error.code == "rejected_rows"
    document = graph(
        [rows(), node("w", "workflow", uses("tolerates")), keep("k", "true")], ["in -> w", "w.rejected -> k"]
    )
    assert run(document, find=library(SAVED)).success

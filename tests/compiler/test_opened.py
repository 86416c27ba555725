"""Saved workflows opened: their nodes as steps of the run, each with a state, tables and retries of its own."""

import json

import pytest
from compiler.graphs import compute, graph, keep, node, own_home, rows, run, run_until
from feeds import library

from orchestrator.compiler.check import inspect
from orchestrator.compiler.infer import infer
from orchestrator.compiler.jobs import compile_document
from orchestrator.graph import MAX_NODES, parse
from orchestrator.settings import settings

IN, OUT = node("in", "input"), node("out", "output", {"name": "made"})


def uses(workflow, node_id="w", more=None, **given):
    return node(node_id, "workflow", {"workflow": workflow, **given}, **(more or {}))


SAVED = {
    "inner": graph([IN, compute("c/1", "a + ${n}"), OUT, keep("end", "c > 2")],
                   ["in -> c/1", "c/1 -> out", "c/1 -> end"],
                   name="Inner", parameters=[{"name": "n", "type": "integer", "default": 1}]),
    "outer": graph([IN, node("w", "workflow", {"workflow": "inner", "parameters": {"n": "${m}"}}), OUT],
                   ["in -> w", "w -> out"], name="Outer", parameters=[{"name": "m", "type": "integer", "default": 5}]),
    "broken": graph([IN, compute("c", "CAST(b AS INTEGER)"), OUT], ["in -> c", "c -> out"], name="Broken"),
    "around": graph([IN, node("w", "workflow", {"workflow": "broken"}), OUT], ["in -> w", "w -> out"], name="Around"),
    "flaky": graph(
        [IN, node("c", "compute", {"columns": [{"name": "c", "expression": "CAST(b AS INTEGER)"}]},
                  retry={"max_retries": 2}), OUT],
        ["in -> c", "c -> out"], name="Flaky",
    ),
    "part": graph([IN, keep("k", "a > 1"), OUT, rows("off", enabled=False)],
                  ["in -> k", "k.passed -> out"], name="Part"),
    "many0": graph([uses("rows", f"w{i}") for i in range(20)]),
    **{f"many{n}": graph([uses(f"many{n - 1}", f"w{i}") for i in range(20)], name=f"many{n}") for n in range(1, 10)},
    "rows": graph([rows()]),
    "needs": graph(
        [IN, node("s", "sample", {"n": "${n}", "method": "${how}"}), compute("x", "${n}"), OUT],
        ["in -> s", "s.sampled -> x", "x -> out"], name="Needs",
        parameters=[{"name": "n", "type": "integer", "required": True}, {"name": "how", "required": True}],
    ),
    "top": graph([IN, node("s", "sample", {"n": "${n}"}), OUT], ["in -> s", "s.sampled -> out"], name="Top",
                 parameters=[{"name": "n", "type": "integer", "default": 1}]),
}  # fmt: skip


def using(workflow, **given):
    return graph([rows(), uses(workflow, **given), keep("k", "true")], ["in -> w", "w.made -> k"])


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with own_home(tmp_path_factory.mktemp("home")) as made:
        yield made


def planned(document):
    return compile_document(document, "test", 1, library(SAVED)).plan


def statuses(nodes):
    return {each.node_id: (each.status, statuses(each.nodes)) if each.nodes else each.status for each in nodes}


def test_the_steps_inside_stand_in_the_place_of_the_node():
    plan = planned(using("outer"))
    assert {each.node_id: each.alias for each in plan.steps} == {
        "in": "inline_data__in",
        "w/in": "workflow__w.input__in",
        "w/w/in": "workflow__w.workflow__w.input__in",
        "w/w/c~11": "workflow__w.workflow__w.compute__c_2f_1",
        "w/w/out": "workflow__w.workflow__w.output__out",
        "w/w/end": "workflow__w.workflow__w.filter__end",
        "w/out": "workflow__w.output__out",
        "k": "filter__k",
    }
    assert len({each.key for each in plan.steps}) == len(plan.steps)
    assert set(plan.edges) == {
        ("in", "w/in"), ("w/in", "w/w/in"), ("w/w/in", "w/w/c~11"), ("w/w/c~11", "w/w/out"), ("w/w/c~11", "w/w/end"),
        ("w/w/out", "w/out"), ("w/out", "k"),
    }  # fmt: skip
    assert plan.within("w") == {each.node_id for each in plan.steps} - {"in", "k"}
    assert plan.within("w/w/end") == {"w/w/end"}
    assert plan.within("nowhere") == frozenset()


def test_dagster_has_a_graph_within_the_graph():
    job = compile_document(using("outer"), "test", 1, library(SAVED)).job
    outer = job.graph.node_named("workflow__w").definition
    assert sorted(outer.node_dict) == ["input__in", "output__out", "workflow__w"]
    assert [each.graph_input_name for each in outer.input_mappings] == ["_p_in"]
    assert [each.graph_output_name for each in outer.output_mappings] == ["made"]
    assert outer.node_named("workflow__w").definition.description == "Inner"


@pytest.mark.parametrize("cache", [True, False])
def test_each_node_inside_has_its_state_and_its_tables(cache):
    document = using("outer", parameters={"m": "${k}"}) | {"parameters": [{"name": "k", "type": "integer"}]}
    ran = run(document, cache=cache, find=library(SAVED), k=10)
    inner = {"w/w/in": "completed", "w/w/c~11": "completed", "w/w/out": "completed", "w/w/end": "completed"}
    outer = {"w/in": "completed", "w/w": ("completed", inner), "w/out": "completed"}
    assert statuses(ran.progress.nodes.values()) == {"in": "completed", "w": ("completed", outer), "k": "completed"}
    node = ran.progress.nodes["w"]
    assert (node.attempts, node.error) == (1, None)
    assert node.started_at < node.completed_at
    assert {name: port.rows for name, port in node.outputs.items()} == {"made": 3}
    assert ran.rows("w/w/end", "passed") == [(1, "x", 11), (2, "y", 12), (3, None, 13)]
    assert ran.rows("w/out") == ran.rows("k", "passed")


@pytest.mark.parametrize("cache", [True, False])
def test_an_error_inside_is_told_at_every_level(cache):
    ran = run(using("around"), cache=cache, find=library(SAVED))
    reason = "In node 'w' of 'Around': In node 'c' of 'Broken': Could not convert"
    assert (ran.error.node_id, ran.error.path) == ("w", "/config/workflow")
    assert ran.error.message.startswith(reason)
    node = ran.progress.nodes["w"]
    assert (node.status, node.error) == ("failed", ran.error)
    (middle,) = (each for each in node.nodes if each.node_id == "w/w")
    (failed,) = (each for each in middle.nodes if each.status == "failed")
    assert (failed.node_id, failed.error.node_id) == ("w/w/c", "w/w/c")
    assert failed.error.message.startswith("Could not convert")
    assert (middle.error.node_id, middle.error.message[:24]) == ("w/w", "In node 'c' of 'Broken':")
    assert ran.progress.nodes["k"].status == "skipped"


@pytest.mark.parametrize(("workflow", "more", "attempts"), [
    ("flaky", {}, 3), ("flaky", {"retry": {"max_retries": 1}}, 3), ("broken", {"retry": {"max_retries": 1}}, 2),
    ("around", {"retry": {"max_retries": 1}}, 2), ("broken", {}, 1),
])  # fmt: skip
def test_a_node_inside_is_tried_again_as_it_says_or_the_node_around_it(workflow, more, attempts):
    ran = run(graph([rows(), uses(workflow, more=more)], ["in -> w"]), find=library(SAVED))
    assert ran.progress.nodes["w"].attempts == attempts
    assert ran.progress.nodes["w"].status == "failed"


def test_until_a_node_that_runs_a_workflow_or_one_inside():
    compiled = compile_document(using("inner"), "test", 1, library(SAVED))
    inside = {"w/in": "completed", "w/c~11": "completed", "w/out": "completed", "w/end": "completed"}
    ran = run_until(compiled, "w", True)
    assert statuses(ran.progress.nodes.values()) == {"in": "completed", "w": ("completed", inside), "k": "skipped"}
    ran = run_until(compiled, "w/c~11", True)
    inside |= {"w/out": "skipped", "w/end": "skipped"}
    assert statuses(ran.progress.nodes.values()) == {"in": "completed", "w": ("completed", inside), "k": "skipped"}


def test_a_disabled_node_inside_is_skipped():
    ran = run(using("part"), find=library(SAVED))
    inside = {"w/in": "completed", "w/k": "completed", "w/out": "completed", "w/off": "skipped"}
    assert statuses(ran.progress.nodes.values())["w"] == ("completed", inside)


def test_a_workflow_may_be_used_twice_with_other_parameters():
    document = graph(
        [rows(), uses("inner", "one"), uses("inner", "two", parameters={"n": 7}), node("u", "union", {})],
        ["in -> one", "in -> two", "one.made -> u", "two.made -> u"],
    )
    ran = run(document, find=library(SAVED))
    assert [row[2] for row in ran.rows("u")] == [2, 3, 4, 8, 9, 10]


@pytest.mark.parametrize("document", [
    using("${which}") | {"parameters": [{"name": "which", "default": "inner"}]},
    graph([rows(), uses("inner"), keep("w/in", "true")], ["in -> w", "w.made -> w/in"]),
], ids=["a parameter says which", "a posted id is the place of a node inside"])  # fmt: skip
def test_else_it_runs_as_one_step(document):
    plan = planned(document)
    assert "w" in {each.node_id for each in plan.steps}
    assert plan.scopes == {}
    assert run(document, find=library(SAVED)).success


def test_a_parameter_that_does_not_fit_is_the_nodes_own_error():
    document = using("top", parameters={"n": "${k}"})
    document |= {"parameters": [{"name": "k", "type": "integer", "default": 1}]}
    ran = run(document, find=library(SAVED), k=-1)
    assert (ran.error.code, ran.error.node_id, ran.error.path) == ("invalid_config", "w", "/config/workflow")
    assert ran.error.message == "In node 's' of 'Top': 'n' must be 0 or more."
    assert ran.progress.nodes["w"].error == ran.error


@pytest.mark.parametrize("parameters", [
    [{"name": "k", "type": "integer"}],
    [{"name": "k", "type": "integer", "required": True}],
    [{"name": "k", "type": "string"}],
], ids=["no default", "required", "of another type"])  # fmt: skip
def test_a_parameter_inside_waits_for_one_of_the_run(parameters):
    document = using("needs", parameters={"n": "${k}", "how": "${k}"}) | {"parameters": parameters}
    checked, problems = inspect(parse(document), find=library(SAVED))
    assert problems == []
    assert {"w/s", "w/x"} <= {each.node_id for each in planned(document).steps}
    assert checked.steps[1].op.ports.outputs.keys() == {"made"}


def test_what_waits_comes_with_the_run():
    document = using("needs", parameters={"n": "${k}", "how": "${h}"})
    document |= {"parameters": [{"name": "k", "type": "integer"}, {"name": "h"}]}
    ran = run(document, find=library(SAVED), k=2, h="last")
    assert [row[0] for row in ran.rows("w/s", "sampled")] == [2, 3]
    wrong = run(document, find=library(SAVED), k=2, h="lst")
    assert (wrong.error.node_id, wrong.error.path) == ("w", "/config/workflow")


def test_what_waits_has_columns_where_they_do_not_depend_on_it():
    document = using("inner", parameters={"n": "${k}"}) | {"parameters": [{"name": "k", "type": "integer"}]}
    made = infer(inspect(parse(document), find=library(SAVED))[0], settings().data)
    assert [each.name for each in made.outputs["w"]["made"]] == ["a", "b", "c"]


def test_nodes_are_counted_with_those_inside():
    document = graph([uses("many1", f"w{number}") for number in range(13)])
    (found,) = inspect(parse(document), find=library(SAVED))[1]
    said = f"With the nodes of the workflows inside, more than {MAX_NODES:,} nodes would run."
    assert (found.code, found.node_id, found.path, found.message) == (
        "invalid_workflow",
        "w12",
        "/config/workflow",
        said,
    )
    (found,) = inspect(parse(graph([uses("many9")])), find=library(SAVED))[1]
    assert found.code == "invalid_workflow"
    assert found.message.endswith(f"In node 'w12' of 'many2': {said}")


def test_settings_inside_are_below_their_nodes_name():
    config = compile_document(using("inner"), "test", 1, library(SAVED)).job.config_mapping.config_fn({})
    inner = config["ops"]["workflow__w"]["ops"]["compute__c_2f_1"]["config"]
    assert json.loads(json.dumps(inner)) == {"columns": [{"name": "c", "expression": "a + ${n}"}]}

"""What a node does inside a run: its parameters, its columns, its retries, its rejected rows, its failure."""

import logging

import pytest
from compiler.graphs import compute, edge, graph, instance, keep, node, rows, run

from orchestrator.errors import InvalidGraph
from orchestrator.settings import settings

NUMBERS = [{"a": n, "t": str(n)} for n in range(5)]


def error(ran):
    assert not ran.success
    found = ran.error
    return found.code, found.node_id, found.path, found.message


@pytest.mark.parametrize("cache", [True, False])
def test_a_chain_gives_its_rows(cache):
    ran = run(graph([rows(), keep("k"), compute("c", "a * 10")], ["in -> k", "k.passed -> c"]), cache=cache)
    assert ran.success
    assert ran.rows("c") == [(2, "y", 20), (3, None, 30)]
    assert [node.status for node in ran.progress.nodes.values()] == ["completed"] * 3


def test_odd_ids_are_two_nodes_each_with_its_rows():
    ids = ["a-1", "a_1", "a 1", "é/ü", "", "input", "x" * 500, "${x}", "..", "日本", "'", '"', "a.b", "result"]
    sources = [rows(each, [{"n": number}]) for number, each in enumerate(ids)]
    ran = run({"nodes": sources, "edges": []})
    assert ran.success, ran.error
    assert [ran.rows(each) for each in ids] == [[(number,)] for number in range(len(ids))]


def test_a_disabled_node_is_skipped_with_what_depends_on_it_alone():
    nodes = [rows("a"), rows("b"), keep("k", enabled=False), keep("l"), node("u", "union")]
    ran = run(graph(nodes, ["a -> k", "k.passed -> l", "a -> u", "l.passed -> u", "b -> u"]))
    assert {each.node_id: each.status for each in ran.progress.nodes.values()} == {
        "a": "completed", "b": "completed", "k": "skipped", "l": "skipped", "u": "completed",
    }  # fmt: skip
    assert len(ran.rows("u")) == 6


PARAMETERS = [
    ("integer", 2, "a >= ${p}", [2, 3, 4]),
    ("integer", "3", "a >= ${p}", [3, 4]),
    ("number", 2.5, "a >= ${p}", [3, 4]),
    ("number", "2.5", "a >= ${p}", [3, 4]),
    ("boolean", True, "${p}", [0, 1, 2, 3, 4]),
    ("boolean", "false", "${p} OR a = 1", [1]),
    ("string", "3", "t = ${p}", [3]),
    ("string", "' OR true --", "t = ${p}", []),
    ("string", "' OR true --", "t = '${p}'", []),
    ("string", "a", '"${p}" = 2', [2]),
    ("date", "2024-01-03", "DATE '2024-01-01' + a::INT >= ${p}", [2, 3, 4]),
    ("date", "2024-01-03", "strftime(DATE '2024-01-01' + a::INT, '%Y-%m-%d') = '${p}'", [2]),
    ("datetime", "2024-01-01T03:00:00", "TIMESTAMP '2024-01-01' + to_hours(a) >= ${p}", [3, 4]),
    ("datetime", "2024-01-01T03:00:00+00:00", "TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_hours(a) >= ${p}", [3, 4]),
    ("choice", "1", "t = ${p}", [1]),
    ("secret", "2", "t = ${p}", [2]),
    ("file", "4", "t = ${p}", [4]),
]


@pytest.mark.parametrize(("kind", "value", "condition", "found"), PARAMETERS)
def test_parameters(kind, value, condition, found):
    choices = ["1", "2"] if kind == "choice" else []
    document = graph(
        [rows(made=NUMBERS), keep("k", condition)],
        ["in -> k"],
        parameters=[{"name": "p", "type": kind, "choices": choices}],
    )
    ran = run(document, p=value)
    assert ran.success, ran.error
    assert [row[0] for row in ran.rows("k", "passed")] == found


def test_a_parameter_takes_its_default_or_null():
    document = graph(
        [rows(made=NUMBERS), keep("k", "a > ${p}"), keep("l", "${q} IS NULL"), compute("c", "${q}")],
        ["in -> k", "in -> l", "in -> c"],
        parameters=[{"name": "p", "type": "integer", "default": 3}, {"name": "q", "type": "integer"}],
    )
    ran = run(document)
    assert ran.success, ran.error
    assert ran.rows("k", "passed") == [(4, "4")]
    assert len(ran.rows("l", "passed")) == 5
    assert ran.rows("c")[0] == (0, "0", None)


def test_parameters_in_other_settings():
    document = graph(
        [rows(made=NUMBERS), node("s", "sample", {"method": "first", "n": "${n}"}), compute("c", "1", "is ${name}")],
        ["in -> s", "s.sampled -> c"],
        parameters=[{"name": "n", "type": "integer"}, {"name": "name"}],
    )
    ran = run(document, n=2, name="it's")
    assert ran.success, ran.error
    assert len(ran.rows("c")) == 2
    assert ran.columns("c")[-1]["name"] == "is it's"


def test_a_setting_that_a_parameter_makes_wrong_is_told_on_its_node():
    document = graph(
        [rows(), node("s", "sample", {"method": "first", "n": "${n}"})],
        ["in -> s"],
        parameters=[{"name": "n", "type": "integer", "default": 1}],
    )
    code, node_id, path, message = error(run(document, n=-1))
    assert (code, node_id, path) == ("invalid_config", "s", "/config/n")
    assert message == "'n' must be 0 or more."


def test_an_expression_that_a_parameter_makes_wrong_keeps_its_code():
    document = graph(
        [rows(), node("c", "compute", {"columns": [{"name": "x", "expression": "E'${p}'"}]})],
        ["in -> c"],
        parameters=[{"name": "p"}],
    )
    code, node_id, path, message = error(run(document, p="x"))
    assert (code, node_id, path) == ("invalid_expression", "c", "/config/columns/0/expression")
    assert "a parameter can stand in" in message


def test_a_column_that_a_parameter_names_is_looked_for_when_it_runs():
    document = graph(
        [rows(), node("s", "sort", {"by": [{"column": "${by}"}]})], ["in -> s"], parameters=[{"name": "by"}]
    )
    assert run(document, by="b").success
    assert error(run(document, by="bb")) == (
        "unknown_column", "s", "/config/by/0/column", "Column 'bb' is not in this table. Did you mean 'b'?",
    )  # fmt: skip


@pytest.mark.parametrize("given", [{"x": 1}, {"n": "many"}, {}])
def test_wrong_parameters_do_not_start_a_run(given):
    document = graph([rows()], parameters=[{"name": "n", "type": "integer", "required": True}])
    with pytest.raises(InvalidGraph):
        run(document, **given)


@pytest.mark.parametrize("cache", [True, False])
def test_a_row_rejected_on_an_unconnected_port_fails_the_run(cache):
    nodes = [rows(made=[{"t": "1"}, {"t": "x"}]), node("c", "cast", {"columns": [{"name": "t", "type": "BIGINT"}]})]
    made = run(graph(nodes, ["in -> c"]), cache=cache)
    code, node_id, _, message = error(made)
    assert made.error.value == '{"t": "x"}'
    assert (code, node_id) == ("rejected_rows", "c")
    assert message.startswith("A row was rejected, and nothing is connected to 'rejected': ")
    kept = run(graph(nodes, ["in -> c"], settings={"on_rejected": "continue"}), cache=cache)
    assert kept.success, kept.error
    assert kept.rows("c") == [(1,)]
    wired = graph([*nodes, keep("k", "rejection_code IS NOT NULL")], ["in -> c", "c.rejected -> k"])
    assert len(run(wired, cache=cache).rows("k", "passed")) == 1


def test_a_failed_node_is_tried_again_as_often_as_it_says():
    broken = compute("c", "error('no')", retry={"max_retries": 2, "delay_s": 0.0, "backoff": "linear"})
    ran = run(graph([rows(), broken, keep("k")], ["in -> c", "c -> k"]))
    assert not ran.success
    assert ran.progress.nodes["c"].attempts == 3
    assert [(each.node_id, each.status) for each in ran.progress.nodes.values()] == [
        ("in", "completed"), ("c", "failed"), ("k", "skipped"),
    ]  # fmt: skip


def test_rows_given_to_an_input_node():
    source = node("orders", "input", {"name": "orders", "sample": [{"a": 1}]})
    document = graph([source, keep("k", "a > 1")], ["orders -> k"])
    assert run(document).rows("k", "passed") == []
    assert run(document, given={"orders": [{"a": 5}]}).rows("k", "passed") == [(5,)]


def test_the_session_of_a_run_reaches_its_folders_only(home):
    (home / "secret.csv").write_text("a\n1\n")
    (settings().data / "link.csv").symlink_to(home / "secret.csv")
    for path in ("../secret.csv", str(home / "secret.csv"), "link.csv"):
        with pytest.raises(InvalidGraph) as caught:
            run_loader(path)
        assert [problem.code for problem in caught.value.problems] == ["path_not_allowed"]


def run_loader(path):
    from orchestrator.workflows import judge

    judged = judge(graph([node("l", "data_loader", {"source_type": "csv", "path": path})]))
    if not judged.valid:
        raise InvalidGraph(judged.problems)


def test_edges_without_handles_or_ids():
    document = {
        "nodes": [rows(), compute("c")],
        "edges": [{"source": "in", "target": "c", "sourceHandle": "", "targetHandle": None}],
    }
    assert run(document).rows("c") == [(1, "x", 2), (2, "y", 3), (3, None, 4)]


def test_many_inputs_come_in_the_order_of_the_edges():
    nodes = [rows(each, [{"n": each}]) for each in "abc"] + [node("u", "union")]
    ran = run({"nodes": nodes, "edges": [edge("c -> u"), edge("a -> u"), edge("c -> u"), edge("b -> u")]})
    assert [row[0] for row in ran.rows("u")] == ["c", "a", "c", "b"]


@pytest.mark.parametrize("cache", [True, False])
def test_fail_stops_the_run_on_its_own_node(cache):
    stop = node("f", "fail", {"condition": "c > 20", "message": "{b} is too much."})
    document = graph([rows(), compute("c", "a * 10"), stop, keep("k")], ["in -> c", "c -> f", "f -> k"])
    ran = run(document, cache=cache)
    assert error(ran) == ("failed_on_purpose", "f", None, "null is too much.")
    assert [node.status for node in ran.progress.nodes.values()] == ["completed", "completed", "failed", "skipped"]
    passed = run(graph([*document["nodes"][:1], stop | {"config": {"condition": "a > 9"}}], ["in -> f"]), cache=cache)
    assert len(passed.rows("f")) == 3


@pytest.mark.parametrize("cache", [True, False])
def test_what_a_node_logs_is_in_the_runs_log_without_secrets(cache):
    nodes = [rows(), compute("c", "${key} || b"), node("l", "log", {"message": "with ${key}", "level": "warning"})]
    parameters = [{"name": "key", "type": "secret"}, {"name": "part", "type": "secret", "default": "top"}]
    ran = run(graph(nodes, ["in -> c", "c -> l"], parameters=parameters), cache=cache, key="topsecret")
    assert ran.success, ran.error
    said = [each for each in instance().all_logs(ran.run_id) if each.dagster_event is None]
    assert [each.user_message for each in said] == [
        "with ***", "a: 1, b: x, c: ***x", "a: 2, b: y, c: ***y", "a: 3, b: null, c: null",
    ]  # fmt: skip
    assert {(each.level, ran.progress.node_of(each)) for each in said} == {(logging.WARNING, "l")}
    assert ran.rows("l") == ran.rows("c") if cache else len(ran.rows("l")) == 3


def test_a_secret_at_the_end_of_a_long_line_is_not_cut_in_half():
    nodes = [rows(made=[{"a": 1}]), compute("c", "repeat('x', 9_985) || ${key}"), node("l", "log")]
    ran = run(graph(nodes, ["in -> c", "c -> l"], parameters=[{"name": "key", "type": "secret"}]), key="topsecret")
    (said,) = [each.user_message for each in instance().all_logs(ran.run_id) if each.dagster_event is None]
    assert said.endswith("xx***")

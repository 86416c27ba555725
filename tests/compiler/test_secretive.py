"""What a secret has become within an expression is in no message."""

import pytest
from compiler.graphs import compute, graph, instance, node, own_home, rows, run
from feeds import library

from orchestrator.settings import settings

HIDDEN = "Values are not shown: the node computes with a secret."
AFTER = "a node before it computes with a secret."
KEY = [{"name": "key", "type": "secret"}]
CALLED = ["in -> c", "c -> out"]
IN, OUT = node("in", "input"), node("out", "output", {"name": "made"})
CAST = compute("c", "CAST(upper(${key}) AS BIGINT)")
SAVED = {
    "own": graph([IN, CAST, OUT], CALLED, parameters=KEY, name="Own"),
    "plain": graph([IN, CAST, OUT], CALLED, parameters=[{"name": "key"}], name="Plain"),
    "later": graph(
        [IN, compute("m", "reverse(${key})", "k"), compute("c", "k::BIGINT"), OUT],
        ["in -> m", "m -> c", "c -> out"],
        parameters=[{**KEY[0], "default": "hunter2-secret"}],
        name="Later",
    ),
    "default": graph([IN, CAST, OUT], CALLED, parameters=[{**KEY[0], "default": "hunter2-secret"}], name="Default"),
}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with own_home(tmp_path_factory.mktemp("home")) as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMILL_ALLOW_PYTHON", "true")
        settings.cache_clear()
        yield made


def using(kind, saved):
    return node(
        "c", kind, {"workflow": saved, "parameters": {} if saved in ("default", "later") else {"key": "${key}"}}
    )


def failed(document, find=None, **more):
    ran = run(document, find=find, **more, key="hunter2-secret")
    stored = str(instance().all_logs(ran.run_id)).lower()
    assert not ran.success
    assert not [each for each in ("hunter2", "2retnuh", "aHVudGVy".lower()) if each in stored]
    return ran.error


FAILS = [
    (CAST, "conversion_failed", f"A value could not be converted. {HIDDEN}"),
    (compute("c", "CAST(reverse(${key}) AS BIGINT)"), "conversion_failed", HIDDEN),
    (compute("c", "CAST(left(${key}, 9) AS BIGINT)"), "conversion_failed", HIDDEN),
    (compute("c", "upper(${key})::DATE"), "conversion_failed", HIDDEN),
    (compute("c", "strptime(b, upper(${key}))"), "invalid_value", f"A value cannot be used. {HIDDEN}"),
    (compute("c", "regexp_matches(b, '(' || upper(${key}))"), "invalid_value", HIDDEN),
    (compute("c", "error(upper(${key}))"), "invalid_value", HIDDEN),
    (node("c", "filter", {"condition": "a > upper(${key})::INT"}), "conversion_failed", HIDDEN),
    (node("c", "sql", {"query": "SELECT upper(${key})::INT AS n FROM t", "names": ["t"]}), "conversion_failed", HIDDEN),
    (node("c", "python", {"code": "def transform(table):\n    int(${key}.upper())"}), "python_failed",
     f"Line 2: ValueError. {HIDDEN}"),
]  # fmt: skip


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("own", "code", "message"), FAILS)
def test_values_are_not_shown_where_a_node_computes_with_a_secret(own, code, message, cache):
    error = failed(graph([rows(), own], ["in -> c"], parameters=KEY), cache=cache)
    assert (error.code, error.node_id, error.value) == (code, "c", None)
    assert error.message.endswith(message)


LATER = [
    (compute("l", "made::BIGINT"), "conversion_failed", "A value could not be converted."),
    (compute("l", "error(made)"), "invalid_value", "A value cannot be used."),
    (node("l", "cast", {"columns": [{"name": "made", "type": "BIGINT"}]}), "rejected_rows",
     "A row was rejected, and nothing is connected to 'rejected'."),
    (node("l", "filter", {"condition": "made::BIGINT > 0"}), "conversion_failed", "A value could not be converted."),
    (node("l", "python", {"code": "def transform(table):\n    int(table['made'][0])"}), "python_failed",
     "Line 2: ValueError."),
]  # fmt: skip


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("later", "code", "message"), LATER)
@pytest.mark.parametrize("made", ["upper(reverse(${key}))", "${key}"])
def test_nor_are_they_by_a_node_after_it(made, later, code, message, cache):
    nodes = [rows(), compute("c", made, "made"), node("s", "sort", {"by": [{"column": "a"}]}), later]
    ran = run(graph(nodes, ["in -> c", "c -> s", "s -> l"], parameters=KEY), cache=cache, key="hunter2-secret")
    failure = str([each.dagster_event for each in instance().all_logs(ran.run_id) if "FAIL" in str(each.dagster_event)])
    assert "retnuh" not in failure.lower()
    assert (ran.error.code, ran.error.node_id, ran.error.value) == (code, "l", None)
    assert ran.error.message == f"{message} Values are not shown: {AFTER}"


@pytest.mark.parametrize("saved", ["own", "plain", "default"])
@pytest.mark.parametrize("kind", ["workflow", "for_each"])
def test_nor_by_a_workflow_inside(kind, saved):
    error = failed(graph([rows(), using(kind, saved)], ["in -> c"], parameters=KEY), library(SAVED))
    assert (error.code, error.node_id) == ("conversion_failed", "c")
    assert error.message.endswith(HIDDEN)


LEFT = [
    (compute("c", "CAST(b AS BIGINT)"), "Could not convert string 'x' to BIGINT when casting from source column b."),
    (node("c", "data_loader", {"source_type": "csv", "path": "${key}.csv"}), "File '***.csv' is not there."),
    (node("c", "fail", {"message": "Not with ${key}: {b}"}), "Not with ***: x"),
    (node("c", "cast", {"columns": [{"name": "${key}", "type": "BIGINT"}]}), "Column '***' is not in this table."),
]


@pytest.mark.parametrize("kind", ["workflow", "for_each"])
def test_nor_by_a_node_after_it_inside(kind):
    ran = run(graph([rows(), using(kind, "later")], ["in -> c"], parameters=KEY), find=library(SAVED), key="x")
    assert (ran.error.code, ran.error.value) == ("conversion_failed", None)
    assert ran.error.message.endswith("A value could not be converted. Values are not shown: " + AFTER)


def test_a_condition_gives_no_other_values():
    chosen = node("c", "filter", {"condition": "b <> upper(${key})"})
    document = graph([rows(), chosen, compute("l", "b::BIGINT")], ["in -> c", "c.passed -> l"], parameters=KEY)
    assert failed(document).message.startswith("Could not convert string 'x' to BIGINT")


@pytest.mark.parametrize(("own", "message"), LEFT)
def test_other_nodes_say_what_is_wrong(own, message):
    edges = [] if own["type"] == "data_loader" else ["in -> c"]
    error = failed(graph([rows(), own], edges, parameters=KEY))
    assert error.message == message

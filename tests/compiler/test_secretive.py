"""What a secret has become within an expression is in no message."""

import pytest
from compiler.graphs import compute, graph, instance, node, own_home, rows, run
from feeds import library

from orchestrator.settings import settings

HIDDEN = "Values are not shown: the node computes with a secret."
KEY = [{"name": "key", "type": "secret"}]
CALLED = ["in -> c", "c -> out"]
IN, OUT = node("in", "input"), node("out", "output", {"name": "made"})
CAST = compute("c", "CAST(upper(${key}) AS BIGINT)")
SAVED = {
    "own": graph([IN, CAST, OUT], CALLED, parameters=KEY, name="Own"),
    "plain": graph([IN, CAST, OUT], CALLED, parameters=[{"name": "key"}], name="Plain"),
    "default": graph([IN, CAST, OUT], CALLED, parameters=[{**KEY[0], "default": "hunter2-secret"}], name="Default"),
}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with own_home(tmp_path_factory.mktemp("home")) as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMILL_ALLOW_PYTHON", "true")
        settings.cache_clear()
        yield made


def using(kind, saved):
    return node("c", kind, {"workflow": saved, "parameters": {} if saved == "default" else {"key": "${key}"}})


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


@pytest.mark.parametrize(("own", "message"), LEFT)
def test_other_nodes_say_what_is_wrong(own, message):
    edges = [] if own["type"] == "data_loader" else ["in -> c"]
    error = failed(graph([rows(), own], edges, parameters=KEY))
    assert error.message == message

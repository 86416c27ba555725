"""Where tables go: every port with `cache`, only what must be without it; and what Dagster's UI is told."""

from importlib import import_module

import pytest
from compiler.graphs import chain, compute, graph, keep, node, rows, run

MANY = [{"a": n, "b": f"t{n}"} for n in range(25)]
DIAMOND = graph(
    [rows(made=MANY), keep("k", "a > 3"), keep("l", "a < 20"), compute("c"), node("u", "union")],
    ["in -> k", "k.passed -> l", "k.passed -> c", "c -> u", "l.passed -> u", "l.failed -> u"],
)


def test_every_port_is_stored_with_cache():
    ran = run(DIAMOND)
    assert ran.stored() == {
        ("in", "result"), ("k", "passed"), ("k", "failed"), ("l", "passed"), ("l", "failed"), ("c", "result"),
        ("u", "result"),
    }  # fmt: skip


def test_only_what_is_shared_or_an_end_is_stored_without():
    ran = run(DIAMOND, cache=False)
    assert ran.stored() == {("k", "passed"), ("u", "result")}


@pytest.mark.parametrize("document", [DIAMOND, chain(3), chain(14)], ids=["diamond", "chain", "cut chain"])
def test_fused_and_cached_runs_give_the_same_rows(document, monkeypatch):
    monkeypatch.setattr(import_module("orchestrator.compiler.plan"), "LONGEST_CHAIN", 5)
    cached, fused = run(document), run(document, cache=False)
    assert cached.success
    assert fused.success
    for node_id, port in fused.stored():
        assert fused.rows(node_id, port) == cached.rows(node_id, port)
        assert fused.columns(node_id, port) == cached.columns(node_id, port)


def test_a_shared_output_is_stored_once():
    document = graph([rows(made=MANY), *(keep(f"k{n}") for n in range(4))], [f"in -> k{n}" for n in range(4)])
    ran = run(document, cache=False)
    writes = [e for e in ran.events("HANDLED_OUTPUT") if e.step_key == ran.compiled.plan.alias("in")]
    assert len(writes) == 1
    assert ran.path("in").exists()


def test_a_long_chain_is_cut(monkeypatch):
    monkeypatch.setattr(import_module("orchestrator.compiler.plan"), "LONGEST_CHAIN", 5)
    ran = run(chain(12), cache=False)
    assert ran.success
    assert ran.stored() == {("n4", "passed"), ("n9", "passed"), ("n12", "passed"), ("n12", "failed")}


def test_an_unconnected_port_of_a_fused_run_beside_a_connected_one_is_not_stored():
    ran = run(graph([rows(), keep("k"), keep("l")], ["in -> k", "k.passed -> l"]), cache=False)
    assert ran.stored() == {("l", "passed"), ("l", "failed")}


def test_a_writer_at_the_end_of_a_fused_run_is_not_stored_beside_its_file(home):
    writer = node("w", "data_writer", {"target_type": "csv", "path": "out.csv"})
    document = graph([rows(), keep("k"), writer], ["in -> k", "k.passed -> w"])
    fused = run(document, cache=False)
    assert fused.success, fused.error
    assert fused.stored() == set()
    assert fused.metadata("w")["dagster/row_count"].value == 2
    assert fused.progress.nodes["w"].outputs["result"].rows == 2
    assert (home / "data" / "out.csv").read_text() == "a,b\n2,y\n3,\n"
    assert run(document).stored() == {("in", "result"), ("k", "passed"), ("k", "failed"), ("w", "result")}


@pytest.mark.parametrize("cache", [True, False])
def test_dagster_is_told_of_each_output(cache):
    ran = run(graph([rows(made=MANY), compute("c", "a / 2", "half")], ["in -> c"]), cache=cache)
    told = ran.metadata("c")
    schema = told["dagster/column_schema"].schema
    assert [(each.name, each.type) for each in schema.columns] == [
        ("a", "BIGINT"), ("b", "VARCHAR"), ("half", "DOUBLE"),
    ]  # fmt: skip
    assert told["dagster/row_count"].value == 25
    assert 0 < told["seconds"].value < 60
    assert len(told["preview"].records) == 10
    assert told["preview"].records[1].data == {"a": 1, "b": "t1", "half": "0.5"}


def test_a_fused_port_tells_its_columns_alone():
    ran = run(graph([rows(), compute("c")], ["in -> c"]), cache=False)
    assert set(ran.metadata("in")) == {"dagster/column_schema"}
    assert ran.progress.nodes["in"].outputs["result"].rows is None
    assert ran.progress.nodes["in"].outputs["result"].columns == 2


def test_values_that_json_has_not_are_shown_as_text():
    expressions = {
        "d": "DATE '2024-01-31'", "ts": "TIMESTAMP '2024-01-31 12:00:00'", "f": "'nan'::DOUBLE", "l": "[1, NULL]",
        "s": "{'x': 1}", "bytes": "'abc'::BLOB", "long": "repeat('x', 500)", "n": "NULL", "big": "1e300", "t": "TRUE",
    }  # fmt: skip
    columns = [{"name": name, "expression": each} for name, each in expressions.items()]
    ran = run(graph([rows(made=[{"a": 1}]), node("c", "compute", {"columns": columns})], ["in -> c"]))
    assert ran.success, ran.error
    assert ran.metadata("c")["preview"].records[0].data == {
        "a": 1, "d": "2024-01-31", "ts": "2024-01-31 12:00:00", "f": "nan", "l": "[1, None]", "s": "{'x': 1}",
        "bytes": "3 bytes", "long": "x" * 200, "n": None, "big": "1e+300", "t": True,
    }  # fmt: skip


@pytest.mark.parametrize("cache", [True, False])
def test_a_run_that_ends_before_the_ends_stores_where_it_ends(cache):
    count = node("n", "aggregate", {"aggregations": [{"function": "count"}]})
    document = graph([rows(), keep("k"), compute("c"), count], ["in -> k", "k.passed -> c", "c -> n"])
    ran = run(document, cache=cache, until="c")
    assert ran.success
    assert ran.rows("c") == [(2, "y", 3), (3, None, 4)]
    assert [each.status for each in ran.progress.nodes.values()] == ["completed"] * 3 + ["skipped"]
    assert ran.stored() >= {("c", "result")}


def test_what_an_output_names_is_stored_in_a_fused_run_in_its_order():
    nodes = [
        rows(made=MANY),
        node("s", "sort", {"by": [{"column": "a", "descending": True}]}),
        node("o", "output", {"name": "x"}),
    ]
    total = node("t", "aggregate", {"aggregations": [{"function": "count"}]})
    ran = run(graph([*nodes, total], ["in -> s", "s -> o", "o -> t"]), cache=False)
    assert ran.stored() == {("o", "result"), ("t", "result")}
    assert [row[0] for row in ran.rows("o")] == list(range(24, -1, -1))

"""In a fused run the sink runs the whole query; a failure is still put on the node that caused it."""

import json
from importlib import import_module
from pathlib import Path

import pyarrow.feather
import pyarrow.parquet
import pytest
import shapely
from compiler.graphs import chain, compute, graph, instance, keep, node, rows, run

from orchestrator.compiler.jobs import compile_document
from orchestrator.runs.progress import Progress

TEXTS = [{"t": "1"}, {"t": "2"}, {"t": "x"}]
WRITER = node("w", "data_writer", {"target_type": "csv", "path": "culprit.csv"})


def blamed(document, cache=False):
    ran = run(document, cache=cache)
    assert not ran.success
    statuses = {each.node_id: each.status for each in ran.progress.nodes.values()}
    return ran.error.node_id, ran.error.code, ran.error.path, statuses


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("CAST(t AS BIGINT)", "conversion_failed"),
        ("error('no ' || t)", "invalid_value"),
        ("CAST(length(t) AS BIGINT) * 9223372036854775807 + 1", "out_of_range"),
    ],
)
def test_a_failing_expression_is_blamed_not_the_sink(cache, expression, code):
    document = graph([rows(made=TEXTS), keep("k", "t <> ''"), compute("c", expression), WRITER],
                     ["in -> k", "k.passed -> c", "c -> w"])  # fmt: skip
    node_id, found, path, statuses = blamed(document, cache)
    assert (node_id, found, path) == ("c", code, "/config/columns/0/expression")
    assert statuses == {"in": "completed", "k": "completed", "c": "failed", "w": "skipped"}


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(
    ("expressions", "place"),
    [
        (["length(t)", "t::BIGINT", "t::DATE"], 1),
        (["length(t)", "c0 + 1", "CASE WHEN t = 'x' THEN error('no') END"], 2),
        (["length(t)", "c0 + t::BIGINT"], None),
        (["length(t)", "t::BIGINT + ${n}"], None),
    ],
)
def test_the_expression_that_fails_is_named(cache, expressions, place):
    columns = [{"name": f"c{number}", "expression": each} for number, each in enumerate(expressions)]
    made = [rows(made=TEXTS), node("c", "compute", {"columns": columns}), WRITER]
    document = graph(made, ["in -> c", "c -> w"], parameters=[{"name": "n", "type": "integer", "default": 1}])
    path = None if place is None else f"/config/columns/{place}/expression"
    assert (blamed(document, cache)[0], blamed(document, cache)[2]) == ("c", path)


@pytest.mark.parametrize("cache", [True, False])
def test_the_query_that_fails_is_named(cache):
    query = node("q", "sql", {"query": "SELECT t::BIGINT AS n FROM rows", "names": ["rows"]})
    document = graph([rows(made=TEXTS), query, WRITER], ["in -> q", "q -> w"])
    assert blamed(document, cache)[:3] == ("q", "conversion_failed", "/config/query")


def test_a_failing_filter_is_blamed_through_nodes_below_it():
    document = graph(
        [rows(made=TEXTS), keep("k", "CAST(t AS BIGINT) > 0"), compute("c", "length(t)"), keep("l", "c > 0"), WRITER],
        ["in -> k", "k.passed -> c", "c -> l", "l.passed -> w"],
    )
    assert blamed(document)[:2] == ("k", "conversion_failed")


def test_the_first_of_two_failing_nodes_is_blamed():
    document = graph(
        [rows(made=TEXTS), compute("c", "t::BIGINT"), compute("d", "t::DATE", "d"), WRITER],
        ["in -> c", "c -> d", "d -> w"],
    )
    assert blamed(document)[0] == "c"


def test_the_branch_that_fails_is_blamed_not_the_one_beside_it():
    document = graph(
        [rows(made=TEXTS), compute("good", "length(t)"), compute("bad", "t::BIGINT"), node("u", "union"), WRITER],
        ["in -> good", "in -> bad", "good -> u", "bad -> u", "u -> w"],
    )
    node_id, _, _, statuses = blamed(document)
    assert node_id == "bad"
    assert statuses["good"] == "completed"
    assert statuses["u"] == statuses["w"] == "skipped"


def test_a_sink_that_fails_itself_is_blamed():
    document = graph([rows(made=TEXTS), compute("c", "t::BIGINT")], ["in -> c"])
    assert blamed(document)[:2] == ("c", "conversion_failed")


def test_an_error_that_is_not_about_data_stays_where_it_came_from(home):
    (home / "data" / "taken.csv").write_text("x")
    writer = node("w", "data_writer", {"target_type": "csv", "path": "taken.csv", "mode": "error"})
    node_id, code, path, _ = blamed(graph([rows(), keep("k"), writer], ["in -> k", "k.passed -> w"]))
    assert (node_id, code, path) == ("w", "file_exists", "/config/path")


def test_a_failure_behind_a_cut_is_blamed_too(monkeypatch):
    monkeypatch.setattr(import_module("orchestrator.compiler.plan"), "LONGEST_CHAIN", 3)
    document = chain(8)
    document["nodes"][6]["config"]["condition"] = "CAST('x' || a AS BIGINT) > 0"
    assert blamed(document)[:2] == ("n6", "conversion_failed")


@pytest.mark.parametrize("cache", [True, False])
def test_a_row_far_behind_fails_as_the_first_does(cache):
    many = node("in", "generate_rows", {"count": 300_000})
    document = graph([many, compute("c", "CASE WHEN n = 250_000 THEN 'x' ELSE '1' END::BIGINT"), WRITER],
                     ["in -> c", "c -> w"])  # fmt: skip
    ran = run(document, cache=cache)
    said = (ran.error.node_id, ran.error.code, ran.error.message)
    assert said == ("c", "conversion_failed", "Could not convert string 'x' to BIGINT.")


def points(**columns):
    """A table, and what GeoParquet says of it."""
    said = {name: {"encoding": "WKB", "geometry_types": []} for name in columns}
    table = pyarrow.table({"a": [1], **{name: [wkb] for name, wkb in columns.items()}})
    geo = json.dumps({"version": "1.0.0", "primary_column": "good", "columns": said})
    return table.replace_schema_metadata({"geo": geo})


def keys(*keys):
    return pyarrow.table({"m": pyarrow.array([[(each, 1) for each in keys]], pyarrow.map_(pyarrow.string(), "int64"))})


POINT = shapely.Point(1, 2).wkb
TWICE = "'broken/b.in', column 'm': a map has the same key twice, and each key may be there once."
NO_WKB = "'broken/b.in', column 'bad': a geometry is broken: it is not WKB, it ends too early."
BROKEN = [
    ("geoparquet", points(good=POINT, bad=POINT), points(good=POINT, bad=b"x"), "invalid_geometry", NO_WKB),
    ("parquet", keys("a", "b"), keys("a", "a"), "invalid_value", TWICE),
    ("arrow", keys("a", "b"), keys("a", "a"), "invalid_value", TWICE),
]


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("kind", "good", "bad", "code", "message"), BROKEN)
def test_a_value_of_a_file_that_cannot_be_read_is_told_with_its_column(home, cache, kind, good, bad, code, message):
    folder = home / "data" / "broken"
    folder.mkdir(exist_ok=True)
    for name, table in (("a.in", good), ("b.in", bad)):
        write = pyarrow.feather.write_feather if kind == "arrow" else pyarrow.parquet.write_table
        write(table, folder / name)
    read = node("in", "data_loader", {"source_type": kind, "path": "broken/*.in"})
    ran = run(graph([read, compute("c", "1")], ["in -> c"]), cache=cache)
    assert (ran.error.code, ran.error.message) == (code, message)
    assert ran.error.node_id == ("c" if kind == "parquet" and not cache else "in")  # such a map is judged when shown


def test_a_map_that_an_expression_makes_is_no_matter_of_a_file(home):
    pyarrow.parquet.write_table(keys("a", "b"), home / "data" / "map.parquet")
    read = node("in", "data_loader", {"source_type": "parquet", "path": "map.parquet"})
    ran = run(graph([read, compute("c", "map_from_entries([('a', 1), ('a', 2)])")], ["in -> c"]))
    assert (ran.error.node_id, ran.error.message) == (
        "c",
        "A map has the same key twice, and each key may be there once.",
    )


def test_rows_that_are_rejected_because_of_an_earlier_failure():
    cast = node("cast", "cast", {"columns": [{"name": "a", "type": "VARCHAR"}]})
    document = graph([rows(), compute("c", "CAST(b AS BIGINT)"), cast], ["in -> c", "c -> cast"])
    assert blamed(document)[:2] == ("c", "conversion_failed")


def test_a_secret_is_not_in_what_dagster_stores_of_a_failure():
    same = node("k", "filter", {"clauses": [{"column": "a", "operator": "=", "value": "${key}"}]})
    document = graph([rows(), same], ["in -> k"],
                     parameters=[{"name": "key", "type": "secret"}, {"name": "unused", "type": "secret"}])  # fmt: skip
    ran = run(document, key="hunter2-secret")
    assert ran.error.message == "Column 'a' is BIGINT; '***' is not one."
    assert "hunter2" not in str(instance().all_logs(ran.run_id))


def test_a_secret_is_not_in_the_row_that_was_rejected():
    cast = node("cast", "cast", {"columns": [{"name": "k", "type": "BIGINT"}]})
    secret = 'hunter2"secret'  # which JSON writes in another form
    document = graph([rows(made=[{"k": "${key}"}]), cast], ["in -> cast"],
                     parameters=[{"name": "key", "type": "secret"}])  # fmt: skip
    ran = run(document, key=secret)
    assert (ran.error.code, ran.error.value) == ("rejected_rows", "***")
    assert "hunter2" not in str(instance().all_logs(ran.run_id))


def test_why_a_run_could_not_begin_is_told():
    secret = compile_document(graph([rows()], parameters=[{"name": "key", "type": "secret"}]), "w", 1)
    failed = secret.job.execute_in_process(
        run_config={"key": "sealed:with another key"}, instance=instance(), raise_on_error=False
    )
    progress = Progress(secret.plan, instance().get_run_by_id(failed.run_id), Path())
    for entry in instance().all_logs(failed.run_id):
        progress.feed(entry)
    assert progress.error.message == "A secret was encrypted with another key (GRAPHMILL_SECRET_KEY)."

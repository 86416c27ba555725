"""A workflow file is run in this process, through Dagster, without a server."""

import json

import pytest
from compiler.graphs import ROWS, compute, graph, keep, node, rows

from orchestrator import offline
from orchestrator.errors import InvalidGraph
from orchestrator.settings import settings
from orchestrator.workflows import judge

pytestmark = pytest.mark.usefixtures("home")


def test_an_execution(home):
    writer = node("w", "data_writer", {"target_type": "csv", "path": "out.csv"})
    made = offline.run(graph([rows(), keep("k"), writer], ["in -> k", "k.passed -> w"]), {})
    assert (made.status, made.trigger, made.version, made.error) == ("completed", "file", 1, None)
    assert [(each.node_id, each.status, each.attempts) for each in made.nodes] == [
        ("in", "completed", 1), ("k", "completed", 1), ("w", "completed", 1),
    ]  # fmt: skip
    assert made.nodes[1].outputs["passed"].rows == 2
    assert all(each.started_at <= each.completed_at for each in made.nodes)
    assert made.queued_at <= made.started_at <= made.nodes[0].started_at <= made.completed_at
    assert (settings().data / "out.csv").read_text() == "a,b\n2,y\n3,\n"
    assert list(settings().runs.iterdir()) == []


def test_a_failure():
    document = graph([rows(), compute("c", "b::BIGINT"), keep("k", enabled=False)], ["in -> c"])
    made = offline.run(document, {})
    assert made.status == "failed"
    assert (made.error.node_id, made.error.code) == ("c", "conversion_failed")
    assert [each.status for each in made.nodes] == ["completed", "failed", "skipped"]
    assert list(settings().runs.iterdir()) == []


def test_parameters_are_typed_and_secrets_hidden():
    parameters = [{"name": "n", "type": "integer"}, {"name": "key", "type": "secret"}, {"name": "d", "default": "x"}]
    document = graph([rows(), keep("k", "a >= ${n} AND ${key} = 'k'")], ["in -> k"], parameters=parameters)
    made = offline.run(document, {"n": "2", "key": "k"})
    assert made.parameters == {"n": 2, "key": "***", "d": "x"}
    assert made.nodes[1].outputs["passed"].rows == len(ROWS) - 1


@pytest.mark.parametrize(
    ("document", "given"), [(graph([keep("k")]), {}), (graph([rows()]), {"x": 1}), ([], {}), ({"nodes": [{}]}, {})]
)
def test_invalid(document, given):
    with pytest.raises(InvalidGraph):
        offline.run(document, given)
    assert list(settings().runs.iterdir()) == []


def test_a_connection_comes_from_the_environment(database_url, monkeypatch, caplog):
    monkeypatch.setenv("GRAPHMILL_CONNECTION_HERE", database_url.replace("+psycopg2://postgres", "://postgres:s3cret"))
    query = node("q", "database_query", {"connection": "here", "query": "SELECT ${n} AS n"})
    table = {"target_type": "postgresql", "connection": "here", "table": "offline"}
    document = graph(
        [query, node("w", "data_writer", table), node("r", "data_loader", {"source_type": "postgresql", **table})],
        ["q -> w"],
        parameters=[{"name": "n", "type": "integer", "default": 7}],
    )
    del document["nodes"][2]["config"]["target_type"]
    offline.run(graph([query, node("w", "data_writer", table)], ["q -> w"], parameters=document["parameters"]), {})
    made = offline.run(document, {"n": 8})
    assert (made.status, made.error) == ("completed", None)
    assert [each.outputs["result"].rows for each in made.nodes] == [1, 1, 1]
    assert "s3cret" not in made.model_dump_json() + caplog.text


def test_a_connection_that_nobody_gives():
    made = offline.run(graph([node("q", "database_query", {"connection": "nowhere", "query": "SELECT 1"})], []), {})
    assert (made.error.code, made.error.path) == ("unknown_connection", "/config/connection")
    assert "set GRAPHMILL_CONNECTION_NOWHERE in the environment" in made.error.message


def test_a_connection_that_fails_keeps_its_password(monkeypatch, caplog):
    monkeypatch.setenv("GRAPHMILL_CONNECTION_HERE", "postgresql://u:s3cret@127.0.0.1:1/d")
    made = offline.run(graph([node("q", "database_query", {"connection": "here", "query": "SELECT 1"})], []), {})
    assert made.error.code == "connection_failed"
    assert "s3cret" not in made.model_dump_json() + caplog.text


@pytest.fixture
def beside(tmp_path):
    """A workflow file that uses the file `twice.json`, in two versions."""
    source, out = (
        node("in", "input", {"columns": [{"name": "a", "type": "BIGINT"}]}),
        node("out", "output", {"name": "out"}),
    )
    inner = graph([source, compute("d", "a * ${n}", "d"), out], ["in -> d", "d -> out"],
                  parameters=[{"name": "n", "type": "integer", "default": 2}])  # fmt: skip
    (tmp_path / "twice.json").write_text(json.dumps({**inner, "version": 3}))
    (tmp_path / "odd.json").write_text("{")
    (tmp_path / "list.json").write_text(json.dumps({**inner, "version": [3]}))

    def uses(id="twice", **config):
        return graph([rows(), node("w", "workflow", {"workflow": id, **config})], ["in -> w"], name="Uses")

    return uses, offline.beside(tmp_path / "main.json")


@pytest.mark.parametrize("config", [{}, {"version": 3}, {"parameters": {"n": 2}}])
def test_a_workflow_in_a_file_beside(beside, config):
    document, find = beside
    made = offline.run(document(**config), {}, find)
    assert (made.status, made.nodes[1].outputs["out"].rows) == ("completed", len(ROWS))
    assert [each.node_id for each in made.nodes[1].nodes] == ["w/in", "w/d", "w/out"]


@pytest.mark.parametrize(("id", "config", "code", "text"), [
    ("thrice", {}, "unknown_workflow", "There is no file 'thrice.json' beside this one."),
    ("../main", {}, "unknown_workflow", "There is no file '../main.json' beside this one."),
    ("twice", {"version": 2}, "unknown_workflow", "'twice.json' holds version 3, not 2."),
    ("list", {"version": 2}, "unknown_workflow", "'list.json' holds version 1, not 2."),
    ("odd", {}, "invalid_workflow", "'odd.json' cannot be read"),
    ("main", {}, "recursion", "A workflow cannot use itself: main -> main."),
])  # fmt: skip
def test_no_such_workflow_beside(beside, id, config, code, text):
    document, find = beside
    (problem,) = judge(document(id, **config), find).problems
    assert (problem.code, problem.node_id) == (code, "w")
    assert problem.message.startswith(text)

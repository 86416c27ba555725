"""Files that two nodes of one run use: a warning where the order is nobody's, or where rows are lost."""

import pytest
from compiler.advised import line, source
from compiler.graphs import graph, keep, node, rows

from orchestrator.settings import settings
from orchestrator.workflows import judge

FIRST = "'{}' {} 'a.csv' too, and nothing says which of them comes first."


def write(node_id, mode="overwrite", path="a.csv"):
    return node(node_id, "data_writer", {"target_type": "csv", "path": path, "mode": mode}, label=node_id)


def table(node_id, mode, **more):
    config = {"target_type": "sqlite", "path": "a.db", "table": node_id, "mode": mode, **more}
    return node(node_id, "data_writer", config)


def layer(node_id, name, mode="replace_layer"):
    config = {"target_type": "geopackage", "path": "a.gpkg", "layer": name, "mode": mode}
    return node(node_id, "data_writer", config, label=node_id)


def read(node_id="read", path="a.csv"):
    return node(node_id, "data_loader", {"source_type": "csv", "path": path}, label=node_id)


CASES = {
    "two writers beside each other": (
        [source(), write("x"), write("y", path="./a.csv")], ["in -> x", "in -> y"],
        [("y", "'x' writes './a.csv' too, and nothing says which of them comes first.")],
    ),
    "one adds": (
        [source(), write("x"), write("y", "append")], ["in -> x", "in -> y"], [("y", FIRST.format("x", "writes"))],
    ),
    "both add": ([source(), write("x", "append"), write("y", "append")], ["in -> x", "in -> y"], []),
    "one after the other": (*line(source(), write("x"), write("y", "append")), []),
    "the later replaces": (
        *line(source(), write("x"), write("y")), [("y", "'x' has written 'a.csv' before, and this node replaces it.")],
    ),
    "the later refuses": (
        *line(source(), write("x"), write("y", "error")),
        [("y", "'x' has written 'a.csv' before, and this node refuses to.")],
    ),
    "read, and written again": (*line(read(), keep("k"), write("x")), []),
    "read beside it": (
        [source(), write("x"), read(), write("y", path="b.csv")], ["in -> x", "read -> y"],
        [("x", FIRST.format("read", "reads"))],
    ),
    "read twice": (
        [read("r"), read("s"), write("x", path="b.csv"), write("y", path="c.csv")], ["r -> x", "s -> y"], [],
    ),
    "two tables of a database": (
        [source(), table("x", "upsert", keys=["a"]), table("y", "append")],
        ["in -> x", "in -> y"], [],
    ),
    "two layers": ([source(), layer("x", "p"), layer("y", "q")], ["in -> x", "in -> y"], []),
    "a layer, and rows of another": (
        [source(), layer("x", "p"), layer("y", "q", "append")], ["in -> x", "in -> y"], [],
    ),
    "one layer twice": (
        [source(), layer("x", "p"), layer("y", "p")], ["in -> x", "in -> y"],
        [("y", "'x' writes 'a.gpkg' too, and nothing says which of them comes first.")],
    ),
    "one layer after the other": (
        *line(source(), layer("x", "p"), layer("y", "p")),
        [("y", "'x' has written 'a.gpkg' before, and this node replaces it.")],
    ),
    "two files": ([source(), write("x"), write("y", path="A.csv")], ["in -> x", "in -> y"], []),
}  # fmt: skip


@pytest.fixture(autouse=True)
def there():
    path = settings().data / "a.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a,b\n1,x\n")
    yield
    path.unlink()


@pytest.mark.parametrize("name", CASES)
def test_of(name):
    nodes, edges, wanted = CASES[name]
    judged = judge(graph(nodes, edges))
    assert judged.valid, judged.problems
    found = [each for each in judged.problems if each.code == "shared_file"]
    assert [(each.node_id, each.message) for each in found] == wanted
    assert all((each.severity, each.path) == ("warning", "/config/path") and each.hint for each in found)


def test_a_path_that_is_not_known():
    """It waits for a parameter: nobody can say."""
    nodes = [source(), write("x"), write("y", path="${p}")]
    judged = judge(graph(nodes, ["in -> x", "in -> y"], parameters=[{"name": "p", "type": "string", "required": True}]))
    assert [each.code for each in judged.problems if each.code == "shared_file"] == []


def test_of_many_writers_the_first_are_told():
    many = [rows("in", [{"a": 1}]), *(write(f"w{number}") for number in range(60))]
    judged = judge(graph(many, [f"in -> w{number}" for number in range(60)]))
    assert len([each for each in judged.problems if each.code == "shared_file"]) == 100

"""Warnings: each where it is certain, on its node, port and setting, and silence everywhere else."""

import copy
import gzip
import zipfile
from pathlib import Path

import pytest
from compiler.graphs import compute, graph, keep, node, rows, run

from orchestrator.compiler import advice, held_rows, lost_geometry
from orchestrator.settings import settings
from orchestrator.workflows import judge

ROWS = [{"a": 1, "b": "x", "x": 1.5, "y": 50.0}]


def source(node_id="in", made=None):
    return rows(node_id, ROWS if made is None else made)


def file(node_id="file", kind="parquet", **more):
    return node(node_id, "data_writer", {"target_type": kind, "path": f"{node_id}.{more.pop('end', kind)}", **more})


def out(node_id="out"):
    return node(node_id, "output", {"name": node_id})


def select(*names, node_id="pick"):
    return node(node_id, "select_columns", {"columns": [{"name": name} for name in names]})


def sort(node_id, *names):
    return node(node_id, "sort", {"by": [{"column": name} for name in names]})


def total(node_id="sum", function="sum", column="a"):
    made = {"column": column, "function": function, "name": "made"}
    return node(node_id, "aggregate", {"group_by": ["b"], "aggregations": [made]})


def points(node_id="points", **more):
    return node(node_id, "points_from_xy", {"x": "x", "y": "y", "crs": "EPSG:4326", **more})


def warnings(nodes, edges):
    judged = judge(graph(nodes, edges))
    assert judged.valid, judged.problems
    assert all(each.severity == "warning" and each.hint for each in judged.problems)
    return [(each.code, each.node_id, each.port, each.path) for each in judged.problems]


def line(*nodes):
    """The nodes one after the other, each by its first port."""
    first = {"filter": "passed", "cast": "result", "points_from_xy": "result", "distinct": "unique"}
    ends = [each["id"] + "." + first[each["type"]] if each["type"] in first else each["id"] for each in nodes]
    return list(nodes), [f"{one} -> {other['id']}" for one, other in zip(ends, nodes[1:], strict=False)]


DROPPED = [("geometry_dropped", "pick", None, "/config/columns")]
CASES = {
    "a chain": (*line(source(), keep("k"), out()), []),
    "a draft without sinks": ([source(), keep("k"), compute("c")], ["in -> k", "in -> c"], []),
    "a dead end": (
        [source(), keep("k"), out(), compute("c")], ["in -> k", "k.passed -> out", "k.failed -> c"],
        [("unused_output", "c", "result", None)],
    ),
    "a dead end of several ports": (
        [source(), keep("k"), out()], ["in -> k", "in -> out"], [("unused_output", "k", None, None)],
    ),
    "a source that nobody reads": (
        [source(), out(), source("b")], ["in -> out"], [("unused_output", "b", "result", None)],
    ),
    "a log and a fail are ends": (
        [source(), out(), node("l", "log"), node("f", "fail", {"condition": "a > 9"}), file()],
        ["in -> out", "in -> l", "in -> f", "in -> file"], [],
    ),
    "what leads to a disabled node": (
        [source(), out(), compute("c"), file() | {"enabled": False}], ["in -> out", "in -> c", "c -> file"], [],
    ),
    "a column that is dropped": (
        *line(source(), compute("c", name="more"), keep("k"), select("a"), out()),
        [("unused_column", "c", "result", "/config/columns/0/name")],
    ),
    "a column that an aggregate leaves out": (
        *line(source(), node("n", "counter", {"name": "nr"}), total(), out()),
        [("unused_column", "n", "result", "/config/name")],
    ),
    "a column that is written": (*line(source(), compute("c", name="more"), keep("k"), out()), []),
    "a column that is read, then dropped": (
        *line(source(), compute("c", name="more"), keep("k", "MORE > 1"), select("a"), out()), [],
    ),
    "a column that one of two branches reads": (
        [source(), compute("c", name="more"), select("a"), out(), out("two")],
        ["in -> c", "c -> pick", "pick -> out", "c -> two"], [],
    ),
    "a column that the same node reads": (
        *line(source(), node("c", "compute", {"columns": [
            {"name": "more", "expression": "a + 1"}, {"name": "most", "expression": "more + 1"}]}),
              select("most"), out()), [],
    ),
    "a column that nobody knows the use of": (
        *line(source(), compute("c", name="more"), node("d", "distinct"), select("a"), out()), [],
    ),
    "a column behind a parameter": (
        *line(source(), compute("c", name="more"), keep("k", "b = '${p}'"), select("a"), out()), [],
    ),
    "a column of a name that the other table has too": (
        [source(), source("other", [{"a": 1, "more": 2}]), compute("c", name="more"),
         node("j", "join", {"keys": [{"left": "a", "right": "a"}]}), select("more_right"), out()],
        ["in -> c", "other -> j.left", "c -> j.right", "j.joined -> pick", "pick -> out"], [],
    ),
    "a column that is replaced": (*line(source(), compute("c", name="x"), select("a"), out()), []),
    "an order that an aggregate does not mind": (
        *line(source(), sort("s", "a"), total(), out()), [("order_lost", "s", None, "/config/by")],
    ),
    "an order lost further on": (
        *line(source(), sort("s", "a"), keep("k"), compute("c", name="b"), total(), out()),
        [("order_lost", "s", None, "/config/by")],
    ),
    "an order that an aggregate goes by": (*line(source(), sort("s", "a"), total(function="first"), out()), []),
    "an order that is numbered": (
        *line(source(), sort("s", "x"), node("n", "counter", {"name": "nr"}), total(column="nr"), out()), [],
    ),
    "an order within an order": (*line(source(), sort("s", "a"), sort("t", "b"), out()), []),
    "an order made again": (
        *line(source(), sort("s", "a"), sort("t", "b", "a"), out()), [("order_lost", "s", None, "/config/by")],
    ),
    "an order that somebody else sees": (
        [source(), sort("s", "a"), total(), out(), out("two")],
        ["in -> s", "s -> sum", "sum -> out", "s -> two"], [],
    ),
    "keys of two types": (
        [source(), source("o", [{"k": 1.5}]), node("j", "join", {"keys": [{"left": "a", "right": "k"}]}), out()],
        ["in -> j.left", "o -> j.right", "j.joined -> out"], [("join_types_differ", "j", None, "/config/keys/0")],
    ),
    "keys of a lookup": (
        [source(), source("o", [{"k": 1.5, "v": 1}]), out(), node("l", "lookup", {
            "keys": [{"column": "a", "lookup": "k"}], "columns": [{"column": "v"}]})],
        ["in -> l.table", "o -> l.reference", "l.result -> out"], [("join_types_differ", "l", None, "/config/keys/0")],
    ),
    "keys of one type": (
        [source(), source("o", [{"k": 1, "t": "x"}]), out(),
         node("c", "cast", {"columns": [{"name": "k", "type": "SMALLINT"}]}),
         node("j", "join", {"keys": [{"left": "a", "right": "k"}, {"left": "b", "right": "t"}]})],
        ["in -> j.left", "o -> c", "c.result -> j.right", "j.joined -> out"], [],
    ),
    "geometry as text": (
        *line(source(), points(), file(kind="csv")), [("geometry_dropped", "file", "table", "/config/target_type")],
    ),
    "geometry as text, and it says so": (
        *line(source(), points(), node("t", "geometry_to_text", {"format": "wkt"}),
              node("r", "remove_geometry"), file(kind="csv")), [],
    ),
    "what a format has no type for": (
        *line(source(), points(), node("c", "compute", {"columns": [{"name": "t", "expression": "TIME '01:02:03'"}]}),
              file(kind="geopackage", end="gpkg")), [("format_changes", "file", None, None)],
    ),
    "geometry that is kept": (*line(source(), points(), file(kind="parquet")), []),
    "geometry that is lost on the way": (
        *line(source(), points(), total(), keep("k", "made > 1"), file(kind="geopackage", end="gpkg")),
        [("geometry_dropped", "file", "table", "/config/target_type")],
    ),
    "geometry that is not among the columns": (
        *line(source(), points(), select("a"), file(kind="geopackage", end="gpkg")), DROPPED,
    ),
    "the same into a file without geometry": (
        *line(source(), points(), keep("k"), select("a"), file(kind="csv")), DROPPED,
    ),
    "geometry made another and not among the columns": (
        *line(source(), points(), node("r", "reproject", {"to": "EPSG:3857"}), select("a"), out()), DROPPED,
    ),
    "geometry that is among the columns": (*line(source(), points(), select("a", "geometry"), out()), []),
    "geometry that is kept with the others": (
        *line(source(), points(), node("pick", "select_columns", {"columns": [{"name": "a"}], "others": "keep"}),
              out()), [],
    ),
    "a draft that drops geometry": (*line(source(), points(), select("a")), []),
    "geometry taken away before columns are chosen": (
        *line(source(), points(), node("r", "remove_geometry"), select("a"), out()), [],
    ),
    "geometry that was measured": (
        *line(source(), points(), node("m", "coordinates", {"x": "east", "y": "north"}),
              select("a", "east", "north"), out()), [],
    ),
    "geometry that an expression has read": (
        *line(source(), points(), node("c", "compute", {"columns": [
            {"name": "there", "expression": "geometry IS NOT NULL"}]}), select("a", "there"), out()), [],
    ),
    "geometry that code or a comparison of whole rows may have read": (
        *line(source(), points(), node("d", "distinct"), select("a"), out()), [],
    ),
    "geometry that only a log has seen": (*line(source(), points(), node("l", "log"), select("a"), out()), DROPPED),
    "geometry that was joined by": (
        [source(), points(), points("zones"), node("j", "spatial_join", {"predicate": "intersects"}),
         select("a"), out()],
        ["in -> points", "in -> zones", "points.result -> j.left", "zones.result -> j.right", "j.joined -> pick",
         "pick -> out"], [],
    ),
    "geometry that was written before": (*line(source(), points(), file(kind="parquet"), select("a"), out()), []),
    "geometry that another branch keeps": (
        [source(), points(), select("a"), out(), out("map")],
        ["in -> points", "points.result -> pick", "pick -> out", "points.result -> map"], [],
    ),
    "geometry that was summed up": (*line(source(), points(), total(), out()), []),
    "geometry that is taken away": (
        *line(source(), points(), node("r", "remove_geometry"), file(kind="geopackage", end="gpkg")), [],
    ),
    "no geometry at all": (*line(source(), file(kind="geopackage", end="gpkg")), []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_advice(name):
    nodes, edges, wanted = CASES[name]
    parameters = [{"name": "p", "default": "more"}] if "parameter" in name else []
    judged = judge(graph(nodes, edges, parameters=parameters))
    assert judged.valid, judged.problems
    assert [(each.code, each.node_id, each.port, each.path) for each in judged.problems] == wanted
    assert all(each.severity == "warning" and each.hint for each in judged.problems)


LOST = [name for name, (*_, wanted) in CASES.items() if {"unused_column", "order_lost"} & {each[0] for each in wanted}]


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_makes_no_difference(name):
    """The sort is turned round, the column counted otherwise: what comes out is the same."""
    nodes, edges, wanted = CASES[name]
    more = [ROWS[0] | {"a": n % 3, "b": "xyz"[n % 2]} for n in range(9)]
    nodes = [source(made=more), *nodes[1:]]
    changed = copy.deepcopy(nodes)
    (place,) = (each for each in changed if each["id"] == wanted[0][1])
    match place["type"]:
        case "sort":
            place["config"]["by"][0]["descending"] = True
        case "counter":
            place["config"]["start"] = 100
        case "compute":
            place["config"]["columns"][0]["expression"] = "-a"
    before, after = run(graph(nodes, edges)), run(graph(changed, edges))
    assert before.rows("out") == after.rows("out")
    assert before.rows(place["id"]) != after.rows(place["id"])


@pytest.fixture
def large(monkeypatch, tmp_path):
    """A file that counts as large, though it is not."""
    monkeypatch.setattr(held_rows, "LARGE", 1000)
    monkeypatch.setenv("GRAPHMILL_DATA_ROOT", str(tmp_path))
    settings.cache_clear()
    text = "a,b,x,y\n" + "1,x,1.5,50.0\n" * 100
    tmp_path.joinpath("large.csv").write_text(text)
    for name in ("big1.csv", "big2.csv"):
        tmp_path.joinpath(name).write_text(text[:800])
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("large.csv", text)
        packed.writestr("little.csv", text[:100])
    tmp_path.joinpath("packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    yield reader("large.csv")
    settings.cache_clear()


def reader(path, **more):
    return node("in", "data_loader", {"source_type": "csv", "path": path, **more})


def test_all_rows_of_a_large_file_in_memory(large, monkeypatch):
    nodes, edges = line(large, points(), keep("k"), node("z", "centroid"), file())
    (found,) = judge(graph(nodes, edges)).problems
    assert (found.severity, found.code, found.node_id) == ("warning", "holds_all_rows", "z")
    assert "'large.csv'" in found.message
    monkeypatch.setattr(held_rows, "LARGE", 10_000)
    assert judge(graph(nodes, edges)).problems == ()


READ = {
    "several files that are large together": ({"path": "big*.csv"}, True),
    "one of them": ({"path": "big[1].csv"}, False),
    "a file in an archive": ({"path": "packed.zip/large.csv"}, True),
    "the same, said beside": ({"path": "packed.zip", "inside": "large.csv"}, True),
    "a small file in an archive": ({"path": "packed.zip/little.csv"}, False),
    "a packed file": ({"path": "packed.csv.gz"}, True),
    "a few rows": ({"path": "large.csv", "limit": 5}, False),
}


@pytest.mark.parametrize("name", READ)
def test_which_files_are_large(name, large):
    config, warned = READ[name]
    found = warnings(*line(reader(**config), points(), node("z", "centroid"), file()))
    assert found == [("holds_all_rows", "z", None, None)] * warned


def test_few_rows_of_a_large_file(large):
    made = {"column": "*", "function": "count", "name": "n"}
    grid = node("sum", "aggregate", {"group_by": ["x", "y"], "aggregations": [made]})
    nodes, edges = line(large, grid, points(), node("z", "centroid"), file())
    assert judge(graph(nodes, edges)).problems == ()
    assert warnings(*line(large, keep("k"), sort("s", "a"), out())) == []


def test_a_graph_with_errors_gets_none():
    nodes, edges = line(source(), sort("s", "a"), total(), out())
    found = judge(graph([*nodes, keep("wrong", "nope > 1")], [*edges, "in -> wrong"])).problems
    assert {each.code for each in found} == {"unknown_column"}


def test_every_code_has_a_case():
    seen = {code for *_, wanted in CASES.values() for code, *_ in wanted} | {"holds_all_rows"}
    seen -= {"format_changes"}  # which data_writer says itself
    source = "".join(Path(each.__file__).read_text() for each in (advice, held_rows, lost_geometry))
    assert seen == {part.split('"')[0] for part in source.split('code="')[1:]}

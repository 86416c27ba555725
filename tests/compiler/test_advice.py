"""Warnings: each where it is certain, on its node, port and setting, and silence everywhere else."""

import copy
from pathlib import Path

import pytest
from compiler.advised import ROWS, file, line, out, points, select, sort, source, total
from compiler.graphs import compute, graph, keep, node, run

from orchestrator.compiler import advice, held_rows, lost_geometry
from orchestrator.workflows import judge

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
    "a buffer in degrees": (
        *line(source(), points(), node("n", "buffer"), out()), [("in_degrees", "n", None, "/config/distance")],
    ),
    "a buffer of a few degrees": (*line(source(), points(), node("n", "buffer", {"distance": 9.5}), out()), []),
    "a buffer in metres": (*line(source(), points(), node("n", "buffer", {"unit": "metre"}), out()), []),
    "a buffer on a map": (*line(source(), points(crs="EPSG:2056"), node("n", "buffer"), out()), []),
    "a buffer by a column": (
        *line(source(), points(), node("n", "buffer", {"distance_from": "a"}), out()), [],
    ),
    "a tolerance in degrees": (
        *line(source(), points(), node("n", "simplify", {"tolerance": 10}), out()),
        [("in_degrees", "n", None, "/config/tolerance")],
    ),
    "a grid in degrees": (
        [source(), points(), node("n", "snap", {"grid_size": 10}), out()],
        ["in -> points", "points.result -> n.table", "n -> out"],
        [("in_degrees", "n", None, "/config/grid_size")],
    ),
    "an area in degrees": (
        *line(source(), points(), node("n", "measure", {"area": "m", "vertices": "v"}), out()),
        [("in_degrees", "n", None, "/config/method")],
    ),
    "an area in metres": (
        *line(source(), points(), node("n", "measure", {"area": "m", "method": "geodesic"}), out()), [],
    ),
    "a number of vertices": (*line(source(), points(), node("n", "measure", {"vertices": "v"}), out()), []),
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


def test_a_graph_with_errors_gets_none():
    nodes, edges = line(source(), sort("s", "a"), total(), out())
    found = judge(graph([*nodes, keep("wrong", "nope > 1")], [*edges, "in -> wrong"])).problems
    assert {each.code for each in found} == {"unknown_column"}


def test_every_code_has_a_case():
    seen = {code for *_, wanted in CASES.values() for code, *_ in wanted} | {"holds_all_rows"}
    seen -= {"format_changes", "in_degrees"}  # which nodes say themselves
    source = "".join(Path(each.__file__).read_text() for each in (advice, held_rows, lost_geometry))
    assert seen == {part.split('"')[0] for part in source.split('code="')[1:]}

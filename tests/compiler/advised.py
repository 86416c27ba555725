"""Graphs for the tests of warnings, and what is said of them."""

from compiler.graphs import graph, node, rows

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

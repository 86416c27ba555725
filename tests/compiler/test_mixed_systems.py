"""Two tables of different coordinate systems are refused, or warned of, before anything runs."""

import pytest
from compiler.graphs import graph, node, rows

from orchestrator.workflows import judge

METRES = "+proj=tmerc +lat_0=50 +lon_0=9 +datum=WGS84 +units=m"
KEYS = [{"left": "a", "right": "a"}]
MERGED = {"keys": [{"requestor": "a", "supplier": "a"}], "columns": ["geometry"]}
LOOKUP = {"keys": [{"column": "a", "lookup": "a"}], "columns": [{"column": "geometry", "name": "g"}]}
BESIDE = "SELECT l.geometry, r.geometry AS g FROM l JOIN r USING (a)"
BELOW = "SELECT geometry FROM l UNION ALL SELECT geometry FROM r"
ONCE = {
    "a join": ("join", {"keys": KEYS}, ("left", "right"), "warning"),
    "a join of both and left": ("join", {"keys": KEYS, "how": "left"}, ("left", "right"), "warning"),
    "a semi join": ("join", {"keys": KEYS, "how": "semi"}, ("left", "right"), None),
    "a cross_join": ("cross_join", {}, ("left", "right"), "warning"),
    "a lookup": ("lookup", LOOKUP, ("table", "reference"), "warning"),
    "both columns of a merge": (
        "merge_features",
        MERGED | {"conflict": "suffix"},
        ("requestor", "supplier"),
        "warning",
    ),
    "one column of a merge": ("merge_features", MERGED | {"conflict": "supplier"}, ("requestor", "supplier"), None),
    "fuzzy_join": ("fuzzy_join", {"left_column": "b", "right_column": "b"}, ("left", "right"), "warning"),
    "columns of sql": ("sql", {"query": BESIDE, "names": ["l", "r"]}, ("tables", "tables"), "warning"),
    "rows of sql": ("sql", {"query": BELOW, "names": ["l", "r"]}, ("tables", "tables"), "error"),
    "a union": ("union", {}, ("tables", "tables"), "error"),
    "a spatial_join": ("spatial_join", {}, ("left", "right"), "error"),
}


def points(node_id, crs):
    return node(node_id, "points_from_xy", {"x": "x", "y": "y", "crs": crs})


def found(type_, config, ports, one, other, again=()):
    """What is said of a node over two tables; `again` are nodes that join its rows with those they came from."""
    nodes = [rows("in", [{"a": 1, "b": "x", "x": 1.5, "y": 50.0}]), points("p", one), points("q", other)]
    edges = ["in -> p", "in -> q", f"p.result -> n.{ports[0]}", f"q.result -> n.{ports[1]}"]
    for each in again:
        edges += [f"n.joined -> {each['id']}.left", f"in -> {each['id']}.right"]
    problems = judge(graph([*nodes, node("n", type_, config), *again], edges)).problems
    assert all(each.code == "crs_mismatch" and each.node_id == "n" and "reproject" in each.hint for each in problems)
    return problems


@pytest.mark.parametrize("name", ONCE)
def test_two_systems(name):
    type_, config, ports, severity = ONCE[name]
    assert [each.severity for each in found(type_, config, ports, "EPSG:4326", "EPSG:3857")] == [severity] * bool(
        severity
    )
    assert found(type_, config, ports, "EPSG:4326", "EPSG:4326") == ()


def test_what_is_said():
    """Which columns, which systems, and to which one of them can be reprojected."""
    (one,) = found("join", {"keys": KEYS}, ("left", "right"), "EPSG:4326", "EPSG:3857")
    assert one.message == "'geometry' is in EPSG:4326 and 'geometry_right' in EPSG:3857: one row has two systems."
    assert (one.port, one.hint) == ("right", 'reproject the table of \'geometry_right\' first: {"to": "EPSG:4326"}')
    for type_ in ("union", "spatial_join"):
        *_, ports, _ = ONCE[f"a {type_}"]
        (other,) = found(type_, {}, ports, METRES, "EPSG:4326")
        assert "a system without a name" in other.message
        assert other.hint.endswith(' first: {"to": "EPSG:4326"}')
    (neither,) = found("union", {}, ("tables", "tables"), METRES, f"{METRES} +x_0=9")
    assert neither.hint == "reproject table 2 first, with the text of the system of table 1 as 'to'"


def test_one_system_in_two_forms_and_two_from_before():
    assert found("join", {"keys": KEYS}, ("left", "right"), "EPSG:4326", "OGC:CRS84") == ()
    again = node("m", "join", {"keys": KEYS})
    assert len(found("join", {"keys": KEYS}, ("left", "right"), "EPSG:4326", "EPSG:3857", [again])) == 1

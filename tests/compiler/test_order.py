"""The order of nodes, and what is above and below one."""

from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compiler.order import above, below, cycles, sort

EDGES = [("a", "b"), ("b", "c"), ("a", "d"), ("d", "c"), ("c", "e")]


def test_nodes_come_after_what_they_depend_on_else_as_given():
    assert sort("edcba", EDGES) == list("adbce")
    assert sort("xyz", []) == list("xyz")


def test_a_cycle_has_no_order():
    with pytest.raises(CycleError):
        sort("ab", [("a", "b"), ("b", "a")])


@pytest.mark.parametrize(
    ("nodes", "edges", "found"),
    [
        ("abc", [], []),
        ("abc", [("a", "b"), ("b", "c")], []),
        ("abc", [("a", "b"), ("b", "c"), ("c", "a")], ["abc"]),
        ("abc", [("a", "c"), ("c", "b"), ("b", "a")], ["acb"]),
        ("cab", [("a", "b"), ("b", "c"), ("c", "a")], ["cab"]),
        ("xab", [("x", "a"), ("a", "b"), ("b", "a")], ["ab"]),
        ("ab", [("a", "a")], ["a"]),
        ("abcd", [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")], ["ab", "cd"]),
        ("abcd", [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c")], ["ab", "cd"]),
        ("abc", [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")], ["ab"]),
    ],
)
def test_a_cycle_is_named_in_the_direction_of_its_edges_from_the_first_posted(nodes, edges, found):
    assert cycles(nodes, edges) == [list(each) for each in found]


def test_above_and_below():
    assert above("c", EDGES) == set("abcd")
    assert below("b", EDGES) == set("bce")
    assert above("a", EDGES) == below("a", []) == {"a"}
    assert above("c", [*EDGES, ("c", "b")]) == set("abcd")


graphs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


@given(graphs)
def test_what_is_below_no_cycle_has_an_order(edges):
    nodes = list(range(10))
    loops = cycles(nodes, edges)
    for loop in loops:
        assert all(pair in edges for pair in zip(loop, [*loop[1:], loop[0]], strict=True))
        assert len(set(loop)) == len(loop)
    looping = {node for loop in loops for node in loop}
    lost = frozenset().union(*(below(loop[0], edges) for loop in loops))
    left = [node for node in nodes if node not in lost]
    assert not looping & set(left)
    place = {node: number for number, node in enumerate(sort(left, [e for e in edges if set(e) <= set(left)]))}
    assert all(place[source] < place[target] for source, target in edges if {source, target} <= set(left))

"""The order in which nodes run, and the cycles that forbid one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter


def sort(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes so that each comes after those it depends on, else in the order given.

    Raises:
        graphlib.CycleError: its second argument holds the nodes of a cycle, in order, the first again at the end.
    """
    before: dict[str, set[str]] = {node: set() for node in nodes}
    for source, target in edges:
        before[target].add(source)
    sorter = TopologicalSorter(before)
    sorter.prepare()
    place = {node: number for number, node in enumerate(nodes)}
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        ordered += ready
        sorter.done(*ready)
    return ordered


def cycles(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """A cycle of each knot of cycles: its nodes along the edges, beginning with the first that was posted."""
    wires = list(edges)
    knot = {node: number for number, group in enumerate(_knots(nodes, wires)) for node in group}
    inside: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for source, target in wires:
        if knot[source] == knot[target]:
            inside[knot[source]].append((source, target))
    members: defaultdict[int, list[str]] = defaultdict(list)
    for node in nodes:
        if knot[node] in inside:
            members[knot[node]].append(node)
    return [_cycle(members[each], inside[each]) for each in members]


def _knots(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
    """The nodes that reach each other, by Kosaraju's algorithm (Sharir 1981): linear, and without recursion."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    before: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        after[source].append(target)
        before[target].append(source)
    seen: set[str] = set()
    finished = [node for start in nodes for node in _walked(start, after, seen)]
    seen = set()
    for node in reversed(finished):
        if found := list(_walked(node, before, seen)):
            yield found


def _walked(start: str, following: Mapping[str, Sequence[str]], seen: set[str]) -> Iterator[str]:
    """The nodes from here on that are not seen yet, each after all that it leads to."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(following.get(start, ())))]
    while path:
        step = next((each for each in path[-1][1] if each not in seen), None)
        if step is None:
            yield path.pop()[0]
        else:
            seen.add(step)
            path.append((step, iter(following.get(step, ()))))


def _cycle(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    try:
        sort(nodes, edges)
    except CycleError as error:
        found = list(error.args[1][:-1])
        place = {node: number for number, node in enumerate(nodes)}
        first = min(range(len(found)), key=lambda index: place[found[index]])
        return found[first:] + found[:first]
    return []


def above(node: str, edges: Iterable[tuple[str, str]]) -> frozenset[str]:
    """A node and everything it depends on."""
    before: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        before[target].append(source)
    return _reach(node, before)


def below(node: str, edges: Iterable[tuple[str, str]]) -> frozenset[str]:
    """A node and everything that depends on it."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        after[source].append(target)
    return _reach(node, after)


def _reach(start: str, following: defaultdict[str, list[str]]) -> frozenset[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for each in following[waiting.pop()]:
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return frozenset(seen)

"""The order in which nodes run, and the cycles that forbid one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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


def cycle(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of one cycle in the direction of the edges, beginning with the first that was posted; empty if none."""
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

"""Which nodes of a graph take part: in a run, and in what can be said of a graph that has mistakes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from orchestrator.compiler.wiring import Known, Wire
from orchestrator.graph import Node


def running(nodes: Mapping[str, Node], known: Known, wires: Iterable[Wire]) -> frozenset[str]:
    """The nodes that a run executes: not the disabled ones, nor those that need an input from them alone."""
    out: defaultdict[str, list[Wire]] = defaultdict(list)
    feeds: Counter[tuple[str, str]] = Counter()
    for each in wires:
        out[each.source].append(each)
        feeds[each.target, each.target_port] += 1
    needed = {(node, port.name) for node, ports in known.items() for port in ports.inputs.values() if not port.optional}
    lost = [node for node in known if not nodes[node].enabled]
    lost += [node for node, port in needed if not feeds[node, port]]
    left = set(known)
    while lost:
        node = lost.pop()
        if node not in left:
            continue
        left.remove(node)
        for each in out[node]:
            place = (each.target, each.target_port)
            feeds[place] -= 1
            if place in needed and not feeds[place]:
                lost.append(each.target)
    return frozenset(left)


def untouched(nodes: Iterable[str], wires: Iterable[Wire], wrong: Iterable[str]) -> frozenset[str]:
    """The nodes that are neither wrong nor below one that is."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    for each in wires:
        after[each.source].append(each.target)
    left, waiting = set(nodes), list(wrong)
    while waiting:
        node = waiting.pop()
        waiting += after.pop(node, ())
        left.discard(node)
    return frozenset(left)

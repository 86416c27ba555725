"""Files that two nodes of one run use, so that one of them finds what the other leaves, or loses it."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path

from orchestrator.compiler.check import Step
from orchestrator.compiler.order import above
from orchestrator.compiler.sound import Graph, warning
from orchestrator.errors import NodeError, Problem
from orchestrator.formats.base import FileReader, Writer
from orchestrator.paths import resolve

MOST = 100  # pairs that are looked at
ADDING = frozenset({"append", "upsert", "delete", "replace_layer"})
HINT = "connect them in the order that is meant, or give each a file of its own"
LAYERS = "; of layers, let each replace its own alone (mode: replace_layer)"


def shared_files(graph: Graph) -> Iterator[Problem]:
    """A file that is written twice, or written and read, in an order that nobody says; or of which rows are lost."""
    for first, last in islice(_pairs(graph), MOST):
        if said := _said(first, last, ordered=first.node.id in above(last.node.id, graph.checked.edges)):
            message = f"'{first.node.name}' {said}"
            hint = f"{HINT}{LAYERS}" if "replace_layer" in getattr(last.op, "changes", ()) else HINT
            yield warning(last, message, hint, code="shared_file", path="/config/path")


def _pairs(graph: Graph) -> Iterator[tuple[Step, Step]]:
    """Every two nodes of one file of which one writes it, in the order in which they run."""
    users: defaultdict[Path, list[Step]] = defaultdict(list)
    for step in graph.checked.steps:
        if step.settled and isinstance(step.op, FileReader | Writer) and not step.waits("/config/path"):
            try:
                users[resolve(graph.root, step.op.path)].append(step)
            except NodeError:  # told elsewhere
                continue
    for steps in users.values():
        yield from (pair for pair in combinations(steps, 2) if any(isinstance(each.op, Writer) for each in pair))


def _said(first: Step, last: Step, *, ordered: bool) -> str | None:
    """What is wrong with two nodes that use one file, of which the first runs first, by an edge or by chance."""
    path = f"'{getattr(last.op, 'path', '')}'"
    modes = [str(getattr(each.op, "mode", "reads")) for each in (first, last)]
    layers = {getattr(each.op, "layer", None) for each in (first, last)}
    if "replace_layer" in modes and isinstance(first.op, Writer) and isinstance(last.op, Writer) and len(layers) == 1:
        modes = ["overwrite" if each == "replace_layer" else each for each in modes]
    if not ordered and not ADDING.issuperset(modes):
        does = "reads" if modes[0] == "reads" else "writes"
        return f"{does} {path} too, and nothing says which of them comes first."
    if ordered and isinstance(first.op, Writer):
        lost = {"overwrite": "replaces it", "error": "refuses to"}.get(modes[1])
        return lost and f"has written {path} before, and this node {lost}."
    return None

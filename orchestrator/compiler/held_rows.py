"""Nodes that hold all rows in memory, behind the reader of large files."""

from collections.abc import Iterator
from pathlib import Path

from orchestrator.compiler.check import Step
from orchestrator.compiler.sound import Graph, warning
from orchestrator.errors import NodeError, Problem
from orchestrator.formats.base import FileReader
from orchestrator.formats.found import files
from orchestrator.formats.packed import size

LARGE = 100_000_000  # bytes of files from which on it matters that a node holds all rows


def held_rows(graph: Graph) -> Iterator[Problem]:
    """A node that holds all rows in memory, behind the reader of large files."""
    if not any(step.op.holds_rows for step in graph.checked.steps):
        return
    large: dict[str, str] = {}
    for step in graph.checked.steps:
        found = [large[wire.source] for wire in step.wires if wire.source in large] or [*_large(step, graph.root)]
        if found and not step.op.ignores_order():  # an aggregate gives few rows
            large[step.node.id] = found[0]
        if found and step.wires and step.op.holds_rows:
            message = f"'{step.node.name}' holds all rows in memory at once, and reads from {found[0]}."
            hint = "filter the rows, and leave out columns, before it"
            yield warning(step, message, hint, code="holds_all_rows")


def _large(step: Step, root: Path) -> Iterator[str]:
    """The files of a reader, unpacked, if they are large; one with a limit reads a part of them."""
    op = step.op
    if not isinstance(op, FileReader) or step.waits("/config/path") or getattr(op, "limit", None) is not None:
        return
    try:
        found = sum(size(each, op.extensions) for each in files(root, op.path, op.inside))
    except (NodeError, OSError):  # told elsewhere
        return
    if found > LARGE:
        yield f"'{op.path}' ({found / 1e9:,.1f} GB)"

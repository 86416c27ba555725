"""Geometry that does not come where one would think: dropped on the way, or made text by a format."""

from collections.abc import Iterator

from orchestrator.compiler.check import Step
from orchestrator.compiler.sound import Graph, texts, warning
from orchestrator.compiler.wiring import Wire
from orchestrator.errors import Problem
from orchestrator.ops.select_columns import SelectColumns
from orchestrator.schema import GEOMETRY


def lost_geometry(graph: Graph) -> Iterator[Problem]:
    """Columns chosen without the geometry; a writer that makes text of it; one of a format for it that gets none."""
    dropped = {step.node.id: names[0] for step in graph.checked.steps if (names := _dropped(graph, step))}
    for step in graph.checked.steps:
        if name := dropped.get(step.node.id):
            message = f"The geometry '{name}' is dropped here: it is not among the columns, and nothing has used it."
            hint = "add it to the columns, or say so with remove_geometry before"
            yield warning(step, message, hint, code="geometry_dropped", path="/config/columns")
        kind = getattr(step.op, "geometry_as", None)
        if not kind or not step.settled or next(iter(graph.into(step).values()), None) is None:
            continue
        names = _geometry(graph, step)
        if kind == "text" and names:
            message = f"This format keeps '{names[0]}' as text (WKT) only, without its coordinate system."
            hint = "say so with geometry_to_text, leave it out with remove_geometry, or write a format for geometry"
            yield warning(step, message, hint, code="geometry_dropped", port="table", path="/config/target_type")
        elif kind == "features" and not names and (lost := _lost_at(graph, step)) and lost.node.id not in dropped:
            message = f"No geometry reaches this file: it is lost at '{lost.node.name}'."
            hint = "keep the geometry column there, or join it back"
            yield warning(step, message, hint, code="geometry_dropped", port="table", path="/config/target_type")


def _geometry(graph: Graph, step: Step) -> list[str]:
    """The geometry columns of its first table."""
    columns = next(iter(graph.into(step).values()), None)
    return [each.name for each in columns or () if each.type == GEOMETRY]


def _lost_at(graph: Graph, step: Step) -> Step | None:
    """The node above where the geometry of its first table ends; a spatial one means what it does."""
    while wire := _first(step):
        step = graph.steps[wire.source]
        if _geometry(graph, step):
            return None if step.op.category == "Spatial" else step
    return None


def _first(step: Step) -> Wire | None:
    return next(iter(step.into(next(iter(step.op.ports.inputs), ""))), None)


def _dropped(graph: Graph, step: Step) -> list[str]:
    """The geometry that comes to a choice of columns and does not leave it, where nobody else makes use of it."""
    given = graph.out_of(step).get("result")
    if not (isinstance(step.op, SelectColumns) and graph.has_sinks and given):
        return []
    names = [] if any(each.type == GEOMETRY for each in given) else _geometry(graph, step)
    while _geometry(graph, step) and (wire := _first(step)):
        step = graph.steps[wire.source]
        if len(graph.after(step)) > 1 or step.node.id in graph.ends or _uses(graph, step, wire.source_port):
            return []
    return names


def _uses(graph: Graph, step: Step, port: str) -> bool:
    """Whether a node may do more with the geometry that it is given than to hand it on, in another shape or not."""
    names = _geometry(graph, step)
    if not names or step.op.sink or len(step.op.ports.inputs) > 1:
        return bool(names)
    if step.op.category == "Spatial":
        before = {each.name for each in next(iter(graph.into(step).values()), None) or ()}
        added = {each.name for each in graph.out_of(step)[port] or () if each.type != GEOMETRY} - before
        return bool(added) or len(step.op.ports.outputs.keys() - {"rejected"}) > 1
    said = any(name in text for name in names for _, text in texts(step.node.config))
    return said or not (step.op.named_only or step.op.watches)

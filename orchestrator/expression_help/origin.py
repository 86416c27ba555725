"""The columns and parameters that an expression may use: as a list, or at an input port of a posted graph."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from orchestrator.compiler import infer, inspect
from orchestrator.compiler.order import above
from orchestrator.errors import InvalidGraph, Problem
from orchestrator.graph import Workflow, read
from orchestrator.ops._saved import Find
from orchestrator.registry import node_types
from orchestrator.schema import Column
from orchestrator.settings import settings
from orchestrator.suggest import listing, near

Columns = Sequence[Column] | None


class Place(NamedTuple):
    """An input port of a node, by default its first one."""

    node_id: str | None
    port: str | None


def origin(
    columns: Columns,
    document: Any,
    place: Place,
    parameters: Sequence[Any] | None,
    find: Find | None = None,
) -> tuple[Columns, Workflow | None]:
    """The columns (None where they are not known), and the workflow that declares the parameters, if any.

    They are those given; in their place, where there is a graph, those at a node's input port and the graph's own.
    `find` gives the saved workflows that it uses.

    Raises:
        InvalidGraph: parameters or graph cannot be read, or it has no such node or port.
    """
    declared = None if parameters is None else _read({"nodes": [], "parameters": list(parameters)})
    if document is None:
        return columns, declared
    if place.node_id is None:
        message = "'node_id' is needed with 'workflow': the node that has the expression."
        raise InvalidGraph([Problem(code="invalid_request", message=message, path="/node_id")])
    workflow = _read(document)
    found = _at_port(workflow, place.node_id, place.port, find)
    return (found if columns is None else columns), declared or workflow


def _read(document: Any) -> Workflow:
    workflow, problems = read(document)
    if workflow is None:
        raise InvalidGraph(problems)
    return workflow


def _at_port(workflow: Workflow, node_id: str, port: str | None, find: Find | None) -> Columns:
    """The columns at an input port, by default the first; None where they are not known.

    Only what the port depends on is judged: the node itself may be wrong, as long as its expression is being written.
    """
    port = _input(workflow, node_id, port)
    for edge in workflow.edges:
        if edge.target == node_id and edge.target_handle in (port, None):
            made = _outputs(workflow, edge.source, find)
            return made.get(edge.source_handle or (next(iter(made)) if len(made) == 1 else ""))
    return None


def _input(workflow: Workflow, node_id: str, port: str | None) -> str | None:
    node = workflow.node(node_id)
    if node is None:
        message = f"Node '{node_id}' is not in this graph.{near(node_id, (each.id for each in workflow.nodes))}"
        raise InvalidGraph([Problem(code="unknown_node", message=message, path="/node_id")])
    op = node_types().get(node.type)
    if op is None:
        return port
    if port is not None and port not in op.inputs and not op.dynamic_ports:
        message = f"'{node_id}' has no input port '{port}'.{near(port, op.inputs)}"
        hint = listing(op.inputs) or None
        raise InvalidGraph([Problem(code="unknown_handle", message=message, path="/port", hint=hint)])
    return port or next(iter(op.inputs), None)


def _outputs(workflow: Workflow, node_id: str, find: Find | None) -> dict[str, Columns]:
    """The columns at a node's output ports, of which nothing is judged that it does not depend on."""
    wanted = above(node_id, ((edge.source, edge.target) for edge in workflow.edges))
    nodes = tuple(node for node in workflow.nodes if node.id in wanted)
    edges = tuple(edge for edge in workflow.edges if edge.target in wanted and edge.source in wanted)
    checked, _ = inspect(workflow.model_copy(update={"nodes": nodes, "edges": edges}), find=find)
    return dict(infer(checked, settings().data).outputs.get(node_id, {}))

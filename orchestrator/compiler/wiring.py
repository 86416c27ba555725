"""Edges: which output port feeds which input port, and what is wrong with that."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from orchestrator.errors import Problem
from orchestrator.graph import Edge, Node
from orchestrator.ops.base import Port, Ports
from orchestrator.suggest import listing, near

Known = Mapping[str, Ports]
GUESSES = 10  # looking for the nearest of 5,000 names takes a while: not for each of 20,000 edges


@dataclass(frozen=True)
class Wire:
    """One edge with its handles resolved to ports."""

    edge_id: str
    source: str
    source_port: str
    target: str
    target_port: str


def wire(edges: tuple[Edge, ...], nodes: Mapping[str, Node], known: Known) -> tuple[list[Wire], list[Problem]]:
    """Resolve every edge. `known` holds the ports of each node whose type is known, by node id."""
    wires: list[Wire] = []
    problems: list[Problem] = []
    fed: set[tuple[str, str | None]] = set()
    for number, edge in enumerate(edges):
        guesses = nodes if len(problems) < GUESSES else ()
        made = _resolve(edge, edge_name(edge, number), nodes, known, guesses)
        if isinstance(made, Wire):
            wires.append(made)
        else:
            problems += made
            fed |= _meant(edge, nodes, known)
    fed |= {(each.target, each.target_port) for each in wires}
    return wires, problems + list(_connected_twice(wires, known)) + list(_not_connected(fed, nodes, known))


def edge_name(edge: Edge, number: int) -> str:
    """What problems call an edge: its id, else its place among the edges."""
    return edge.id or f"edge {number + 1}"


def _resolve(
    edge: Edge, edge_id: str, nodes: Mapping[str, Node], known: Known, guesses: Iterable[str]
) -> Wire | list[Problem]:
    ends = (("source", edge.source), ("target", edge.target))
    if problems := [_unknown_end(end, name, edge_id, guesses) for end, name in ends if name not in nodes]:
        return problems
    if edge.source == edge.target:
        message = f"Node '{edge.source}' is wired to itself; a workflow has no loops."
        return [Problem(code="self_loop", message=message, edge_id=edge_id, node_id=edge.source)]
    source, problem = _port(edge, edge_id, "source", nodes, known)
    target, other = _port(edge, edge_id, "target", nodes, known)
    if found := [each for each in (problem, other) if each]:
        return found
    return Wire(edge_id, edge.source, source or "", edge.target, target or "")


def _meant(edge: Edge, nodes: Mapping[str, Node], known: Known) -> set[tuple[str, str | None]]:
    """The input that an edge leads to which is wrong at its other end: whoever drew it sees it connected."""
    if edge.source not in nodes or edge.target not in nodes or edge.source == edge.target:
        return set()
    return {(edge.target, _port(edge, "", "target", nodes, known)[0])}


def _unknown_end(end: str, name: str, edge_id: str, guesses: Iterable[str]) -> Problem:
    message = f"{end.title()} node '{name}' is not in this graph.{near(name, guesses)}"
    return Problem(code="unknown_edge_endpoint", message=message, edge_id=edge_id, path=f"/{end}")


def _port(
    edge: Edge, edge_id: str, end: str, nodes: Mapping[str, Node], known: Known
) -> tuple[str | None, Problem | None]:
    node_id = edge.source if end == "source" else edge.target
    handle = edge.source_handle if end == "source" else edge.target_handle
    if node_id not in known and not nodes[node_id].is_layout:
        return None, None  # its unknown type is reported on the node
    ports = _ports(known.get(node_id), end)
    side = "output" if end == "source" else "input"
    where = {"edge_id": edge_id, "node_id": node_id, "path": f"/{end}Handle", "hint": listing(ports) or None}
    if handle is None and len(ports) == 1:
        return next(iter(ports)), None
    if handle is None and ports:
        message = f"'{node_id}' has several {side} ports ({listing(ports)}); the edge must name one."
        return None, Problem(code="ambiguous_handle", message=message, **where)
    if handle in ports:
        return handle, None
    if node_id in known and not known[node_id].complete:
        return None, None  # what is wrong with its settings is reported on the node
    message = f"'{node_id}' has no {side} port '{handle}'.{near(handle or '', ports)}" if ports and handle else (
        f"'{node_id}' has no {side} port."
    )  # fmt: skip
    return None, Problem(code="unknown_handle", message=message, port=handle, **where)


def _ports(found: Ports | None, end: str) -> Mapping[str, Port]:
    if found is None:
        return {}
    return found.outputs if end == "source" else found.inputs


def _connected_twice(wires: list[Wire], known: Known) -> Iterator[Problem]:
    taken: dict[tuple[str, str], str] = {}
    for each in wires:
        port = known[each.target].inputs.get(each.target_port) if each.target in known else None
        if port is None or port.many:
            continue
        place = (each.target, each.target_port)
        if place in taken:
            port_of = f"Input '{each.target_port}' of '{each.target}'"
            message = f"{port_of} takes one edge; '{taken[place]}' is there already. A 'union' node joins several."
            where = {"edge_id": each.edge_id, "node_id": each.target, "port": each.target_port}
            yield Problem(code="input_connected_twice", message=message, **where)
        taken.setdefault(place, each.edge_id)


def _not_connected(fed: Set[tuple[str, str | None]], nodes: Mapping[str, Node], known: Known) -> Iterator[Problem]:
    for node_id, ports in known.items():
        for port in ports.inputs.values():
            if not port.optional and (node_id, port.name) not in fed and nodes[node_id].enabled:
                message = f"Input '{port.name}' of '{nodes[node_id].name}' is not connected."
                yield Problem(code="input_not_connected", message=message, node_id=node_id, port=port.name)

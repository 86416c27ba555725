"""Rows sent to one of many ports, each port a query of its own."""

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.ops._taken import held
from orchestrator.ops.base import Context, Op, Port, Ports, Relation
from orchestrator.ops.settings import unique


def with_outputs(op: Op, named: Iterable[tuple[str, str]]) -> Ports:
    """The ports of a node whose settings give these outputs, each with its description, before those of its type."""
    made = {name: Port(name, description) for name, description in named}
    return Ports(op.inputs, {**made, **op.outputs})


def check_names(op: type[Op], named: Iterable[tuple[str, tuple[str | int, ...]]]) -> None:
    """Refuse an output's name that comes twice, or that every node of the type has, at its place in the settings."""
    unique([*((name, ()) for name in op.outputs), *named], "Port")


def routed(table: Relation, place: str, ports: Sequence[str], context: Context) -> Mapping[str, Relation]:
    """The rows of each port in input order; `place` is SQL for the number of a row's port, from 0.

    In a fused run, what is still a query is stored first where several ports are read.
    """
    if context.design:
        return dict.fromkeys(ports, table)
    used = [port for port in ports if port not in context.unused]
    if len(used) > 1:
        table = held(table, context)
    return {port: table.filter(f"({place}) = {number}") if port in used else table for number, port in enumerate(ports)}

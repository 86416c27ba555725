"""Node types as Dagster's ops.

One `OpDefinition` per node type (and per set of ports, where those are a node's own), kept as long as it is used,
because two ops of one name may not meet in a repository.
"""

from collections.abc import Iterator
from hashlib import sha256
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from dagster import Any as AnyType
from dagster import In, OpDefinition, OpExecutionContext, Out, Output, Permissive

from orchestrator.compiler.culprit import cause, failed
from orchestrator.compiler.run import NodeRun, RunContext
from orchestrator.errors import NodeError
from orchestrator.names import port_key, port_of
from orchestrator.ops.base import Op, Port, Ports
from orchestrator.registry import node_type

_defined: WeakValueDictionary[str, OpDefinition] = WeakValueDictionary()
_defining = Lock()


def op_name(node_type_id: str, ports: Ports | None = None) -> str:
    """The op's name: the type's id, with a `_` where Dagster keeps that word, and a hash of the node's own `ports`."""
    from dagster._core.definitions.utils import DISALLOWED_NAMES  # the list is nowhere public

    name = f"{node_type_id}_" if node_type_id in DISALLOWED_NAMES else node_type_id
    if ports is None:
        return name
    said = repr([list(ports.inputs.values()), list(ports.outputs.values())])
    return f"{name}__P{sha256(said.encode()).hexdigest()[:20]}"


def own_ports(op: Op) -> Ports | None:
    """The ports of a node where they are not those of its type."""
    return op.ports if op.dynamic_ports or type(op) is not node_type(op.type) else None


def definition(name: str, ports: Ports | None = None) -> OpDefinition:
    """The op of a node type, or of its nodes that have these ports; one object as long as anything uses it."""
    key = op_name(name, ports)
    with _defining:
        made = _defined.get(key)
        if made is None:
            _defined[key] = made = _define(name, key, ports or node_type(name))
        return made


def _define(name: str, key: str, ports: Ports | type[Op]) -> OpDefinition:
    return OpDefinition(
        compute_fn=_compute,
        name=key,
        description=node_type(name).__doc__,
        ins={port_key(port.name): _input(port) for port in ports.inputs.values()},
        outs={port_key(port.name): _output(port) for port in ports.outputs.values()},
        config_schema=Permissive(),  # type: ignore[no-untyped-call]
        required_resource_keys={"run"},
        tags={"dagster/compute_kind": "duckdb"},
    )


def _output(port: Port) -> Out:
    return Out(AnyType, description=port.description or None, io_manager_key="tables")


def _input(port: Port) -> In:
    if port.optional:
        return In(AnyType, description=port.description or None, default_value=None)
    return In(AnyType, description=port.description or None)


def _compute(context: OpExecutionContext, inputs: dict[str, Any]) -> Iterator[Output[Any]]:
    """Run one node: what every op does."""
    run: RunContext = context.resources.run
    alias = str(context.op_handle)  # of a workflow inside, with the names of the nodes around
    try:
        node = NodeRun(run, alias, context.op_config, context.log.log)
        given = {port_of(name): table for name, table in inputs.items()}
        for port, table in node.run(given).items():
            yield Output(table, output_name=port_key(port))
    except NodeError as error:
        raise failed(run, alias, error) from cause(run, error)

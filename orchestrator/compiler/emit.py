"""Fourth pass: a plan as a Dagster job.

One `OpDefinition` per node type (and per set of ports, where those depend on settings), kept as long as it is used,
because two ops of one name may not meet in a repository; one alias per node.
The node's settings are the op's config, the workflow's parameters the job's own config, so that Dagster's launchpad
shows them with types and defaults.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from dagster import Any as AnyType
from dagster import (
    Backoff,
    ConfigMapping,
    DependencyDefinition,
    Field,
    GraphDefinition,
    In,
    JobDefinition,
    MultiDependencyDefinition,
    NodeInvocation,
    Noneable,
    OpDefinition,
    OpExecutionContext,
    Out,
    Output,
    Permissive,
    RetryPolicy,
    in_process_executor,
    logger,
)
from dagster._core.definitions.dependency import Node

from orchestrator.compiler.culprit import cause, failed
from orchestrator.compiler.levels import levels as levels  # noqa: PLC0414 (puts itself into Dagster)
from orchestrator.compiler.parameters import KEPT, coerce
from orchestrator.compiler.plan import Plan, Planned
from orchestrator.compiler.run import VERSION_TAG, NodeRun, RunContext, run_context
from orchestrator.compiler.store import table_store
from orchestrator.errors import NodeError
from orchestrator.graph import Parameter, Retry, Workflow
from orchestrator.names import port_key, port_of
from orchestrator.ops.base import Op, Port, Ports
from orchestrator.registry import node_type

REPOSITORY = "graphmill"
NODE_TAG = "graphmill/node"
WORKFLOW_TAG = "graphmill/workflow"
RUN_CONFIG = KEPT

_defined: WeakValueDictionary[str, OpDefinition] = WeakValueDictionary()
_defining = Lock()
SCALARS: Mapping[str, Any] = {"integer": int, "number": float, "boolean": bool}


def job_name(workflow_id: str) -> str:
    """The name of a workflow's job."""
    return f"wf_{workflow_id}"


def emit(plan: Plan, workflow_id: str, version: int) -> JobDefinition:
    """The job of a plan: in-process executor, its version as a tag, its parameters as config."""
    workflow = plan.checked.workflow
    name = job_name(workflow_id)
    aliases = {step.node_id: step.alias for step in plan.steps}
    graph = OrderedGraph(
        [step.alias for step in plan.steps],
        name=name,
        description=workflow.description or workflow.name or None,
        node_defs=_node_defs(plan),
        dependencies={_invocation(step): _dependencies(step, aliases) for step in plan.steps},
    )
    tags = {WORKFLOW_TAG: workflow_id, VERSION_TAG: str(version)}
    if workflow.name:
        tags["graphmill/name"] = workflow.name[:200]
    if workflow.settings.timeout_s:
        tags["dagster/max_runtime"] = str(int(workflow.settings.timeout_s) or 1)
    return graph.to_job(
        name=name,
        tags=tags,
        config=_config(plan),
        executor_def=in_process_executor,
        resource_defs={"run": run_context(plan, version), "tables": table_store},
        logger_defs={"console": silent},  # the event log has it all; a console line per event costs time
    )


class OrderedGraph(GraphDefinition):
    """A graph whose nodes come in an order that is known.

    Dagster would look for one by recursion, which ends at Python's limit (a chain of 1,000 nodes), in a time that grows
    with the square of the chain.
    """

    def __init__(self, order: Sequence[str], **definition: Any) -> None:
        self._order = order
        super().__init__(**definition)

    def _get_nodes_in_topological_order(self) -> list[Node]:
        return [self.node_named(name) for name in self._order]


@logger
def silent(_: Any) -> logging.Logger:
    """A console that shows nothing."""
    quiet = logging.Logger("graphmill")
    quiet.addHandler(logging.NullHandler())
    return quiet


def _node_defs(plan: Plan) -> list[OpDefinition]:
    used = {_op_name(step): step.step.op for step in plan.steps}
    return [definition(used[name].type, _own(used[name])) for name in sorted(used)]


def _invocation(step: Planned) -> NodeInvocation:
    node = step.step.node
    return NodeInvocation(_op_name(step), alias=step.alias, tags={NODE_TAG: node.id}, retry_policy=_retries(node.retry))


def _dependencies(step: Planned, aliases: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, port in step.step.op.ports.inputs.items():
        places = dict.fromkeys((wire.source, wire.source_port) for wire in step.step.into(name))
        sources = [DependencyDefinition(aliases[source], port_key(source_port)) for source, source_port in places]
        if sources:
            made[port_key(name)] = MultiDependencyDefinition(sources) if port.many else sources[0]
    return made


def _retries(retry: Retry | None) -> RetryPolicy | None:
    if retry is None or retry.max_retries == 0:
        return None
    backoff = {"none": None, "linear": Backoff.LINEAR, "exponential": Backoff.EXPONENTIAL}[retry.backoff]
    return RetryPolicy(max_retries=retry.max_retries, delay=retry.delay_s, backoff=backoff)


def op_name(node_type_id: str, ports: Ports | None = None) -> str:
    """The op's name: the type's id, with a `_` where Dagster keeps that word, and a hash of the node's own `ports`."""
    from dagster._core.definitions.utils import DISALLOWED_NAMES  # the list is nowhere public

    name = f"{node_type_id}_" if node_type_id in DISALLOWED_NAMES else node_type_id
    if ports is None:
        return name
    said = repr([list(ports.inputs.values()), list(ports.outputs.values())])
    return f"{name}__P{sha256(said.encode()).hexdigest()[:20]}"


def _op_name(step: Planned) -> str:
    return op_name(step.step.op.type, _own(step.step.op))


def _own(op: Op) -> Ports | None:
    """The ports of a node where they are not those of its type."""
    return op.ports if op.dynamic_ports else None


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
    alias = context.op_handle.name
    try:
        node = NodeRun(run, alias, context.op_config, context.log.log)
        given = {port_of(name): table for name, table in inputs.items()}
        for port, table in node.run(given).items():
            yield Output(table, output_name=port_key(port))
    except NodeError as error:
        raise failed(run, alias, error) from cause(run, error)


def _config(plan: Plan) -> ConfigMapping:
    """The job's config: the parameters, and under `graphmill` how this run handles its tables."""
    settings = {each.alias: {"config": each.step.node.config} for each in plan.steps}

    def as_run_config(given: Mapping[str, Any]) -> dict[str, Any]:
        options = dict(given.get(RUN_CONFIG) or {})
        values = {key: value for key, value in given.items() if key != RUN_CONFIG}
        resources = {"run": {"config": {"parameters": values, **options}}}
        return {"ops": settings, "resources": resources, "loggers": {"console": {}}}

    return ConfigMapping(config_fn=as_run_config, config_schema=config_schema(plan.checked.workflow))


def config_schema(workflow: Workflow) -> dict[str, Field]:
    """What Dagster's launchpad asks for."""
    options = Field(
        {"cache": Field(bool, default_value=True)}, is_required=False, description="How this run stores tables."
    )
    return {**{each.name: _parameter(each) for each in workflow.parameters}, RUN_CONFIG: options}


def _parameter(parameter: Parameter) -> Field:
    kind = SCALARS.get(parameter.type, str)
    if parameter.type == "choice" and not all(isinstance(choice, str) for choice in parameter.choices):
        kind = AnyType
    description = parameter.description or None
    if parameter.required and parameter.default is None:
        return Field(kind, description=description)
    if parameter.type == "secret":  # its default would be shown to everybody
        return Field(Noneable(kind), description=description, is_required=False)
    default = coerce(parameter, parameter.default)
    return Field(
        Noneable(kind) if kind is not AnyType else kind,
        description=description,
        default_value=default.isoformat() if isinstance(default, date) else default,
        is_required=False,
    )

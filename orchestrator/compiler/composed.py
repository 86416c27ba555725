"""The steps of a plan as a Dagster graph: an alias per node, and a graph within it per workflow inside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dagster import (
    Backoff,
    DependencyDefinition,
    GraphDefinition,
    InputMapping,
    MultiDependencyDefinition,
    NodeInvocation,
    OpDefinition,
    OutputMapping,
    RetryPolicy,
)
from dagster._core.definitions.dependency import Node

from orchestrator.compiler.check import Step
from orchestrator.compiler.opened import FED, RESULT, Fed, Scope, ends, own_name
from orchestrator.compiler.operations import definition, own_ports
from orchestrator.compiler.plan import Plan, Planned
from orchestrator.graph import Retry
from orchestrator.names import alias, port_key, slug

NODE_TAG = "graphmill/node"
Part = OpDefinition | GraphDefinition


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


def composed(plan: Plan, name: str, description: str | None) -> GraphDefinition:
    """The graph of a plan."""
    return _Composing(plan.scopes, {each.node_id: each for each in plan.steps}, name).graph(
        plan.root, name, description
    )


@dataclass(frozen=True)
class _Composing:
    """Makes the graph of a job; `planned` are the steps by their places."""

    scopes: Mapping[str, Scope]
    planned: Mapping[str, Planned]
    job: str

    def graph(self, scope: Scope, name: str, description: str | None) -> GraphDefinition:
        """The graph of a workflow; what is wired to its node goes in by mappings, and comes out so."""
        steps = scope.checked.steps
        names = {step.node.id: alias(step.node.id, step.node.name) for step in steps}
        made = {step.node.id: self._definition(scope, step) for step in steps}
        return OrderedGraph(
            list(names.values()),
            name=name,
            description=description,
            node_defs=list({each.name: each for each in made.values()}.values()),
            dependencies={
                self._invocation(scope, step, made[step.node.id], names): _dependencies(step, names) for step in steps
            },
            input_mappings=list(self._inputs(scope, names)),
            output_mappings=list(self._outputs(scope, names)),
        )

    def _definition(self, scope: Scope, step: Step) -> Part:
        place = scope.place(step.node.id)
        inside = self.scopes.get(place)
        if inside is None:
            op = self.planned[place].step.op
            return definition(op.type, own_ports(op))
        name = f"{slug(inside.name)}__{sha256(f'{self.job} {place}'.encode()).hexdigest()[:20]}"
        return self.graph(inside, name, inside.checked.workflow.description or inside.name)

    def _invocation(
        self, scope: Scope, step: Step, made: OpDefinition | GraphDefinition, names: Mapping[str, str]
    ) -> NodeInvocation:
        place = scope.place(step.node.id)
        retry = None if place in self.scopes else self.planned[place].step.node.retry
        return NodeInvocation(made.name, names[step.node.id], tags={NODE_TAG: place}, retry_policy=_retries(retry))

    def _inputs(self, scope: Scope, names: Mapping[str, str]) -> Iterator[InputMapping]:
        for step in scope.checked.steps:
            planned = self.planned.get(scope.place(step.node.id))
            if planned is not None and isinstance(planned.step.op, Fed):
                yield InputMapping(
                    graph_input_name=port_key(own_name(step)),
                    mapped_node_name=names[step.node.id],
                    mapped_node_input_name=port_key(FED),
                )

    def _outputs(self, scope: Scope, names: Mapping[str, str]) -> Iterator[OutputMapping]:
        if scope.around is not None:
            for name, step in ends(scope):
                yield OutputMapping(
                    graph_output_name=port_key(name),
                    mapped_node_name=names[step.node.id],
                    mapped_node_output_name=port_key(RESULT),
                )


def _dependencies(step: Step, names: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, port in step.op.ports.inputs.items():
        places = dict.fromkeys((wire.source, wire.source_port) for wire in step.into(name))
        sources = [DependencyDefinition(names[source], port_key(source_port)) for source, source_port in places]
        if sources:
            made[port_key(name)] = MultiDependencyDefinition(sources) if port.many else sources[0]
    return made


def _retries(retry: Retry | None) -> RetryPolicy | None:
    if retry is None or retry.max_retries == 0:
        return None
    backoff = {"none": None, "linear": Backoff.LINEAR, "exponential": Backoff.EXPONENTIAL}[retry.backoff]
    return RetryPolicy(max_retries=retry.max_retries, delay=retry.delay_s, backoff=backoff)

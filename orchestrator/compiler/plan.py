"""Third pass: what Dagster is told. Names, and what each node must know of the run it is part of."""

from dataclasses import dataclass

from orchestrator.compiler.check import Checked, Step
from orchestrator.names import alias, key

LONGEST_CHAIN = 40  # binding a chain of relations costs the square of its length


@dataclass(frozen=True)
class Planned:
    """A step with its names in Dagster (`alias`) and on disk (`key`), and how its outputs are used.

    `connected` are the ports that feed somebody; `shared` those that feed more than one, that end a long chain, or
    whose type wants it: a fused run stores them. `keep_order` is false when no later node can see the order of its rows
    in a fused run.
    """

    step: Step
    alias: str
    key: str
    connected: frozenset[str]
    shared: frozenset[str]
    keep_order: bool

    @property
    def node_id(self) -> str:
        """The id as posted."""
        return self.step.node.id


@dataclass(frozen=True)
class Plan:
    """The steps of a run, each after those it depends on."""

    checked: Checked
    steps: tuple[Planned, ...]

    def alias(self, node_id: str) -> str:
        """A node's name in Dagster."""
        return next(each.alias for each in self.steps if each.node_id == node_id)


def plan(checked: Checked) -> Plan:
    """Name every step, and find out which outputs a fused run must store."""
    uses: dict[tuple[str, str], int] = {}
    for step in checked.steps:
        for wire in step.wires:
            place = (wire.source, wire.source_port)
            uses[place] = uses.get(place, 0) + 1
    seen_order = _seen_order(checked)
    depth: dict[str, int] = {}
    steps = []
    for step in checked.steps:
        node_id = step.node.id
        depth[node_id] = 1 + max((depth[wire.source] for wire in step.wires), default=0)
        cut = depth[node_id] >= LONGEST_CHAIN or step.op.stored
        if cut:
            depth[node_id] = 0
        connected = frozenset(port for port in step.op.ports.outputs if (node_id, port) in uses)
        shared = frozenset(port for port in connected if cut or uses[node_id, port] > 1)
        steps.append(
            Planned(step, alias(node_id, step.node.name), key(node_id), connected, shared, seen_order[node_id])
        )
    return Plan(checked, tuple(steps))


def _seen_order(checked: Checked) -> dict[str, bool]:
    """For each node, whether the order of its rows can be seen: at an end of the graph, or by a node that minds."""
    seen: dict[str, bool] = {}
    targets: dict[str, list[Step]] = {step.node.id: [] for step in checked.steps}
    for step in checked.steps:
        for wire in step.wires:
            targets[wire.source].append(step)
    for step in reversed(checked.steps):
        after = targets[step.node.id]
        seen[step.node.id] = not after or any(not (each.settled and each.op.ignores_order()) for each in after)
    return seen

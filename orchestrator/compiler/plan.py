"""Third pass: what Dagster is told. Names, and what each node must know of the run it is part of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.compiler.check import Checked, Step
from orchestrator.compiler.opened import Opened, Placed, Scope
from orchestrator.names import alias, key

LONGEST_CHAIN = 40  # binding a chain of relations costs the square of its length


@dataclass(frozen=True)
class Planned:
    """A step with its names in Dagster (`alias`) and on disk (`key`), and how its outputs are used.

    `scope` is the workflow that it is a node of: the posted one, or a saved one inside it.

    `connected` are the ports that feed somebody; `shared` those that feed more than one, that end a long chain, or
    whose type wants it: a fused run stores them. `keep_order` is false when no later node can see the order of its rows
    in a fused run.
    """

    step: Step
    scope: Scope
    alias: str
    key: str
    connected: frozenset[str]
    shared: frozenset[str]
    keep_order: bool

    @property
    def node_id(self) -> str:
        """The id as posted; inside another workflow, the place (`Scope.place`)."""
        return self.step.node.id

    @property
    def name(self) -> str:
        """Its name in Dagster among the nodes of its own workflow."""
        return self.alias.rsplit(".", 1)[-1]


@dataclass(frozen=True)
class Plan:
    """The steps of a run, each after those it depends on.

    `root` is the workflow that was posted, `scopes` are those inside it, by the places of their nodes.
    """

    root: Scope
    steps: tuple[Planned, ...]
    scopes: Mapping[str, Scope]

    @property
    def checked(self) -> Checked:
        """The posted graph."""
        return self.root.checked

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Source and target of every wire between its steps."""
        return [(each.source, each.target) for planned in self.steps for each in planned.step.wires]

    def within(self, node_id: str) -> frozenset[str]:
        """The steps of a node: itself, or those of the workflow that it runs; none where there is no such node."""
        scope = self.scopes.get(node_id)
        if scope is not None:
            return frozenset(each.node_id for each in self.steps if each.scope.inside(scope))
        return frozenset(each.node_id for each in self.steps if each.node_id == node_id)

    def alias(self, node_id: str) -> str:
        """A node's name in Dagster."""
        return next(each.alias for each in self.steps if each.node_id == node_id)


def plan(checked: Checked) -> Plan:
    """Open the saved workflows inside, name every step, and find out which outputs a fused run must store."""
    opened = Opened.of(checked)
    return Plan(opened.root, _planned(opened.steps), opened.scopes)


def steps_of(checked: Checked) -> tuple[Planned, ...]:
    """The same, with a saved workflow as one step: for a graph that runs within a step."""
    scope = Scope(checked)
    return _planned([Placed(step, scope, step.node.id) for step in checked.steps])


def _planned(placed: Sequence[Placed]) -> tuple[Planned, ...]:
    steps = [each.step for each in placed]
    uses = Counter((wire.source, wire.source_port) for step in steps for wire in step.wires)
    seen_order = _seen_order(steps)
    depth: dict[str, int] = {}
    found = []
    for step, scope, own_id in placed:
        node_id = step.node.id
        depth[node_id] = 1 + max((depth[wire.source] for wire in step.wires), default=0)
        cut = depth[node_id] >= LONGEST_CHAIN or step.op.stored
        if cut:
            depth[node_id] = 0
        connected = frozenset(port for port in step.op.ports.outputs if (node_id, port) in uses)
        shared = frozenset(port for port in connected if cut or uses[node_id, port] > 1)
        name = ".".join((*scope.path, alias(own_id, step.node.name)))
        found.append(Planned(step, scope, name, key(node_id), connected, shared, seen_order[node_id]))
    return tuple(found)


def _seen_order(steps: Sequence[Step]) -> dict[str, bool]:
    """For each node, whether the order of its rows can be seen: at an end of the graph, or by a node that minds."""
    seen: dict[str, bool] = {}
    targets: dict[str, list[Step]] = {step.node.id: [] for step in steps}
    for step in steps:
        for wire in step.wires:
            targets[wire.source].append(step)
    for step in reversed(steps):
        after = targets[step.node.id]
        seen[step.node.id] = not after or any(not (each.settled and each.op.ignores_order()) for each in after)
    return seen

"""Saved workflows opened: the steps inside stand in place of the `workflow` node that runs them.

So each has a state, stored tables and retries of its own, in Dagster as well as here. A step inside is known by its
place: the ids of the nodes around it and its own, as in `clean/2`, escaped like a JSON pointer (RFC 6901).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, NamedTuple, Protocol, runtime_checkable

from orchestrator.compiler.check import Checked, Step
from orchestrator.compiler.wiring import Wire
from orchestrator.literals import placeholders
from orchestrator.names import alias
from orchestrator.ops._saved import Given
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.input import Input
from orchestrator.ops.output import Output
from orchestrator.ops.workflow import Workflow
from orchestrator.pointers import pointer

FED, RESULT = "table", "result"  # the port where rows come into a workflow inside, and where they leave it


@runtime_checkable
class Openable(Protocol):
    """A saved workflow whose steps can be seen (`orchestrator.compiler.saved.Inner`)."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    def opened(self, given: Given) -> Checked:
        """Its steps with these parameters."""


class Fed(Input):
    """An `input` node of a workflow inside another: its rows are those of the table that is wired to the workflow."""

    type: ClassVar[str] = Input.type

    def run(  # type: ignore[override]
        self, table: Annotated[Relation, "The rows for the workflow."], context: Context
    ) -> Relation:
        """The declared columns in their types, and whatever else there is."""
        return self.fitted(table, context)


@dataclass(frozen=True, eq=False)
class Scope:
    """A workflow that steps of a run belong to: the posted one, or one that a node, `step`, of the one `around` runs.

    `path` is the names in Dagster of the nodes around.
    """

    checked: Checked
    name: str = ""
    step: Step | None = None
    around: "Scope | None" = None
    path: tuple[str, ...] = ()

    def place(self, node_id: str) -> str:
        """How a node of this workflow is known in the whole run."""
        if self.step is None or self.around is None:
            return node_id
        above = self.step.node.id if self.around.step is not None else pointer([self.step.node.id])[1:]
        return above + pointer([node_id])

    def inside(self, other: "Scope") -> bool:
        """Whether it is this other workflow, or one inside it."""
        return self is other or (self.around is not None and self.around.inside(other))


class Placed(NamedTuple):
    """A step under its place in the whole run, the workflow that it is a node of, and its id there."""

    step: Step
    scope: Scope
    own_id: str


@dataclass
class Opened:
    """The steps of a run, each after those it depends on; `scopes` are the workflows inside, by their nodes' places."""

    root: Scope
    steps: list[Placed] = field(default_factory=list)
    scopes: dict[str, Scope] = field(default_factory=dict)
    _ends: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, checked: Checked) -> "Opened":
        """A checked graph with the saved workflows in it opened, but where a parameter decides which one it is."""
        made = cls(Scope(checked))
        made._add(made.root, {}, frozenset(node.id for node in checked.workflow.nodes))
        return made

    def _add(self, scope: Scope, fed: Mapping[str, tuple[Wire, ...]], posted: frozenset[str]) -> None:
        for step in scope.checked.steps:
            placed = self._placed(scope, step, fed)
            inside = _inside(scope, step, placed)
            if inside is None or any(inside.place(each.node.id) in posted for each in inside.checked.steps):
                self.steps.append(Placed(placed, scope, step.node.id))
                continue
            self.scopes[placed.node.id] = inside
            self._add(inside, {port: placed.into(port) for port in placed.op.ports.inputs if placed.into(port)}, posted)
            for name, end in ends(inside):
                self._ends[placed.node.id, name] = inside.place(end.node.id), RESULT

    def _placed(self, scope: Scope, step: Step, fed: Mapping[str, tuple[Wire, ...]]) -> Step:
        """A step under its place, with wires from the steps that really feed it."""
        around = scope.step.node.retry if scope.step else None
        node = step.node.model_copy(update={"id": scope.place(step.node.id), "retry": step.node.retry or around})
        if isinstance(step.op, Input) and (wires := fed.get(own_name(step))):
            op = Fed.model_construct(**dict(step.op))
            return replace(step, node=node, op=op, wires=(replace(wires[0], target=node.id, target_port=FED),))
        return replace(step, node=node, wires=tuple(self._wire(scope, each) for each in step.wires))

    def _wire(self, scope: Scope, wire: Wire) -> Wire:
        source = scope.place(wire.source)
        place, port = self._ends.get((source, wire.source_port), (source, wire.source_port))
        return replace(wire, source=place, source_port=port, target=scope.place(wire.target))


def _inside(scope: Scope, step: Step, placed: Step) -> Scope | None:
    """The workflow that a node runs; none where only the run's parameters say which one it is."""
    if not isinstance(step.op, Workflow) or not step.settled or not isinstance(step.op.saved, Openable):
        return None
    if any(path in ("/config/workflow", "/config/version") for path, _ in placeholders(step.node.config)):
        return None
    saved = step.op.saved
    own = alias(step.node.id, step.node.name)
    return Scope(saved.opened(step.op.given), saved.name, placed, scope, (*scope.path, own))


def ends(scope: Scope) -> Iterator[tuple[str, Step]]:
    """The outputs of a workflow by name, and their nodes."""
    for step in scope.checked.steps:
        if isinstance(step.op, Output) and step.settled:
            yield own_name(step), step


def own_name(step: Step) -> str:
    """The name of an `input` or `output` node."""
    return str(getattr(step.op, "name", "")) or step.node.id

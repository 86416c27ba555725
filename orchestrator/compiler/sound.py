"""A graph without errors, as advice about it sees it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.compiler.check import Checked, Step
from orchestrator.compiler.infer import Columns, Inferred
from orchestrator.errors import Problem
from orchestrator.pointers import escaped

Place = tuple[str, str]  # a node's id and one of its ports


@dataclass(frozen=True)
class Graph:
    """A graph without errors, the columns at its ports, and who reads what; `root` is the data root."""

    checked: Checked
    inferred: Inferred
    root: Path

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """By node id, each after those it depends on."""
        return {step.node.id: step for step in self.checked.steps}

    @cached_property
    def readers(self) -> Mapping[Place, list[Place]]:
        """The input ports that an output port feeds."""
        found: defaultdict[Place, list[Place]] = defaultdict(list)
        for step in self.checked.steps:
            for wire in step.wires:
                found[wire.source, wire.source_port].append((wire.target, wire.target_port))
        return found

    @cached_property
    def sources(self) -> frozenset[str]:
        """The nodes that an edge leaves, also one to a node that is disabled."""
        return frozenset(edge.source for edge in self.checked.workflow.edges)

    @cached_property
    def ends(self) -> frozenset[str]:
        """The nodes that somebody may look at: nobody reads them, or one that is disabled would."""
        waiting = {edge.source for edge in self.checked.workflow.edges if edge.target not in self.steps}
        return frozenset(waiting | self.steps.keys() - {place[0] for place in self.readers})

    @cached_property
    def has_sinks(self) -> bool:
        """Whether rows leave the graph. A draft without, of which one looks at the ports, is as it should be."""
        return any(step.op.sink for step in self.checked.steps)

    def into(self, step: Step) -> Mapping[str, Columns | None]:
        """The columns at a node's input ports."""
        return self.inferred.inputs[step.node.id]

    def out_of(self, step: Step) -> Mapping[str, Columns | None]:
        """The columns at a node's output ports."""
        return self.inferred.outputs[step.node.id]

    def after(self, step: Step) -> list[Step]:
        """The nodes that read what a node gives."""
        ports = step.op.ports.outputs
        return [self.steps[target] for port in ports for target, _ in self.readers.get((step.node.id, port), ())]


def warning(
    step: Step, message: str, hint: str, *, code: str, port: str | None = None, path: str | None = None
) -> Problem:
    """A warning about a node."""
    where = {"node_id": step.node.id, "port": port, "path": path}
    return Problem(severity="warning", code=code, message=message, hint=hint, **where)


def texts(setting: Any, path: str = "/config") -> Iterator[tuple[str, str]]:
    """Every text in a config, with its JSON pointer."""
    if isinstance(setting, str):
        yield path, setting
    elif isinstance(setting, Mapping):
        for key, value in setting.items():
            yield from texts(value, f"{path}/{escaped(key)}")
    elif isinstance(setting, list | tuple):
        for index, value in enumerate(setting):
            yield from texts(value, f"{path}/{index}")

"""Second pass: the columns at every port, and every mistake about them, without reading a row.

Each node runs on empty tables. DuckDB binds names and types when a relation is built, so one definition serves running,
columns and validation. Ports of the same columns share one empty table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.catalog.connections import connection
from orchestrator.compiler.check import Checked, Idle, Step
from orchestrator.compiler.mistaken import MISMATCH, UNKNOWN, mistakes, stays_wrong
from orchestrator.compiler.mixed_systems import mixed_systems
from orchestrator.errors import NodeError, Problem
from orchestrator.faults import blame, unknown_column
from orchestrator.ops.base import Context, Relation, UnknownColumns
from orchestrator.schema import Column, columns
from orchestrator.sql import names
from orchestrator.tables import Session

Columns = tuple[Column, ...]


@dataclass(frozen=True)
class Inferred:
    """The columns at each node's ports; `None` where they depend on data or on something that is wrong."""

    inputs: Mapping[str, Mapping[str, Columns | None]]
    outputs: Mapping[str, Mapping[str, Columns | None]]
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The contract's shape: node id -> inputs, outputs -> port -> columns."""
        return {
            node: {"inputs": _plain(self.inputs[node]), "outputs": _plain(self.outputs[node])} for node in self.inputs
        }


def _plain(ports: Mapping[str, Columns | None]) -> dict[str, Any]:
    return {
        port: None if found is None else [each.model_dump(mode="json") for each in found]
        for port, found in ports.items()
    }


def infer(checked: Checked, root: Path) -> Inferred:
    """Run every step on empty tables, with `root` as data root; nothing is written and no address is called."""
    with Session([root], memory_limit=512 << 20, threads=1, design=True) as session:
        return _Inference(session, root).run(checked)


@dataclass
class _Inference:
    session: Session
    root: Path
    tables: dict[tuple[str, str], Relation | None] = field(default_factory=dict)
    shared: dict[Any, Relation] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def run(self, checked: Checked) -> Inferred:
        inputs, outputs = {}, {}
        for step in checked.steps:
            given = {
                port: [self.tables[w.source, w.source_port] for w in step.into(port)] for port in step.op.ports.inputs
            }
            inputs[step.node.id] = {port: self._first_columns(tables) for port, tables in given.items()}
            made = self._outputs(step, given)
            self.tables |= {(step.node.id, port): made.get(port) for port in step.op.ports.outputs}
            outputs[step.node.id] = {port: self._columns(made.get(port)) for port in step.op.ports.outputs}
        for idle in checked.idle:
            inputs[idle.node_id] = {port: self._arriving(idle, port) for port in idle.ports.inputs}
            outputs[idle.node_id] = dict.fromkeys(idle.ports.outputs)
        return Inferred(inputs, outputs, tuple(self.problems))

    def _outputs(self, step: Step, given: Mapping[str, list[Relation | None]]) -> dict[str, Relation]:
        if not step.settled or any(table is None for tables in given.values() for table in tables):
            return {}
        known = {port: [each for each in tables if each is not None] for port, tables in given.items()}
        missing = list(missing_columns(step, known))
        self.problems += missing
        if missing:
            return {}
        try:
            with blame(step.node.id):
                context = Context(self.session, self.root, design=True, connections=connection)
                made = step.op.call(arranged(step, known), context)
                warnings = [*context.warnings, *mixed_systems(known, made)]
                self.problems += [each.model_copy(update={"node_id": step.node.id}) for each in warnings]
                return {port: self._empty(table) for port, table in made.items()}
        except UnknownColumns as unknown:
            self.problems += unknown.warnings(step.node.id)
            return {}
        except NodeError as error:
            self.problems += _mistakes(step, known, error.problem())
            return {}

    def _empty(self, table: Relation) -> Relation:
        shape = tuple(zip(table.columns, map(str, table.types), strict=True))
        if shape not in self.shared:
            self.shared[shape] = self.session.empty(table)
        return self.shared[shape]

    def _columns(self, table: Relation | None) -> Columns | None:
        return None if table is None else columns(table)

    def _arriving(self, idle: Idle, port: str) -> Columns | None:
        """What comes to a node that does not run: who mends it wants to know."""
        places = [(each.source, each.source_port) for each in idle.wires if each.target_port == port]
        return self._columns(self.tables.get(places[0])) if places else None

    def _first_columns(self, tables: list[Relation | None]) -> Columns | None:
        return self._columns(tables[0]) if tables else None


def _mistakes(step: Step, tables: Mapping[str, list[Relation]], found: Problem) -> Iterator[Problem]:
    if step.waits(found.path) and not stays_wrong(type(step.op), step.node.config, found):
        return
    if found.code in (UNKNOWN, MISMATCH) and found.port is None and len(step.op.ports.inputs) == 1:
        given = [each for several in tables.values() for each in several[:1]]
        yield from mistakes(step.op, step.node.config, names(given[0]) if given else {}, found)
    else:
        yield found


def arranged(step: Step, tables: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The tables of each port as `Op.call` takes them: a list where the port takes many, else one or None."""
    return {
        name: tables[name] if port.many else (tables[name][0] if tables[name] else None)
        for name, port in step.op.ports.inputs.items()
    }


def missing_columns(step: Step, tables: Mapping[str, list[Relation]]) -> Iterator[Problem]:
    """A problem for every column that the settings name and that is not in its table."""
    first = next(iter(step.op.ports.inputs), None)
    for path, name, port in step.op.columns_named:
        where = port or first
        if where is None or f"/config{path}" in step.open_settings:
            continue
        for table in tables.get(where, ())[:1]:
            if name not in table.columns:
                error = unknown_column(name, table.columns, where)
                yield error.problem().model_copy(update={"node_id": step.node.id, "path": f"/config{path}"})

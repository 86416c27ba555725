"""What one node does inside a run: its inputs as relations, its operation, its outputs checked.

`RunContext` is the run's shared state in the worker: the locked-down session, the parameters, the plan by alias.
"""

import json
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dagster import DagsterRun, Field, InitResourceContext, Permissive, ResourceDefinition
from pydantic import ValidationError

from orchestrator.catalog.connections import connection
from orchestrator.compiler.check import Step
from orchestrator.compiler.handed_down import inherit
from orchestrator.compiler.infer import arranged
from orchestrator.compiler.misfits import setting_problem
from orchestrator.compiler.opened import RESULT, Scope
from orchestrator.compiler.parameters import resolve
from orchestrator.compiler.plan import Plan, Planned
from orchestrator.compiler.rejected import REJECTED, refuse_rejected
from orchestrator.errors import GraphmillError, NodeError
from orchestrator.faults import blame, unknown_column
from orchestrator.names import port_key
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.output import Output
from orchestrator.ops.workflow import Workflow
from orchestrator.schema import Column
from orchestrator.secrets import hidden, reveal, values_of
from orchestrator.settings import settings
from orchestrator.tables import Session

LONGEST_LINE = 10_000
VERSION_TAG = "graphmill/version"


@dataclass
class RunContext:
    """The state that the nodes of a run share. `folder` holds its stored tables; `cache` says whether every port is.

    `executed` are the aliases of the nodes that this run executes, where it is not all of them.
    """

    plan: Plan
    session: Session
    root: Path
    folder: Path
    cache: bool
    parameters: Mapping[str, Any]
    steps: Mapping[str, Planned]
    executed: Collection[str] | None = None
    made: dict[tuple[str, str], Relation] = field(default_factory=dict)
    columns: dict[tuple[str, str], tuple[Column, ...]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    inside: dict[Scope, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no message may show, those that may hold another first."""
        known = [
            (self.plan.checked, self.parameters),
            *((scope.checked, given) for scope, given in self.inside.items()),
        ]
        found = {secret for checked, given in known for secret in values_of(checked.workflow.parameters, given)}
        return tuple(sorted(found, key=len, reverse=True))

    def values(self, scope: Scope) -> Mapping[str, Any]:
        """The parameters of the posted workflow, or of one inside it, which its node sets.

        Raises:
            NodeError: on that node: a value does not fit.
        """
        if scope.step is None or scope.around is None:
            return self.parameters
        if scope not in self.inside:
            with blame(scope.step.node.id):
                op = configured(scope.step, scope.step.node.config, self.values(scope.around), scope.around)
                self.inside[scope] = resolve(
                    scope.checked.workflow, op.given.values if isinstance(op, Workflow) else {}
                )
        return self.inside[scope]

    def masked(self, text: str) -> str:
        """The text without the run's secrets."""
        return hidden(text, self.secrets)

    def is_end(self, step: Planned) -> bool:
        """Whether no node of this run reads what the step gives."""
        return not any((step.node_id, port) in self._read for port in step.step.op.ports.outputs)

    def unused(self, step: Planned) -> frozenset[str]:
        """The ports of a step that are neither stored nor read by anybody; rejected rows are always looked at."""
        if self.cache or self.is_end(step):
            return frozenset()
        return frozenset(port for port in step.step.op.ports.outputs if (step.node_id, port) not in self._read) - {
            REJECTED
        }

    @cached_property
    def _read(self) -> frozenset[tuple[str, str]]:
        executed = self.steps.keys() if self.executed is None else self.executed
        wires = (wire for alias in executed for wire in self.steps[alias].step.wires)
        return frozenset((wire.source, wire.source_port) for wire in wires)

    def given(self, step: Planned) -> tuple[dict[str, Any], ...] | None:
        """The rows that the execution handed to an `input` node."""
        path = self.folder / "given" / f"{step.key}.json"
        return tuple(json.loads(path.read_text())) if path.exists() else None

    def table(self, alias: str, port: str) -> Path:
        """Where a port's table is stored."""
        return table_path(self.folder, self.steps[alias].key, port)


def table_path(folder: Path, key: str, port: str) -> Path:
    """Where a run stores the table of a port."""
    return folder / "tables" / key / f"{port_key(port)}.parquet"


def run_context(plan: Plan, version: int) -> ResourceDefinition:
    """The resource that opens a run's session; it fails, before the first step, when the version is not the run's."""
    schema = {
        "parameters": Field(Permissive(), default_value={}),  # type: ignore[no-untyped-call]
        "cache": Field(bool, default_value=True),
    }

    def open_run(context: InitResourceContext) -> Iterator[RunContext]:
        run = context.run
        refuse_other_version(run, version)
        options = context.resource_config
        folder = settings().runs / (run.run_id if run else "design")
        folder.mkdir(parents=True, exist_ok=True)
        inherit(plan, run, folder)
        session = Session([folder, settings().data], memory_limit=settings().memory_limit, threads=settings().threads)
        try:
            yield RunContext(
                plan=plan,
                session=session,
                root=settings().data,
                folder=folder,
                cache=bool(options["cache"]),
                parameters=_parameters(plan, options["parameters"]),
                steps={step.alias: step for step in plan.steps},
                executed=run.step_keys_to_execute if run else None,
            )
        finally:
            session.close_beside()
        shutil.rmtree(folder / "scratch", ignore_errors=True)

    return ResourceDefinition(open_run, config_schema=schema)


def refuse_other_version(run: DagsterRun | None, version: int) -> None:
    """Dagster runs the code that is current when a worker starts; a run must get the version it was made for.

    Raises:
        GraphmillError: this is another version's job.
    """
    made_for = run.tags.get(VERSION_TAG) if run else None
    if made_for is not None and made_for != str(version):
        raise GraphmillError(
            f"This run was made for version {made_for}, and version {version} is here.", code="version"
        )


def _parameters(plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a run. Only a secret is unsealed: else anybody could have one shown as plain text."""
    workflow = plan.checked.workflow
    secret = {parameter.name for parameter in workflow.parameters if parameter.type == "secret"}
    return resolve(workflow, {**given, **reveal({name: given[name] for name in given if name in secret})})


def configured(step: Step, config: Mapping[str, Any], values: Mapping[str, Any], scope: Scope) -> Op:
    """A step's operation with the values of a run.

    Raises:
        NodeError: a setting does not fit them, or gives other ports than were planned.
    """
    try:
        made = type(step.op).configure(config, values, scope.checked.find)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        said = setting_problem(step.node, type(step.op), first)
        raise NodeError(said.message, code=said.code, path=said.path, hint=said.hint) from None
    if made.ports != step.op.ports:
        message = "Its ports depend on a parameter: edges could not tell which ports there are."
        raise NodeError(message, code="invalid_config", path="/config")
    return made


class NodeRun:
    """One node of a run; `log` writes a line of a level into the run's log."""

    def __init__(self, run: RunContext, alias: str, config: Mapping[str, Any], log: Callable[[str, str], None]) -> None:
        self.run_context = run
        self.planned = run.steps[alias]
        self.config = config
        self.log = log

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Relation]:
        """Run the operation.

        Raises:
            NodeError: with the node's id; for a row rejected on a port that nobody sees, `rejected_rows`.
        """
        started = time.perf_counter()
        run, step = self.run_context, self.planned.step
        with blame(step.node.id):
            scope = self.planned.scope
            op = configured(step, self.config, run.values(scope), scope)
            tables = {port: self._wired(port, inputs.get(port)) for port in op.ports.inputs}
            self._check_columns(op, tables)
            notes = run.notes.setdefault(self.planned.alias, {})
            context = Context(
                run.session, run.root, run.folder / "scratch", run.given(self.planned),
                keep_order=run.cache or self.planned.keep_order or run.is_end(self.planned),
                unused=run.unused(self.planned), notes=notes, log=self._log, connections=connection,
            )  # fmt: skip
            made = op.call(arranged(step, tables), context)
            refuse_rejected(made, self.planned.connected, scope.checked.workflow.settings)
        self._refuse_rejected_inside(op, made)
        for port, table in made.items():
            place = self.planned.alias, port
            run.made[place], run.columns[place] = table, run.session.given[table]
        run.seconds[self.planned.alias] = time.perf_counter() - started
        return made

    def _refuse_rejected_inside(self, op: Op, made: Mapping[str, Relation]) -> None:
        """An output of that name is a port for rejected rows of the node that runs its workflow."""
        scope = self.planned.scope
        if scope.step is not None and scope.around is not None and isinstance(op, Output) and op.name == REJECTED:
            with blame(scope.step.node.id):
                connected = {REJECTED} if self.planned.connected else frozenset[str]()
                refuse_rejected({REJECTED: made[RESULT]}, connected, scope.around.checked.workflow.settings)

    def _log(self, level: str, text: str) -> None:
        """Secrets are masked before a long line is cut: half of one would not be found."""
        _, _, inside = self.planned.node_id.partition("/") if self.planned.scope.step else ("", "", "")
        self.log(level, self.run_context.masked(f"{inside}: {text}" if inside else text)[:LONGEST_LINE])

    def _wired(self, port: str, given: Any) -> list[Any]:
        """The tables of a port in the order of its wires; Dagster hands each output over once."""
        tables = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
        places = [(wire.source, wire.source_port) for wire in self.planned.step.into(port)]
        by_place = dict(zip(dict.fromkeys(places), tables, strict=bool(tables)))
        return [by_place[place] for place in places if place in by_place]

    def _check_columns(self, op: Op, tables: Mapping[str, list[Any]]) -> None:
        first = next(iter(op.ports.inputs), None)
        for path, name, port in op.columns_named:
            for table in tables.get(port or first or "", [])[:1]:
                if table is not None and name not in table.columns:
                    error = unknown_column(name, table.columns, port or first)
                    error.path = f"/config{path}"
                    raise error

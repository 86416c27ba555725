"""Starts executions: the posted version, with these parameters and rows, now or in its turn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from dagster import DagsterRun

from orchestrator.catalog import Catalog, Stored
from orchestrator.compiler.emit import RUN_CONFIG
from orchestrator.compiler.handed_down import EXECUTION_TAG, hand_down
from orchestrator.compiler.jobs import Compiled, Jobs
from orchestrator.compiler.judge import judge
from orchestrator.compiler.order import above
from orchestrator.compiler.parameters import resolve
from orchestrator.compiler.plan import Plan
from orchestrator.compiler.run import table_path
from orchestrator.compiler.saved import Library
from orchestrator.errors import Conflict, InvalidGraph, Problem
from orchestrator.graph import Workflow
from orchestrator.names import port_key
from orchestrator.pointers import escaped
from orchestrator.runs import adapter, given
from orchestrator.runs.view import TRIGGER_TAG
from orchestrator.secrets import seal
from orchestrator.settings import Settings
from orchestrator.suggest import near

PRIORITY_TAG = "dagster/priority"
UNTIL_TAG = "graphmill/until"
OWN_TAGS = ("dagster/", "graphmill/", ".dagster/")


@dataclass(frozen=True)
class Wish:
    """What the caller wants of a run; all of it optional."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    input_data: given.Given = field(default_factory=dict)
    cache: bool = True
    until: str | None = None
    priority: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    trigger: str = "api"


class Starter:
    """Creates runs and submits them."""

    def __init__(self, catalog: Catalog, jobs: Jobs, settings: Settings) -> None:
        self._catalog, self._jobs, self._settings = catalog, jobs, settings

    def start(self, workflow_id: str, wish: Wish, run_id: str | None = None) -> str:
        """Start the latest version of a workflow; returns the execution's id, new where none is given.

        Raises:
            NotFound: no such workflow.
            Conflict: its latest version is a draft that cannot run.
            InvalidGraph: a parameter, an input or `until` that the workflow does not have; rows that do not fit.
            Unavailable: the code server does not answer.
        """
        stored = self.latest(workflow_id)
        compiled = self._jobs.get(workflow_id, stored.version)
        workflow = compiled.plan.checked.workflow
        config = run_config(workflow, wish.parameters, wish.cache)
        problems = [
            *given.problems_of(compiled.plan, wish.input_data),
            *_unknown_until(compiled, wish.until),
            *_own_tags(wish),
        ]
        if problems:
            raise InvalidGraph(problems)
        wanted = up_to(compiled.plan, wish.until)
        steps = None if wish.until is None else [s.alias for s in compiled.plan.steps if s.node_id in wanted]
        return self.submit(compiled, config, wish, steps=steps, run_id=run_id).run_id

    def latest(self, workflow_id: str) -> Stored:
        """The latest version of a workflow, to be run. Raises NotFound, and Conflict for a draft that cannot run."""
        stored = self._catalog.get(workflow_id)
        if not stored.valid:  # as it was when it was saved: a file that was missing may be there by now
            judged = judge(stored.document, Library.of(self._catalog, stored))
            for wrong in (each.message for each in judged.problems if each.severity == "error"):
                draft = f"Version {stored.version} of this workflow is a draft with errors"
                raise Conflict(f"{draft}; it cannot run. {wrong}", problems=judged.problems)
        return stored

    def submit(
        self,
        compiled: Compiled,
        config: Mapping[str, Any],
        wish: Wish,
        *,
        steps: Sequence[str] | None = None,
        parent: DagsterRun | None = None,
        kept: Sequence[str] = (),
        run_id: str | None = None,
    ) -> DagsterRun:
        """Store and submit a run; `kept` are the keys of nodes whose stored tables the parent run hands down.

        Raises:
            Unavailable: the code server does not answer.
        """
        adapter.await_code_server(self._settings)  # before there is a run that nobody may be able to start
        run_id = run_id or str(uuid4())
        folder = self._settings.runs / run_id
        hand_down(self._settings.runs, parent, folder, kept)
        for node, name in given.given_to(compiled.plan.checked.workflow, wish.input_data):
            given.write_given(folder, node.id, wish.input_data[name])
        tags = {**wish.tags, EXECUTION_TAG: run_id, TRIGGER_TAG: wish.trigger, PRIORITY_TAG: str(wish.priority)}
        if wish.until is not None:
            tags[UNTIL_TAG] = wish.until
        run = adapter.create_run(
            compiled, self._settings, run_id=run_id, run_config=config, tags=tags, steps=steps, parent=parent,
            ready=_stored(compiled.plan, folder, kept),
        )  # fmt: skip
        adapter.submit(run, self._settings, self._catalog.engine)
        self._catalog.touch(compiled.workflow_id)
        return run


def _stored(plan: Plan, folder: Path, kept: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The ports, by alias and output, of these nodes whose tables are in the folder of a run."""
    for step in plan.steps:
        if step.key in kept:
            for port in step.step.op.ports.outputs:
                if table_path(folder, step.key, port).is_file():
                    yield step.alias, port_key(port)


def run_config(workflow: Workflow, given: Mapping[str, Any], cache: bool) -> dict[str, Any]:
    """The run's config in Dagster: the parameters that were given, secrets sealed.

    Raises:
        InvalidGraph: a parameter is unknown, missing or of another type.
    """
    values = resolve(workflow, given)
    kinds = {parameter.name: parameter.type for parameter in workflow.parameters}
    config: dict[str, Any] = {RUN_CONFIG: {"cache": cache}}
    for name, value in values.items():
        if name in given or value is not None:
            plain = value.isoformat() if kinds[name] in ("date", "datetime") and value is not None else value
            config[name] = seal(plain) if kinds[name] == "secret" and plain is not None else plain
    return config


def up_to(plan: Plan, until: str | None) -> frozenset[str]:
    """The nodes of a run that ends with one of them: that one and all that it depends on; else all nodes."""
    if until is None:
        return frozenset(step.node_id for step in plan.steps)
    return frozenset[str]().union(*(above(each, plan.edges) for each in plan.within(until)))


def _unknown_until(compiled: Compiled, until: str | None) -> list[Problem]:
    if until is None or compiled.plan.within(until):
        return []
    known = [step.node_id for step in compiled.plan.steps]
    message = f"Node '{until}' is not among those that run.{near(until, known)}"
    return [Problem(code="unknown_node", message=message, path="/until", node_id=until)]


def _own_tags(wish: Wish) -> list[Problem]:
    return [
        Problem(code="invalid_tag", message=f"Tag '{name}' is kept for the system.", path=f"/tags/{escaped(name)}")
        for name in wish.tags if name.startswith(OWN_TAGS)
    ]  # fmt: skip

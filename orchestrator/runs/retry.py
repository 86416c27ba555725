"""Runs an execution again and keeps what is still good: what succeeded, is stored, and has not changed since."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from dagster import DagsterRun

from orchestrator.compiler.emit import RUN_CONFIG, WORKFLOW_TAG
from orchestrator.compiler.jobs import Compiled, Jobs
from orchestrator.compiler.order import below
from orchestrator.compiler.plan import Plan, Planned
from orchestrator.compiler.run import table_path
from orchestrator.errors import Conflict, InvalidGraph, Problem
from orchestrator.graph import Workflow
from orchestrator.literals import placeholders
from orchestrator.runs.shapes import Execution, NodeRun
from orchestrator.runs.start import OWN_TAGS, PRIORITY_TAG, UNTIL_TAG, Starter, Wish, run_config, up_to
from orchestrator.runs.view import ENDED, View, version_of
from orchestrator.secrets import reveal
from orchestrator.settings import Settings
from orchestrator.suggest import near

Version = Literal["same", "latest"]
NAMED = {"/start": "start", "/failure": "failure"}  # nodes that are called like a place to start from


class Retrier:
    """Makes the next execution from one that has ended."""

    def __init__(self, jobs: Jobs, view: View, starter: Starter, settings: Settings) -> None:
        self._jobs, self._view, self._starter, self._settings = jobs, view, starter, settings

    def retry(self, execution_id: str, start_from: str = "failure", version: Version = "same") -> str:
        """Start again from the failure or from the start, as far as the execution was to run (`until`); or from a node,
        to the end. Returns the new execution's id. Of the parameters, the latest version gets those that it still has.

        Raises:
            NotFound: no such execution, or its workflow was deleted and the latest version is wanted.
            Conflict: it has not ended yet, nothing is left to do, or the latest version is a draft that cannot run.
            InvalidGraph: no such node; the latest version does not take the execution's parameters.
        """
        parent = self._view.get(execution_id)
        if parent.status not in ENDED:
            raise Conflict(f"Execution '{execution_id}' is {parent.status}; only one that has ended can be retried.")
        run = self._view.record(execution_id).dagster_run
        workflow_id, number = run.tags[WORKFLOW_TAG], version_of(run)
        before = self._jobs.get(workflow_id, number)
        if version == "latest":
            number = self._starter.latest(workflow_id).version
        compiled = self._jobs.get(workflow_id, number)
        wish = _wish(run, start_from)
        wanted = up_to(compiled.plan, wish.until)
        if wish.until is not None and not wanted:
            raise InvalidGraph([_unknown("/version", wish.until, f"version {number} of this workflow", ())])
        kept = self._kept(before, compiled, parent, start_from, run.run_config)
        steps = [s.alias for s in compiled.plan.steps if s.node_id in wanted and s.node_id not in kept]
        if not steps:
            raise Conflict("Every node of this execution has succeeded; retry it from the start or from a node.")
        keys = [step.key for step in compiled.plan.steps if step.node_id in kept]
        config = run.run_config if compiled is before else _carried(before, compiled, run.run_config)
        return self._starter.submit(compiled, config, wish, steps=steps, parent=run, kept=keys).run_id

    def _kept(
        self, before: Compiled, after: Compiled, parent: Execution, start_from: str, config: Mapping[str, Any]
    ) -> set[str]:
        """The nodes whose results are taken over."""
        known = [step.node_id for step in after.plan.steps]
        if start_from == "start":
            return set()
        first = after.plan.within(start_from) or after.plan.within(NAMED.get(start_from, start_from))
        if start_from != "failure" and not first:
            raise InvalidGraph([_unknown("/from", start_from, "this workflow", known)])
        done = {node.node_id for node in _every(parent.nodes) if node.status in ("completed", "cached")}
        again = set(known) - done
        if start_from != "failure":
            again |= first
        again |= {each for node in _changed(before.plan, after.plan, config) for each in after.plan.within(node)}
        edges = after.plan.edges
        again = {each for node in again for each in below(node, edges)} if again else set()
        return self._stored(after, set(known) - again, parent.id)

    def _stored(self, after: Compiled, kept: set[str], run_id: str) -> set[str]:
        """Of those, the ones whose tables are there for the nodes that run again."""
        folder = self._settings.runs / run_id
        while True:
            needed = {
                (w.source, w.source_port) for s in after.plan.steps if s.node_id not in kept for w in s.step.wires
            }
            lost = {s.node_id for s in after.plan.steps if s.node_id in kept and _lacks(folder, s, needed)}
            if not lost:
                return kept
            kept -= lost


def _wish(run: DagsterRun, start_from: str) -> Wish:
    """What is taken over of the run's own: its tags, its priority, how far it was to run."""
    priority = run.tags.get(PRIORITY_TAG, "0")
    return Wish(
        until=run.tags.get(UNTIL_TAG) if start_from in ("failure", "start") else None,
        priority=int(priority) if priority.lstrip("-").isdecimal() else 0,
        tags={name: value for name, value in run.tags.items() if not name.startswith(OWN_TAGS)},
        trigger="retry",
    )


def _unknown(path: str, node_id: str | None, place: str, known: Iterable[str]) -> Problem:
    message = f"Node '{node_id}' is not in {place}.{near(node_id or '', known)}"
    return Problem(code="unknown_node", message=message, path=path)


def _carried(before: Compiled, after: Compiled, config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's config for another version, of the values that both have; no secret becomes plain text."""
    old, new = (_secrets(each.plan.checked.workflow) for each in (before, after))
    values = {name: config[name] for name in new if name in old and name in config and new[name] >= old[name]}
    values |= reveal({name: value for name, value in values.items() if old[name]})
    return run_config(after.plan.checked.workflow, values, bool(config.get(RUN_CONFIG, {}).get("cache", True)))


def _secrets(workflow: Workflow) -> dict[str, bool]:
    return {each.name: each.type == "secret" for each in workflow.parameters}


def _lacks(folder: Path, step: Planned, needed: set[tuple[str, str]]) -> bool:
    ports = [port for port in step.step.op.ports.outputs if (step.node_id, port) in needed]
    return any(not table_path(folder, step.key, port).exists() for port in ports)


def _every(nodes: Iterable[NodeRun]) -> Iterator[NodeRun]:
    """Nodes, and those of the workflows that they run."""
    for node in nodes:
        yield node
        yield from _every(node.nodes)


def _changed(before: Plan, after: Plan, config: Mapping[str, Any]) -> set[str]:
    """The nodes, also of workflows inside, whose type, settings or wires differ between two versions run with this."""
    old, new = dict(_described(before, config)), dict(_described(after, config))
    return {place for place, node in new.items() if node != old.get(place)}


def _described(plan: Plan, config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for scope in (plan.root, *plan.scopes.values()):
        workflow = scope.checked.workflow
        given = config if scope is plan.root else {}
        values = {each.name: (each.type, given.get(each.name, each.default)) for each in workflow.parameters}
        for node in workflow.nodes:
            wires = [(e.source, e.source_handle, e.target_handle) for e in workflow.edges if e.target == node.id]
            read = [values.get(name) for _, name in placeholders(node.config)]
            yield scope.place(node.id), (node.type, node.config, node.enabled, wires, read)

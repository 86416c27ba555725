"""Runs an execution again and keeps what is still good: what succeeded, is stored, and has not changed since."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from orchestrator.catalog import Catalog
from orchestrator.compiler.emit import WORKFLOW_TAG
from orchestrator.compiler.jobs import Compiled, Jobs
from orchestrator.compiler.order import below
from orchestrator.compiler.plan import Plan, Planned
from orchestrator.compiler.run import VERSION_TAG, table_path
from orchestrator.errors import Conflict, InvalidGraph, Problem
from orchestrator.runs.shapes import Execution, NodeRun
from orchestrator.runs.start import Starter, Wish
from orchestrator.runs.view import ENDED, View
from orchestrator.settings import Settings
from orchestrator.suggest import near

Version = Literal["same", "latest"]


class Retrier:
    """Makes the next execution from one that has ended."""

    def __init__(self, catalog: Catalog, jobs: Jobs, view: View, starter: Starter, settings: Settings) -> None:
        self._catalog, self._jobs, self._view, self._starter = catalog, jobs, view, starter
        self._settings = settings

    def retry(self, execution_id: str, start_from: str = "failure", version: Version = "same") -> str:
        """Start again from the failure, from the start, or from a node; returns the new execution's id.

        Raises:
            NotFound: no such execution, or its workflow was deleted and the latest version is wanted.
            Conflict: it has not ended yet, or nothing is left to do.
            InvalidGraph: no such node.
        """
        parent = self._view.get(execution_id)
        if parent.status not in ENDED:
            raise Conflict(f"Execution '{execution_id}' is {parent.status}; only one that has ended can be retried.")
        run = self._view.record(execution_id).dagster_run
        workflow_id, number = run.tags[WORKFLOW_TAG], int(run.tags[VERSION_TAG])
        before = self._jobs.get(workflow_id, number)
        if version == "latest":
            number = self._catalog.get(workflow_id).version
        compiled = self._jobs.get(workflow_id, number)
        kept = self._kept(before, compiled, parent, start_from)
        steps = [step.alias for step in compiled.plan.steps if step.node_id not in kept]
        if not steps:
            raise Conflict("Every node of this execution has succeeded; retry it from the start or from a node.")
        keys = [step.key for step in compiled.plan.steps if step.node_id in kept]
        wish = Wish(trigger="retry", priority=int(run.tags.get("dagster/priority", 0)))
        return self._starter.submit(compiled, run.run_config, wish, steps=steps, parent=run, kept=keys).run_id

    def _kept(self, before: Compiled, after: Compiled, parent: Execution, start_from: str) -> set[str]:
        """The nodes whose results are taken over."""
        known = [step.node_id for step in after.plan.steps]
        if start_from == "start":
            return set()
        first = after.plan.within(start_from)
        if start_from != "failure" and not first:
            message = f"Node '{start_from}' is not in this workflow.{near(start_from, known)}"
            raise InvalidGraph([Problem(code="unknown_node", message=message, path="/from")])
        done = {node.node_id for node in _every(parent.nodes) if node.status in ("completed", "cached")}
        again = set(known) - done
        if start_from != "failure":
            again |= first
        again |= {each for node in _changed(before.plan, after.plan) for each in after.plan.within(node)}
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


def _lacks(folder: Path, step: Planned, needed: set[tuple[str, str]]) -> bool:
    ports = [port for port in step.step.op.ports.outputs if (step.node_id, port) in needed]
    return any(not table_path(folder, step.key, port).exists() for port in ports)


def _every(nodes: Iterable[NodeRun]) -> Iterator[NodeRun]:
    """Nodes, and those of the workflows that they run."""
    for node in nodes:
        yield node
        yield from _every(node.nodes)


def _changed(before: Plan, after: Plan) -> set[str]:
    """The nodes, also of workflows inside, whose type, settings or wires differ between two versions."""
    old, new = dict(_described(before)), dict(_described(after))
    return {place for place, node in new.items() if node != old.get(place)}


def _described(plan: Plan) -> Iterator[tuple[str, Any]]:
    for scope in (plan.root, *plan.scopes.values()):
        workflow = scope.checked.workflow
        for node in workflow.nodes:
            wires = [(e.source, e.source_handle, e.target_handle) for e in workflow.edges if e.target == node.id]
            yield scope.place(node.id), (node.type, node.config, node.enabled, wires)

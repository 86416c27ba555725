"""Reads the state of a run's nodes from Dagster's events."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster import DagsterEvent, DagsterRun
from dagster import DagsterEventType as Kind
from dagster._core.events.log import EventLogEntry

from orchestrator.compiler.emit import OVERTIME
from orchestrator.compiler.order import below
from orchestrator.compiler.parameters import KEPT, resolve
from orchestrator.compiler.plan import Plan
from orchestrator.compiler.run import table_path
from orchestrator.errors import InvalidGraph, Problem
from orchestrator.faults import scrub
from orchestrator.names import port_of
from orchestrator.runs.reasons import CANCELED, error_of, sentence_of
from orchestrator.runs.shapes import NodeRun, PortOutput, RunError
from orchestrator.runs.tree import Tree

SCHEMA = "dagster/column_schema"
ROWS = "dagster/row_count"


class Progress:
    """The nodes of a run, as far as the events fed so far tell."""

    def __init__(self, plan: Plan, run: DagsterRun, folder: Path) -> None:
        self._plan, self._config = plan, run.run_config
        self._ids = {step.alias: step.node_id for step in plan.steps}
        self._all = Tree(plan)
        self._crashed = False
        self._told: dict[str, str] = {}
        self.error: RunError | None = None
        for place in self._all.nodes.keys() - set(self._ids.values()) - plan.scopes.keys():
            self._all.nodes[place].status = "skipped"
        if run.step_keys_to_execute is not None:
            self._left_out(set(run.step_keys_to_execute), folder)

    @property
    def nodes(self) -> Mapping[str, NodeRun]:
        """The nodes of the posted graph by their ids, those of workflows inside below them."""
        self._all.sum_up()
        return self._all.top

    @property
    def places(self) -> Mapping[str, NodeRun]:
        """Every node by its place (`Scope.place`)."""
        self._all.sum_up()
        return self._all.nodes

    def _left_out(self, executed: set[str], folder: Path) -> None:
        """The steps that this run does not execute: `cached` where it has their tables, else `skipped`."""
        for step in self._plan.steps:
            if step.alias not in executed:
                node = self._all.changed(step.node_id)
                node.outputs = stored_outputs(folder, step.key, list(step.step.op.ports.outputs))
                node.status = "cached" if node.outputs else "skipped"

    def feed(self, entry: EventLogEntry) -> str | None:
        """Take in one event; returns the place of the node that it changed (`Scope.place`)."""
        event = entry.dagster_event
        if event is None:
            return None
        if event.event_type == Kind.ENGINE_EVENT and CRASHED in (event.message or ""):
            self._crashed = True
        if event.event_type == Kind.RUN_FAILURE and self.error is None:
            self.error = self._of_run(event)
        place = self._ids.get(entry.step_key or "")
        change = CHANGES.get(event.event_type)
        if event.event_type == Kind.STEP_FAILURE and not self._ids:  # the version cannot be read any more
            self.error = self.error or error_of(event.event_specific_data, None)
        if place is None or change is None:
            return None
        node = self._all.changed(place)
        change(node, event.event_specific_data, moment(entry.timestamp))
        if event.event_type == Kind.STEP_FAILURE:
            self._blame(node)
        return place

    def _of_run(self, event: DagsterEvent) -> RunError:
        """A failure of the run itself: on the node that it ended, or on the parameter that was not accepted."""
        ended = next((place for place in self._ids.values() if self._all.nodes[place].status == "running"), None)
        said, node_id = sentence_of(event.event_specific_data), None if ended is None else self.top(ended)
        refused = next(iter(_refused(self._plan, self._config)), None) if said and self._ids else None
        if refused is not None:
            return RunError(message=refused.message, code=refused.code, path=refused.path)
        if (event.message or "").startswith((OVERTIME, TOO_LONG)):
            return RunError(message=OVERTIME, code="timed_out", node_id=node_id, path="/settings/timeout_s")
        return RunError(message=said or scrub(self._said(event.message)), node_id=node_id)

    def _said(self, message: str | None) -> str:
        """Dagster does not say by whom a run is marked as failed: by its code server, or by a person."""
        if message and message.startswith(MARKED):
            return DIED if self._crashed else "Somebody marked the run as failed in Dagster."
        return message or "The run failed."

    def node_of(self, entry: EventLogEntry) -> str | None:
        """The id of the node of the posted graph that an event comes from."""
        place = self._ids.get(entry.step_key or "")
        return None if place is None else self.top(place)

    def top(self, place: str) -> str:
        """The id of the node of the posted graph that a place is in."""
        return self._all.path(place)[0]

    def changed(self, place: str) -> NodeRun:
        """A node of the posted graph; of those inside, it has only the one at this place."""
        self._all.sum_up()
        self._told[place] = self._all.nodes[place].status
        return self._all.line(place)

    def untold(self) -> list[str]:
        """The places of nodes that `changed` has not given in their present state; not of those that hold others."""
        now = {place: node.status for place, node in self._all.nodes.items() if not node.nodes}
        return [place for place, status in now.items() if self._told.get(place, "pending") != status]

    def _blame(self, node: NodeRun) -> None:
        """Put a failure on the node that caused it: in a fused run the sink fails for an earlier node."""
        error = node.error
        if error is None:
            return
        place = error.node_id if error.node_id in self._all.nodes else node.node_id
        self.error = self.error or self._all.seen_from_above(place or node.node_id, error)
        if place is None or place in self._all.path(node.node_id):
            return
        for later in below(place, self._plan.edges):
            skipped = self._all.changed(later)
            skipped.status, skipped.error = "skipped", None
        culprit = self._all.changed(place)
        culprit.status, culprit.error = "failed", error

    def finish(self, status: str) -> None:
        """What a run's end means for the nodes that had not ended."""
        for place in self._ids.values():
            node = self._all.changed(place)
            if node.status == "running" or (node.status == "pending" and node.attempts):  # it waits to be tried again
                node.status = "canceled" if status == "canceled" else "failed"
                node.error = node.error or (self.error if status == "failed" else None)
            elif node.status == "pending":
                node.status = "skipped"


def _refused(plan: Plan, config: Mapping[str, Any]) -> Sequence[Problem]:
    """What is wrong with the parameters of a run that others than the API have started."""
    try:
        resolve(plan.checked.workflow, {name: value for name, value in config.items() if name != KEPT})
    except InvalidGraph as error:
        return error.problems
    return ()


def stored_outputs(folder: Path, key: str, ports: Iterable[str]) -> dict[str, PortOutput]:
    """The stored tables of a node, by their Parquet footers."""
    from pyarrow import parquet

    found = {}
    for port in ports:
        path = table_path(folder, key, port)
        if path.exists():
            footer = parquet.read_metadata(path)
            found[port] = PortOutput(rows=footer.num_rows, columns=footer.num_columns)
    return found


def moment(timestamp: float | None) -> datetime | None:
    """Dagster's seconds since 1970 as UTC."""
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def _started(node: NodeRun, _: Any, at: datetime | None) -> None:
    node.status, node.attempts = "running", node.attempts + 1
    node.started_at = node.started_at or at
    node.error = None


def _output(node: NodeRun, data: Any, _: datetime | None) -> None:
    metadata = data.metadata or {}
    schema = metadata.get(SCHEMA)
    rows = metadata.get(ROWS)
    node.outputs[port_of(data.output_name)] = PortOutput(
        rows=None if rows is None else int(rows.value),
        columns=None if schema is None else len(schema.schema.columns),
    )


def _completed(node: NodeRun, _: Any, at: datetime | None) -> None:
    node.status, node.completed_at = "completed", at


def _failed(node: NodeRun, data: Any, at: datetime | None) -> None:
    node.error = error_of(data, node.node_id)
    if node.error.code == CANCELED:
        node.status, node.error = "canceled", None
    else:
        node.status = "failed"
    node.completed_at = at


def _skipped(node: NodeRun, _: Any, at: datetime | None) -> None:
    node.status = "skipped"


def _retried(node: NodeRun, data: Any, _: datetime | None) -> None:
    node.status = "pending"
    node.error = error_of(data, node.node_id)


# Dagster's own words, of dagster._grpc.server, DagsterInstance.report_run_failed and dagster._daemon.monitoring.
CRASHED, MARKED = "Run execution process for", "This run has been marked as failed from outside"
TOO_LONG = "Exceeded maximum runtime of "
DIED = "The run's process died: it was killed, or the machine ran out of memory."
CHANGES: Mapping[Any, Callable[[NodeRun, Any, datetime | None], None]] = {
    Kind.STEP_START: _started,
    Kind.STEP_RESTARTED: _started,
    Kind.HANDLED_OUTPUT: _output,
    Kind.STEP_SUCCESS: _completed,
    Kind.STEP_FAILURE: _failed,
    Kind.STEP_SKIPPED: _skipped,
    Kind.STEP_UP_FOR_RETRY: _retried,
}
FAILURES = {Kind.STEP_FAILURE, Kind.RUN_FAILURE, Kind.ENGINE_EVENT}
READ = {*CHANGES, *FAILURES}  # of all that Dagster stores

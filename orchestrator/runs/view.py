"""Executions, read from Dagster's runs and events."""

import builtins
from collections.abc import Mapping, Set
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from orchestrator.compiler.check import Checked
from orchestrator.compiler.emit import RUN_CONFIG, WORKFLOW_TAG
from orchestrator.compiler.handed_down import is_own
from orchestrator.compiler.jobs import Jobs
from orchestrator.compiler.opened import RESULT, Scope, ends
from orchestrator.compiler.plan import Plan
from orchestrator.compiler.run import VERSION_TAG, table_path
from orchestrator.errors import InvalidGraph, NotFound
from orchestrator.graph import Workflow, read
from orchestrator.names import key
from orchestrator.ops.output import Output
from orchestrator.runs.progress import FAILURES, READ, Progress, moment
from orchestrator.runs.shapes import Execution, NodeStatus, RunError, Status
from orchestrator.secrets import MASK, mask
from orchestrator.settings import Settings
from orchestrator.suggest import near

TRIGGER_TAG = "graphmill/trigger"
STATUSES: dict[DagsterRunStatus, Status] = {
    DagsterRunStatus.QUEUED: "pending",
    DagsterRunStatus.NOT_STARTED: "pending",
    DagsterRunStatus.MANAGED: "pending",
    DagsterRunStatus.STARTING: "pending",
    DagsterRunStatus.STARTED: "running",
    DagsterRunStatus.CANCELING: "running",
    DagsterRunStatus.SUCCESS: "completed",
    DagsterRunStatus.FAILURE: "failed",
    DagsterRunStatus.CANCELED: "canceled",
}
ENDED = ("completed", "failed", "canceled")
NOT_KEPT = "This node has none: it did not run, or tables are not kept (`cache: false`)."
WHY: Mapping[NodeStatus, str] = {
    "pending": "This node has not run yet.",
    "running": "This node is running; its table is there once it is whole.",
    "failed": "This node failed.",
    "canceled": "This node was canceled.",
    "skipped": "This node did not run.",
    "completed": NOT_KEPT,
    "cached": NOT_KEPT,
}
UNREAD = Plan(Scope(Checked(Workflow(), ())), (), {})  # nothing is known of its nodes; its log tells what happened


class View:
    """Reads executions."""

    def __init__(self, instance: DagsterInstance, jobs: Jobs, settings: Settings) -> None:
        self._instance, self._jobs, self._settings = instance, jobs, settings
        self._reason = lru_cache(maxsize=1000)(self._read_reason)  # a run that has failed has done so for good

    def record(self, execution_id: str) -> RunRecord:
        """Dagster's record of an execution.

        Raises:
            NotFound: no such execution.
        """
        record = self._instance.get_run_record_by_id(execution_id)
        if record is None or WORKFLOW_TAG not in record.dagster_run.tags:
            raise NotFound(f"Execution '{execution_id}' is not there.")
        return record

    def get(self, execution_id: str) -> Execution:
        """An execution with every node's state.

        Raises:
            NotFound: no such execution.
        """
        record = self.record(execution_id)
        plan = self.plan(record.dagster_run)
        execution, progress = self._row(record, plan), self._read(record.dagster_run, READ, plan)
        if execution.status in ENDED:
            progress.finish(execution.status)
        error = progress.error if execution.status == "failed" else None
        return execution.model_copy(update={"nodes": list(progress.nodes.values()), "error": error})

    def summary(self, record: RunRecord) -> Execution:
        """An execution without its nodes."""
        execution = self._row(record)
        error = self._reason(execution.id) if execution.status == "failed" else None
        return execution.model_copy(update={"error": error})

    def _read_reason(self, execution_id: str) -> RunError | None:
        run = self.record(execution_id).dagster_run
        plan = self.plan(run)
        error = self._read(run, FAILURES, plan).error
        placed = error is not None and (error.node_id is not None or error.path is not None)
        return error if placed else self._read(run, READ, plan).error

    def _read(self, run: DagsterRun, kinds: Set[DagsterEventType], plan: Plan) -> Progress:
        progress = self.progress(run, plan)
        for entry in self._instance.all_logs(run.run_id, of_type=set(kinds)):
            progress.feed(entry)
        return progress

    def outputs(self, execution_id: str) -> dict[str, str]:
        """The nodes whose rows an execution gives under a name, by that name.

        Raises:
            NotFound: no such execution.
        """
        run = self.record(execution_id).dagster_run
        workflow, _ = read(self._jobs.document(run.tags[WORKFLOW_TAG], version_of(run)))
        named = (node for node in (workflow.nodes if workflow else ()) if node.type == Output.type)
        return {str(node.config.get("name")): node.id for node in named}

    def results(self, run: DagsterRun, plan: Plan, node_id: str) -> dict[str, Path]:
        """The stored tables of a node that runs another workflow: those of the outputs inside, by name."""
        inside = plan.scopes.get(node_id)
        if inside is None:
            return {}
        folder = self._settings.runs / run.run_id
        found = {name: table_path(folder, key(inside.place(step.node.id)), RESULT) for name, step in ends(inside)}
        return {name: path for name, path in found.items() if path.is_file()}

    def no_table(self, run: DagsterRun, plan: Plan, node_id: str) -> str:
        """Why there is no table of a node, as a sentence."""
        progress, state = self._read(run, READ, plan), STATUSES[run.status]
        if state in ENDED:
            progress.finish(state)
        if node_id in progress.places:
            return WHY[progress.places[node_id].status]
        if plan is UNREAD:
            return NOT_KEPT
        return f"Version {version_of(run)} of the workflow has no such node.{near(node_id, progress.places)}"

    def progress(self, run: DagsterRun, plan: Plan | None = None) -> Progress:
        """The nodes of a run before its first event."""
        return Progress(plan or self.plan(run), run, self._settings.runs / run.run_id)

    def plan(self, run: DagsterRun) -> Plan:
        """What a run was to do; `UNREAD` where that is not known any more, which is found out anew each time."""
        try:
            return self._jobs.get(run.tags[WORKFLOW_TAG], version_of(run)).plan
        except (NotFound, InvalidGraph):  # the version is not there, or these settings or this release refuse it
            return UNREAD

    def list(
        self, workflow_id: str | None = None, status: Status | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[builtins.list[Execution], int]:
        """A page of executions without their nodes, newest first, and how many there are in all."""
        wanted = [dagster for dagster, ours in STATUSES.items() if ours == status] if status else []
        runs = RunsFilter(tags={WORKFLOW_TAG: workflow_id} if workflow_id else {}, statuses=wanted)
        total = self._instance.get_runs_count(runs)
        if not limit or offset >= total:
            return [], total
        before = self._instance.get_run_ids(runs, limit=offset)[-1] if offset else None
        records = self._instance.run_storage.get_run_records(runs, limit=limit, cursor=before)
        return [self.summary(record) for record in records], total

    def _row(self, record: RunRecord, plan: Plan | None = None) -> Execution:
        """What a run's record alone tells."""
        run = record.dagster_run
        return Execution(
            id=run.run_id,
            workflow_id=run.tags.get(WORKFLOW_TAG, ""),
            version=version_of(run),
            status=STATUSES[run.status],
            queued_at=record.create_timestamp,
            started_at=moment(record.start_time),
            completed_at=moment(record.end_time),
            parameters=self._given(run, plan),
            trigger=trigger_of(run),
            retry_of=run.parent_run_id,
            run_url=self._settings.run_url(run.run_id),
        )

    def _given(self, run: DagsterRun, plan: Plan | None) -> dict[str, Any]:
        """The parameters as they may be shown. The API seals secrets; those of a run started in Dagster are plain."""
        given = mask({name: value for name, value in run.run_config.items() if name != RUN_CONFIG})
        if given and not is_own(run):
            declared = (plan or self.plan(run)).checked.workflow.parameters
            known = {each.name for each in declared if each.type != "secret"}
            given |= {name: MASK for name in given.keys() - known if given[name] is not None}
        return given


def version_of(run: DagsterRun) -> int:
    """The version that a run is of; 0 where somebody has made its tag another text in Dagster."""
    said = run.tags.get(VERSION_TAG, "")
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def trigger_of(run: DagsterRun) -> str:
    """What started a run: `api`, `schedule`, `sensor`, or `dagster` for its own UI."""
    if is_own(run) and (said := run.tags.get(TRIGGER_TAG)):
        return said
    return next((kind for kind in ("schedule", "sensor") if f"dagster/{kind}_name" in run.tags), "dagster")

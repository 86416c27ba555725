"""What has ended long ago goes: runs with their logs and tables, what Dagster kept of their jobs, idempotency keys."""

import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from orchestrator.service.storage import Runs
from orchestrator.settings import Settings

FIRST_S, EVERY_S = 60.0, 3600.0
AT_ONCE = 100
ENDED = (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)
log = structlog.get_logger("graphmill.pruner")


class Pruner(threading.Thread):
    """Looks once an hour; `forget_keys` frees the idempotency keys from before a moment."""

    def __init__(self, instance: DagsterInstance, settings: Settings, forget_keys: Callable[[datetime], None]) -> None:
        super().__init__(daemon=True, name="pruner")
        self._instance, self._settings, self._forget_keys = instance, settings, forget_keys

    def run(self) -> None:
        """Go on for ever; not at once, for a start has other work."""
        time.sleep(FIRST_S)
        while self._settings.keep_runs_days:
            try:
                self.prune(datetime.now(UTC))
            except Exception as error:
                log.warning("the pruner could not prune", error=f"{type(error).__name__}: {error}".splitlines()[0])
            time.sleep(EVERY_S)

    def prune(self, now: datetime) -> int:
        """Remove what ended more than `keep_runs_days` before this moment; returns how many runs."""
        before = now.astimezone(UTC) - timedelta(days=self._settings.keep_runs_days)
        ended, removed = RunsFilter(statuses=list(ENDED), updated_before=before), 0
        while found := self._instance.get_runs(ended, limit=AT_ONCE, ascending=True):
            for run in found:
                # The record goes last: should this process end in between, the next one finds it.
                shutil.rmtree(self._settings.runs / run.run_id, ignore_errors=True)
                self._instance.delete_run(run.run_id)
            removed += len(found)
        if removed and isinstance(self._instance.run_storage, Runs):
            log.info("runs removed", runs=removed, snapshots=self._instance.run_storage.drop_snapshots())
        self._forget_keys(before)
        return removed

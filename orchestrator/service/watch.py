"""The watcher: a run whose process is gone must not look alive.

Dagster's code server notices the death of a process that it started itself. This notices the rest: runs of a code
server that was killed, runs that nobody started, and runs that do not obey a cancel.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, DefaultRunLauncher, RunsFilter

from orchestrator.settings import Settings

EVERY_S = 1.0
NEVER_STARTED_S = 60.0
AFTER_GRACE_S = 2.0
LIMIT = 500
ALIVE = "worker.json"
ACTIVE = (
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
)  # fmt: skip
log = structlog.get_logger("graphmill.watcher")


@dataclass(frozen=True)
class Worker:
    """The process of a run, as it introduced itself."""

    pid: int
    create_time: float
    host: str

    @property
    def here(self) -> bool:
        """Whether it runs, or ran, on this machine."""
        return self.host == socket.gethostname()

    def process(self) -> psutil.Process | None:
        """The process when it lives; another one that got its number later does not count."""
        try:
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.create_time) < 2 and found.status() != psutil.STATUS_ZOMBIE:
                return found
        except psutil.NoSuchProcess:
            pass
        return None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a run: how it ended and why, and whether its process is to be killed."""

    canceled: bool
    reason: str
    kill: bool = False


def read_worker(folder: Path) -> Worker | None:
    """The worker of a run, from the file that it wrote first; None where none began."""
    with suppress(FileNotFoundError, ValueError, KeyError):
        said = json.loads((folder / ALIVE).read_text())
        return Worker(said["pid"], said["create_time"], said["host"])
    return None


def judge(
    status: DagsterRunStatus, seconds: float, worker: Worker | None, held: bool, grace_s: float
) -> Verdict | None:
    """The verdict on a run that has been seen in `status` for `seconds`; None: let it be.

    `held`: the code server of this process started it.
    """
    canceling = status is DagsterRunStatus.CANCELING
    if worker is None:
        if held or seconds < (grace_s if canceling else NEVER_STARTED_S):
            return None
        return Verdict(canceling, "The run was never started." if not canceling else "The run was canceled.")
    if not worker.here:
        return None
    if worker.process() is None:
        return Verdict(
            canceling,
            "The run was canceled." if canceling else
            f"The run's process died (pid {worker.pid}): it was killed, or the machine ran out of memory.",
        )  # fmt: skip
    if canceling and seconds > grace_s + AFTER_GRACE_S:
        return Verdict(True, "The run was canceled; its process did not stop in time and was killed.", kill=True)
    return None


class Watcher(threading.Thread):
    """Looks at the unfinished runs about once a second, and goes on doing so whatever happens."""

    def __init__(self, instance: DagsterInstance, settings: Settings, held: Callable[[], Set[str]]) -> None:
        super().__init__(daemon=True, name="watcher")
        self.instance = instance
        self._settings = settings
        self._held = held
        self._seen: dict[str, tuple[DagsterRunStatus, float]] = {}

    def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                self.look()
            except Exception as error:
                log.warning("the watcher could not look", error=f"{type(error).__name__}: {error}".splitlines()[0])
            time.sleep(EVERY_S)

    def look(self) -> None:
        """One round over the unfinished runs."""
        runs = self.instance.get_runs(RunsFilter(statuses=list(ACTIVE)), limit=LIMIT, ascending=True)
        self._seen = {run.run_id: self._first_seen(run) for run in runs}
        held = self._held()
        for run in runs:
            self._look_at(run, run.run_id in held)

    def _first_seen(self, run: DagsterRun) -> tuple[DagsterRunStatus, float]:
        before = self._seen.get(run.run_id)
        return before if before is not None and before[0] is run.status else (run.status, time.monotonic())

    def _look_at(self, run: DagsterRun, held: bool) -> None:
        worker = read_worker(self._settings.runs / run.run_id)
        if worker is None and not isinstance(self.instance.run_launcher, DefaultRunLauncher):
            return  # another launcher's runs say nothing here, and it has a health check of its own
        seconds = time.monotonic() - self._seen[run.run_id][1]
        verdict = judge(run.status, seconds, worker, held, self._settings.cancel_grace_s)
        if verdict is not None:
            self._carry_out(verdict, run.run_id, worker)
        elif run.status is DagsterRunStatus.CANCELING and not held and worker is not None:
            ask(worker)

    def _carry_out(self, verdict: Verdict, run_id: str, worker: Worker | None) -> None:
        run = self.instance.get_run_by_id(run_id)  # again: it may have ended between the first look and its death
        if run is None or run.is_finished:
            return
        if verdict.canceled:
            self.instance.report_run_canceled(run, verdict.reason)
        else:
            self.instance.report_run_failed(run, verdict.reason)
        log.warning("run ended by the watcher", execution_id=run_id, reason=verdict.reason)
        process = worker.process() if verdict.kill and worker is not None else None
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def ask(worker: Worker) -> None:
    """Tell a worker of an earlier code server to stop: nobody else can any more."""
    if worker.here and worker.process() is not None:
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGTERM)

"""A run's process: says that it lives, pins the run's version, obeys a cancel, and lets Dagster run the job."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import structlog
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster import _check as check
from dagster._grpc.impl import IPCErrorMessage, RunInSubprocessComplete, start_run_in_subprocess
from dagster._grpc.types import ExecuteExternalJobArgs
from dagster._serdes import deserialize_value
from dagster._utils.error import SerializableErrorInfo  # type: ignore[attr-defined]

from orchestrator import memory
from orchestrator.compiler.emit import OVERTIME, TIMEOUT_TAG, WORKFLOW_TAG
from orchestrator.compiler.run import VERSION_TAG
from orchestrator.errors import GraphmillError
from orchestrator.logs import configure
from orchestrator.service.event_log import Events
from orchestrator.settings import Settings, settings
from orchestrator.tables import interrupt_all, open_ahead

ALIVE = "worker.json"
INTERRUPT_EVERY_S = 0.1
log = structlog.get_logger("graphmill.worker")


def work(arguments: str, job: Any, events: Any, stop: Any) -> None:
    """Run one run: the target of every process that the code server starts.

    Same arguments as Dagster's own target `start_run_in_subprocess`, which this one ends up calling.
    """
    configure()
    memory.limit(memory.of_machine() * 4 // 5)
    started, loaded, now = time.monotonic(), set(sys.modules), settings()
    open_ahead(memory_limit=now.memory_limit, threads=now.threads)
    asked = deserialize_value(arguments, ExecuteExternalJobArgs)
    say_alive(now.runs / asked.run_id)
    instance = opened_once(DagsterInstance.from_ref(check.not_none(asked.instance_ref)))
    if isinstance(instance.event_log_storage, Events):
        instance.event_log_storage.gather()
    run = instance.get_run_by_id(asked.run_id)
    if run is not None and (problem := refusal(run)):
        refuse(instance, run, problem, events)
        return
    log.info("run started", execution_id=asked.run_id, workflow_id=run and run.tags.get(WORKFLOW_TAG))
    longest = run.tags.get(TIMEOUT_TAG) if run else None
    ending = (stop, instance, asked.run_id, now, float(longest) if longest else None)
    threading.Thread(target=obey, args=ending, daemon=True, name="cancel").start()
    start_run_in_subprocess(arguments, job, events, stop)  # type: ignore[no-untyped-call]
    seconds = round(time.monotonic() - started, 3)
    log.info("run ended", execution_id=asked.run_id, seconds=seconds, imported=sorted(set(sys.modules) - loaded))


def say_alive(folder: Path) -> None:
    """Write who works on the run, so that a watcher can tell whether it still does."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {
        "pid": os.getpid(),
        "create_time": psutil.Process().create_time(),
        "host": socket.gethostname(),
        "started_at": time.time(),
    }
    draft = folder / f"{ALIVE}.{os.getpid()}"
    draft.write_text(json.dumps(said))
    draft.replace(folder / ALIVE)


def opened_once(instance: DagsterInstance) -> DagsterInstance:
    """Let Dagster use the instance that is open, in place of making the same one again."""
    DagsterInstance.from_ref = staticmethod(lambda _: instance)  # type: ignore[method-assign,assignment]
    return instance


def refusal(run: DagsterRun) -> str | None:
    """Why the run may not start; None after its version is pinned."""
    from orchestrator import definitions

    if run.status is DagsterRunStatus.CANCELING:
        return "The run was canceled before it started."
    workflow, version = run.tags.get(WORKFLOW_TAG), run.tags.get(VERSION_TAG, "")
    if not workflow or not version.isdecimal():
        return f"The run does not say what to run: its tags '{WORKFLOW_TAG}' and '{VERSION_TAG}' are missing."
    definitions.pin(workflow, int(version))
    try:
        definitions.repository.get_job(run.job_name)
    except GraphmillError as error:
        return f"Version {version} of workflow '{workflow}' cannot run: {error.message}"
    return None


def refuse(instance: DagsterInstance, run: DagsterRun, problem: str, events: Any) -> None:
    """End the run before its first step, and say why to whoever waits for its start."""
    log.error("run refused", execution_id=run.run_id, problem=problem)
    report: Callable[..., object] = (
        instance.report_run_canceled if run.status is DagsterRunStatus.CANCELING else instance.report_run_failed
    )
    report(run, problem)
    error = SerializableErrorInfo(message=problem, stack=[], cls_name="GraphmillError")
    events.put(IPCErrorMessage(serializable_error_info=error, message=problem))
    events.put(RunInSubprocessComplete())


def obey(stop: Any, instance: DagsterInstance, run_id: str, now: Settings, longest: float | None) -> None:
    """Wait for the order to stop, then interrupt what runs in native code; after the grace, end this process.

    Without an order the process ends after the `longest` that its run may take, in seconds. Dagster gives the order to
    itself as well when a run is through, hence the first look at the run's status.
    """
    if not stop.wait(longest):
        die(instance.report_run_failed, OVERTIME, instance, run_id)
    deadline = time.monotonic() + now.cancel_grace_s
    while time.monotonic() < deadline:
        if finished(instance, run_id):
            return
        time.sleep(INTERRUPT_EVERY_S)  # first Dagster's own interrupt, so that the run ends as canceled, not as failed
        interrupt_all()
    said = "The run was canceled; its process did not stop in time and was killed."
    die(instance.report_run_canceled, said, instance, run_id)


def finished(instance: DagsterInstance, run_id: str) -> bool:
    """Whether the run has ended; False while the database does not answer."""
    try:
        run = instance.get_run_by_id(run_id)
    except Exception:
        return False
    return run is None or run.is_finished


def die(report: Callable[[DagsterRun, str], object], said: str, instance: DagsterInstance, run_id: str) -> None:
    """Report how the run has ended and kill this process: nothing else ends a call into native code."""
    log.warning("run killed", execution_id=run_id, reason=said)
    try:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            report(run, said)
    except Exception:
        log.exception("the end could not be recorded", execution_id=run_id)
    os.kill(os.getpid(), signal.SIGKILL)

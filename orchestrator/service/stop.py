"""Canceling a run."""

import time

import structlog
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus

from orchestrator.errors import NotFound
from orchestrator.service.watch import read_worker
from orchestrator.settings import Settings

STARTING_S, LOOK_EVERY_S = 3.0, 0.05
WAITING = (DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED)
log = structlog.get_logger("graphmill.cancel")


def cancel(instance: DagsterInstance, run_id: str, settings: Settings) -> None:
    """Cancel a run and return, within seconds where it is just starting; a run that has ended is left as it is.

    One that waits is canceled by then. One that runs is CANCELING: its process interrupts itself, and is killed when it
    does not stop within `settings.cancel_grace_s`; where no code server answers, the watcher does it later.
    Raises NotFound.
    """
    run = instance.get_run_by_id(run_id)
    if run is None:
        raise NotFound(f"Execution '{run_id}' is not there.")
    if run.is_finished:
        return
    if run.status in WAITING and read_worker(settings.runs / run_id) is None:
        instance.report_run_canceled(run, "The run was canceled before it started.")
        return
    run = started(instance, run)
    if run.is_finished:
        return
    if run.status is not DagsterRunStatus.CANCELING:
        instance.report_run_canceling(run, "The run is being canceled.")
    order(run_id, settings)


def started(instance: DagsterInstance, run: DagsterRun) -> DagsterRun:
    """The run once it is past its start: before, its own "started" would overwrite the order to stop."""
    deadline = time.monotonic() + STARTING_S
    while run.status is DagsterRunStatus.STARTING and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
        run = instance.get_run_by_id(run.run_id) or run
    return run


def order(run_id: str, settings: Settings) -> None:
    """Ask the code server to stop the run's process."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient
    from dagster._grpc.types import CancelExecutionRequest

    client = DagsterGrpcClient(port=settings.code_server_port, host="127.0.0.1")
    try:
        client.cancel_execution(CancelExecutionRequest(run_id=run_id))
    except DagsterUserCodeUnreachableError:
        log.warning("the code server does not answer; the watcher will end the run", execution_id=run_id)

"""Canceling a run."""

import structlog
from dagster import DagsterInstance, DagsterRunStatus

from orchestrator.errors import NotFound
from orchestrator.service.watch import read_worker
from orchestrator.settings import Settings

WAITING = (DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED)
log = structlog.get_logger("graphmill.cancel")


def cancel(instance: DagsterInstance, run_id: str, settings: Settings) -> None:
    """Cancel a run and return at once; a run that has ended is left as it is.

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
    if run.status is not DagsterRunStatus.CANCELING:
        instance.report_run_canceling(run, "The run is being canceled.")
    order(run_id, settings)


def order(run_id: str, settings: Settings) -> None:
    """Ask the code server to stop the run's process."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient
    from dagster._grpc.types import CancelExecutionRequest

    client = DagsterGrpcClient(port=settings.code_server_port, host="127.0.0.1")
    try:
        client.cancel_execution(CancelExecutionRequest(run_id=run_id))
    except DagsterUserCodeUnreachableError:
        log.warning("the code server does not answer; the watcher will end the run", execution=run_id)

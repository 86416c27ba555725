"""The border to Dagster's instance: create a run of any job, listed or not, and hand it to the code server.

Internals of Dagster 1.13 that are used here, each held by `tests/test_dagster_internals.py`: origins of a run
(`RemoteJobOrigin`, `JobPythonOrigin`), `create_execution_plan`, `KnownExecutionState`,
`DefaultRunLauncher.launch_run_from_grpc_client`, `SubmitRunContext`.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.plan.outputs import StepOutputHandle
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT, JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator import SubmitRunContext

from orchestrator.compiler.emit import REPOSITORY
from orchestrator.compiler.jobs import Compiled
from orchestrator.errors import Unavailable
from orchestrator.service.health import client, code_server_answers
from orchestrator.settings import Settings

LOCATION = "graphmill"
HOST = "127.0.0.1"
PATIENCE_S, LOOK_S = 15.0, 0.1
LAUNCH_LOCK = 0x67_72_6D  # an advisory lock of ours: only one API process at a time counts and launches
UNDERWAY = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@lru_cache(maxsize=1)
def instance() -> DagsterInstance:
    """Dagster's instance of this process (`DAGSTER_HOME`)."""
    return DagsterInstance.get()


def await_code_server(settings: Settings) -> None:
    """Wait while the code server starts, also again after it has died.

    Raises:
        Unavailable: it does not answer for `PATIENCE_S`.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not code_server_answers(settings.code_server_port):
        if time.monotonic() > deadline:
            raise Unavailable("The code server, which starts runs, does not answer now; try again in a moment.")
        time.sleep(LOOK_S)


def create_run(
    compiled: Compiled,
    settings: Settings,
    *,
    run_id: str,
    run_config: Mapping[str, Any],
    tags: Mapping[str, str],
    steps: Sequence[str] | None = None,
    parent: DagsterRun | None = None,
    ready: Iterable[tuple[str, str]] = (),
) -> DagsterRun:
    """Store a run of a compiled job; `steps` are the aliases to execute, all when `None`.

    `ready` are the outputs, by alias and name, that are there without them: a port of many tables is not given others.
    """
    execution_plan = create_execution_plan(
        compiled.job,
        run_config=run_config,
        step_keys_to_execute=steps,
        known_state=KnownExecutionState(ready_outputs={StepOutputHandle(alias, output) for alias, output in ready}),
        instance_ref=instance().get_ref(),
    )
    return instance().create_run_for_job(
        compiled.job,
        execution_plan=execution_plan,
        run_id=run_id,
        run_config=run_config,
        tags={**compiled.job.tags, **tags},
        parent_run_id=parent.run_id if parent else None,
        root_run_id=(parent.root_run_id or parent.run_id) if parent else None,
        remote_job_origin=_remote_origin(compiled.job.name, settings.code_server_port),
        job_code_origin=_code_origin(compiled.job.name),
    )


def _remote_origin(job_name: str, port: int) -> RemoteJobOrigin:
    location = GrpcServerCodeLocationOrigin(host=HOST, port=port, location_name=LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), job_name)


def _code_origin(job_name: str) -> JobPythonOrigin:
    repository = RepositoryPythonOrigin(
        executable_path=sys.executable,
        code_pointer=ModuleCodePointer("orchestrator.definitions", "repository", os.getcwd()),
        entry_point=DEFAULT_DAGSTER_ENTRY_POINT,
    )
    return JobPythonOrigin(job_name, repository)


def submit(run: DagsterRun, settings: Settings, database: sa.Engine) -> None:
    """Launch a run now if it may start at once; else queue it, and Dagster's daemon starts it by its priority."""
    with _launching(database):
        if not _may_start(settings, run.run_id):
            instance().run_coordinator.submit_run(SubmitRunContext(run, workspace=None))  # type: ignore[arg-type]
            return
        starting = DagsterEvent(event_type_value=DagsterEventType.PIPELINE_STARTING.value, job_name=run.job_name)
        instance().report_dagster_event(starting, run_id=run.run_id)
    try:
        DefaultRunLauncher.launch_run_from_grpc_client(instance(), run, client(settings.code_server_port))
    except Exception as error:
        instance().report_engine_event(f"The code server did not start the run: {error}", run, EngineEventData({}))
        instance().report_run_failed(run, "The code server did not start the run.")


@contextmanager
def _launching(database: sa.Engine) -> Iterator[None]:
    with database.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LAUNCH_LOCK})
        yield


def _may_start(settings: Settings, run_id: str) -> bool:
    if instance().get_runs_count(RunsFilter(statuses=[DagsterRunStatus.QUEUED])):
        return False
    underway = instance().get_run_ids(RunsFilter(statuses=UNDERWAY), limit=settings.max_concurrent_runs + 1)
    return len(set(underway) - {run_id}) < settings.max_concurrent_runs

"""What `orchestrator/runs` uses of Dagster's internals is still what it was when the code was written."""

import inspect
from pathlib import Path

import dagster
import dagster_postgres.event_log.event_log as postgres_events
import pytest
from dagster import DagsterInstance, job, op
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.plan.outputs import StepOutputHandle
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.instance.methods import event_methods
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.run_coordinator import SubmitRunContext
from dagster._daemon.monitoring import run_monitoring
from dagster._grpc import server

from orchestrator.compiler.jobs import compile_document
from orchestrator.runs import adapter, progress, reasons

USED = [
    (create_execution_plan, {"job", "run_config", "step_keys_to_execute", "known_state", "instance_ref"}),
    (KnownExecutionState, {"ready_outputs"}),
    (StepOutputHandle, {"step_key", "output_name"}),
    (
        DagsterInstance.create_run_for_job,
        {"job_def", "execution_plan", "run_id", "run_config", "tags", "parent_run_id", "root_run_id"}
        | {"remote_job_origin", "job_code_origin"},
    ),
    (DefaultRunLauncher.launch_run_from_grpc_client, {"instance", "run", "grpc_client"}),
    (GrpcServerCodeLocationOrigin, {"host", "port", "location_name"}),
    (JobPythonOrigin, {"job_name", "repository_origin"}),
    (RepositoryPythonOrigin, {"executable_path", "code_pointer", "entry_point"}),
    (SubmitRunContext, {"dagster_run", "workspace"}),
    (DagsterInstance.get_records_for_run, {"run_id", "cursor", "limit"}),
    (DagsterInstance.all_logs, {"run_id", "of_type"}),
]


@pytest.mark.parametrize(("called", "parameters"), USED, ids=lambda each: getattr(each, "__qualname__", None))
def test_it_takes_what_it_is_given(called: object, parameters: set[str]) -> None:
    assert parameters <= set(inspect.signature(called).parameters)  # type: ignore[arg-type]


def test_a_run_says_where_its_job_comes_from() -> None:
    origin = adapter._remote_origin("wf_a", 4266)
    assert origin.job_name == "wf_a"
    assert origin.repository_origin.repository_name == "graphmill"
    assert origin.repository_origin.code_location_origin.location_name == "graphmill"


def test_the_version_is_the_one_the_code_was_written_for() -> None:
    assert dagster.__version__.startswith("1.13.")


def test_every_event_is_told_by_notify() -> None:
    source = Path(postgres_events.__file__).read_text()
    assert "NOTIFY" in source
    assert 'res[0] + "_" + str(res[1])' in source
    assert postgres_events.CHANNEL_NAME == "run_events"


def test_a_started_run_is_marked_before_it_is_launched() -> None:
    """`adapter.submit` does by hand what `DagsterInstance.launch_run` does."""
    source = inspect.getsource(DagsterInstance.launch_run)
    assert "PIPELINE_STARTING" in source
    assert "report_run_failed" in source


def test_how_it_says_that_a_process_died_and_that_a_run_is_marked() -> None:
    assert f'f"{progress.CRASHED} ' in inspect.getsource(server)
    assert f'"{progress.MARKED}' in inspect.getsource(event_methods)


@pytest.mark.parametrize(("crashed", "said"), [(True, progress.DIED), (False, "Somebody marked the run as failed")])
def test_a_run_that_was_marked_as_failed_says_by_whom(crashed: bool, said: str) -> None:
    @job(name="marked")
    def marked() -> None:
        pass

    with DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(marked)
        if crashed:
            message = server.get_run_crash_explanation(f"{progress.CRASHED} {run.run_id}", -9)
            instance.report_engine_event(message, run)
        instance.report_run_failed(run)
        plan = compile_document({"nodes": [{"id": "i", "type": "inline_data", "config": {"rows": [{"a": 1}]}}]}, "x", 1)
        state = progress.Progress(plan.plan, run, Path())
        for entry in instance.all_logs(run.run_id):
            state.feed(entry)
    assert state.error is not None
    assert state.error.message.startswith(said)


def test_how_it_says_that_a_run_took_too_long() -> None:
    assert 'f"Exceeded maximum runtime of {int(max_time)} seconds."' in inspect.getsource(run_monitoring)


def test_what_nobody_foresaw_is_told_without_a_path_of_the_server() -> None:
    @op
    def fails() -> None:
        raise OSError("Cannot read /srv/graphmill/runs/a.parquet")

    @job
    def failing() -> None:
        fails()

    [failure] = failing.execute_in_process(raise_on_error=False).filter_events(lambda each: each.is_step_failure)
    error = reasons.error_of(failure.step_failure_data, "n")
    assert (error.message, error.code, error.node_id) == ("Cannot read a.parquet", "internal", "n")

"""What the code server, the worker and the storage take from Dagster's inside: a test fails when Dagster changes it."""

import inspect

import pytest
from dagster import DagsterInstance
from dagster._core.events import DagsterEventType
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.event_log import SqlEventLogStorage, SqlEventLogStorageTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._grpc import impl
from dagster._grpc import server as grpc_server
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.server import DagsterApiServer, DagsterGrpcServer
from dagster._grpc.server_watcher import watch_grpc_server_thread
from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage
from dagster_postgres.event_log.event_log import CHANNEL_NAME

from orchestrator.service import event_log
from orchestrator.service.processes import Order, Workers
from orchestrator.service.worker import work


def text(of: object) -> str:
    return " ".join(inspect.getsource(of).split())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (DagsterApiServer.__init__, 'self._mp_ctx = multiprocessing.get_context("spawn")'),
        (DagsterApiServer.__init__, "self._executions: dict[str, tuple[multiprocessing.Process, InstanceRef]] = {}"),
        (DagsterApiServer.__init__, "self._termination_events: dict[str, MPEvent] = {}"),
        (DagsterApiServer.__init__, "self._shutdown_once_executions_finish_event = threading.Event()"),
        (DagsterApiServer.GetServerId, "GetServerIdReply(server_id=self._server_id)"),
        (watch_grpc_server_thread, "new_server_id: str = client.get_server_id(timeout=REQUEST_TIMEOUT)"),
        (WorkspaceProcessContext._location_state_events_handler, "LocationStateChangeEventType.LOCATION_UPDATED,"),
        (WorkspaceProcessContext._location_state_events_handler, "self.refresh_code_location(event.location_name)"),
        (DagsterApiServer.StartRun, "self._mp_ctx.Process( target=start_run_in_subprocess, args=["),
        (DagsterApiServer.StartRun, "request.serialized_execute_run_args, recon_job, event_queue, termination_event,"),
        (DagsterApiServer.StartRun, "event_queue = self._mp_ctx.Queue() termination_event = self._mp_ctx.Event()"),
        (DagsterApiServer.StartRun, "event_queue.get_nowait() except queue.Empty:"),
        (DagsterApiServer.StartRun, "sleep(EVENT_QUEUE_POLL_INTERVAL)"),
        (DagsterApiServer._clear_run, "del self._executions[run_id]"),
        (DagsterApiServer._check_for_orphaned_runs, "instance.report_run_failed(run)"),
        (DagsterApiServer._check_for_orphaned_runs, "self._server_termination_event.set()"),
        (DagsterApiServer.CancelExecution, "self._termination_events[cancel_execution_request.run_id].set()"),
        (impl._run_in_subprocess, "DagsterInstance.from_ref(instance_ref)"),
        (impl._run_in_subprocess, "start_termination_thread(termination_event, done_event)"),
        (impl.core_execute_run, "recon_job.get_definition()"),
        (DefaultRunLauncher.launch_run, "DefaultRunLauncher.launch_run_from_grpc_client("),
        (PostgresRunStorage.connect, "create_pg_connection(self._engine)"),
        (PostgresEventLogStorage._connect, "create_pg_connection(self._engine)"),
        (PostgresEventLogStorage.store_event, 'db.text(f"""NOTIFY {CHANNEL_NAME}, :notify_id; """)'),
        (PostgresEventLogStorage.store_event, '{"notify_id": res[0] + "_" + str(res[1])}'),
        (PostgresEventLogStorage.store_event, "event.dagster_event_type in ASSET_EVENTS"),
        (PostgresEventLogStorage.store_event, "event.dagster_event_type in ASSET_CHECK_EVENTS"),
        (SqlEventLogStorage.prepare_insert_event, ".insert().values(**self._event_to_row(event))"),
        (PostgresScheduleStorage.connect, "create_pg_connection(self._engine)"),
        (SqlRunStorage.has_run_stats_index_cols, "get_columns(RunsTable.name)"),
        (DagsterInstance.from_ref, "create_instance_from_ref(instance_ref)"),
    ],
)
def test_dagster_still_does_it(where: object, said: str) -> None:
    assert said in text(where)


def test_the_poll_interval_is_there() -> None:
    assert grpc_server.EVENT_QUEUE_POLL_INTERVAL > 0


def test_the_servers_still_take_what_is_given() -> None:
    given = {
        "server_termination_event",
        "logger",
        "server_threadpool_executor",
        "loadable_target_origin",
        "location_name",
    }
    assert given <= inspect.signature(DagsterApiServer).parameters.keys()
    assert {"host", "port", "threadpool_executor"} <= inspect.signature(DagsterGrpcServer).parameters.keys()
    assert {"host", "port"} <= inspect.signature(DagsterGrpcClient).parameters.keys()


def test_the_worker_takes_what_dagsters_target_takes() -> None:
    assert len(inspect.signature(work).parameters) == len(inspect.signature(impl.start_run_in_subprocess).parameters)


def test_an_order_is_an_event_for_dagster_and_waits_for_nobody() -> None:
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    order = Order(context)
    assert isinstance(order, type(multiprocessing.Event()))
    assert not order.is_set()
    order.set()
    assert (order.is_set(), order.wait(0), order.wait()) == (True, True, True)


def test_another_target_is_refused() -> None:
    import multiprocessing

    with pytest.raises(RuntimeError, match="not supported"):
        Workers(multiprocessing.get_context("spawn")).Process(target=print, args=[])


def test_the_event_log_has_the_columns_that_are_written() -> None:
    assert {column.name for column in SqlEventLogStorageTable.c} - {"id"} == set(event_log.COLUMNS)
    assert CHANNEL_NAME in event_log.INSERT


def test_what_ends_or_starts_a_run_is_not_gathered() -> None:
    wanted = {DagsterEventType.RUN_START, DagsterEventType.RUN_SUCCESS, DagsterEventType.RUN_FAILURE}
    assert wanted | {DagsterEventType.RUN_CANCELED} <= event_log.AT_ONCE

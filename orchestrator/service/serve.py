"""The code server itself: Dagster's gRPC server, with its process starts replaced and the watcher beside it."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from orchestrator.service.log import configure_logs
from orchestrator.settings import CHECKOUT, Settings, settings

MODULE, ATTRIBUTE, LOCATION = "orchestrator.definitions", "repository", "graphmill"
WARM = "orchestrator.service.warm"
ANSWER_EVERY_S = 0.005
log = structlog.get_logger("graphmill.code_server")


def main() -> None:
    """Serve until SIGTERM or SIGINT; runs in progress are canceled then."""
    configure_logs()
    now = settings()
    context = start_method(now)
    server = build(context, now)
    if now.warm_workers and not is_warm(context):
        log.error("workers do not start warm: runs will start slowly", module=WARM)
    log.info("code server ready", port=now.code_server_port, warm=now.warm_workers)
    server.serve()
    log.info("code server stopped")


def start_method(now: Settings) -> BaseContext:
    """How workers start: forked from a process that has everything loaded, or Dagster's way, from nothing."""
    if not now.warm_workers:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    # The forkserver looks for modules only where a fresh Python does.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    forkserver.ensure_running()  # it loads while this process does
    return context


def is_warm(context: BaseContext) -> bool:
    """Whether workers come with everything loaded; waits until the forkserver has. It keeps import errors to itself."""
    process = context.Process(target=exit_warm)  # type: ignore[attr-defined]
    process.start()
    process.join()
    return bool(process.exitcode == 0)


def exit_warm() -> None:
    sys.exit(0 if WARM in sys.modules else 1)


class Workers:
    """A `multiprocessing` context whose processes run our worker in place of Dagster's."""

    def __init__(self, context: BaseContext) -> None:
        self._context = context
        self.Queue = context.Queue
        self.Event = context.Event

    def Process(self, target: Any, args: list[Any]) -> BaseProcess:  # noqa: N802
        """The process for what Dagster's `StartRun` wants to start."""
        from dagster._grpc.impl import start_run_in_subprocess

        from orchestrator.service.worker import work

        if target is not start_run_in_subprocess:
            raise RuntimeError("Dagster starts something else than a run: this version of it is not supported.")
        return self._context.Process(target=work, args=tuple(args))  # type: ignore[attr-defined,no-any-return]


def build(context: BaseContext, now: Settings) -> Any:
    """What `dagster api grpc` puts together (dagster/_cli/api.py), with our workers and our watcher.

    Internals used: `DagsterApiServer._mp_ctx` starts the processes, `_executions` and `_termination_events` name those
    that run, `EVENT_QUEUE_POLL_INTERVAL` is how often a start is looked at. test_service_internals holds them.
    """
    from dagster import DagsterInstance
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
    from dagster._core.utils import FuturesAwareThreadPoolExecutor
    from dagster._grpc import server as grpc_server

    from orchestrator.service.watch import Watcher

    grpc_server.EVENT_QUEUE_POLL_INTERVAL = ANSWER_EVERY_S
    ended, threads = threading.Event(), FuturesAwareThreadPoolExecutor()
    logger = logging.getLogger("dagster.code_server")
    servicer = grpc_server.DagsterApiServer(
        server_termination_event=ended,
        logger=logger,
        server_threadpool_executor=threads,
        loadable_target_origin=LoadableTargetOrigin(
            executable_path=sys.executable, module_name=MODULE, attribute=ATTRIBUTE, working_directory=os.getcwd()
        ),
        location_name=LOCATION,
    )
    servicer._mp_ctx = Workers(context)  # type: ignore[assignment]
    server = grpc_server.DagsterGrpcServer(
        ended, servicer, logger, threads, host="127.0.0.1", port=now.code_server_port
    )  # fmt: skip
    watcher = Watcher(DagsterInstance.get(), now, held=lambda: set(servicer._executions))
    watcher.start()
    stop_on_signal(servicer, watcher)
    return server


def stop_on_signal(servicer: Any, watcher: Any) -> None:
    """On SIGTERM or SIGINT cancel the runs in progress; Dagster ends the server when the last has ended."""

    def stop(*_: object) -> None:
        threading.Thread(target=cancel_all, args=(servicer, watcher.instance), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def cancel_all(servicer: Any, instance: Any) -> None:
    servicer._shutdown_once_executions_finish_event.set()
    for run_id, order in list(servicer._termination_events.items()):
        try:
            run = instance.get_run_by_id(run_id)
            if run is not None and not run.is_finished:
                instance.report_run_canceling(run, "Graphmill is stopping.")
        except Exception:
            log.exception("the cancel could not be recorded", execution=run_id)
        order.set()

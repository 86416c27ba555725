"""Dagster's code server with our workers. Everything taken from its inside is here; test_service_internals holds it."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Hashable
from multiprocessing.context import BaseContext
from typing import Any

import structlog
from dagster import DagsterInstance
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import FuturesAwareThreadPoolExecutor
from dagster._grpc import server as grpc_server
from dagster._grpc.server import DagsterApiServer, DagsterGrpcServer

from orchestrator.service.listing import Listing
from orchestrator.service.processes import Workers

MODULE, ATTRIBUTE, LOCATION = "orchestrator.definitions", "repository", "graphmill"
ANSWER_EVERY_S = 0.005
log = structlog.get_logger("graphmill.code_server")


class Servicer(DagsterApiServer):
    """Answers Dagster's calls. Its base starts a process in `StartRun` and reports the death of what it started.

    Put together as `dagster api grpc` does it (dagster/_cli/api.py). `listed` tells the workflows that Dagster lists.
    """

    def __init__(self, context: BaseContext, listed: Callable[[], Hashable]) -> None:
        self._ended = threading.Event()
        self._threads = FuturesAwareThreadPoolExecutor()
        super().__init__(
            server_termination_event=self._ended,
            logger=logging.getLogger("dagster.code_server"),
            server_threadpool_executor=self._threads,
            loadable_target_origin=LoadableTargetOrigin(
                executable_path=sys.executable, module_name=MODULE, attribute=ATTRIBUTE, working_directory=os.getcwd()
            ),
            location_name=LOCATION,
        )
        self._listing = Listing(listed)
        self._mp_ctx: Any = Workers(context)  # all that StartRun makes comes from here

    def held(self) -> set[str]:
        """The runs whose processes this server started."""
        return set(self._executions)

    def cancel_all(self, instance: DagsterInstance) -> None:
        """Cancel the runs in progress and take no more; Dagster ends the server when the last has ended."""
        self._shutdown_once_executions_finish_event.set()
        for run_id, order in list(self._termination_events.items()):
            try:
                run = instance.get_run_by_id(run_id)
                if run is not None and not run.is_finished:
                    instance.report_run_canceling(run, "Graphmill is stopping.")
            except Exception:
                log.exception("the cancel could not be recorded", execution_id=run_id)
            order.set()

    def GetServerId(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC names it
        """Asked each second by Dagster's webserver and daemon, which load the location again when it is another."""
        self._server_id = self._listing.id()
        return super().GetServerId(request, context)

    def _clear_run(self, run_id: str) -> None:
        """Once only: Dagster forgets a run that could not start from two threads, and the second one fails."""
        if run_id in self._executions:
            super()._clear_run(run_id)

    def serve(self, port: int) -> None:
        """Listen, and answer until the end."""
        grpc_server.EVENT_QUEUE_POLL_INTERVAL = ANSWER_EVERY_S  # of StartRun, whether the worker has started
        DagsterGrpcServer(
            server_termination_event=self._ended,
            dagster_api_servicer=self,
            logger=logging.getLogger("dagster.code_server"),
            threadpool_executor=self._threads,
            host="127.0.0.1",
            port=port,
        ).serve()  # type: ignore[no-untyped-call]

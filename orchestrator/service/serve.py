"""The code server's process: warm workers, Dagster's gRPC server, and the watcher beside it."""

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING

import structlog

from orchestrator.logs import configure
from orchestrator.settings import CHECKOUT, Settings, settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from orchestrator.service.servicer import Servicer

WARM = "orchestrator.service.warm"
log = structlog.get_logger("graphmill.code_server")


def main() -> None:
    """Serve until SIGTERM or SIGINT; runs in progress are canceled then."""
    configure()
    now = settings()
    context = start_method(now)  # first: what it starts loads while this process does

    from dagster import DagsterInstance

    from orchestrator import definitions
    from orchestrator.service.prune import Pruner
    from orchestrator.service.servicer import Servicer
    from orchestrator.service.watch import Watcher

    servicer = Servicer(context, definitions.listed)
    instance = DagsterInstance.get()
    Watcher(instance, now, servicer.held).start()
    Pruner(instance, now, lambda before: definitions.catalog().forget_keys(before)).start()
    if now.warm_workers and not is_warm(context):
        log.error("workers do not start warm: runs will start slowly", module=WARM)
    stop_on_signal(servicer, instance)
    log.info("code server ready", port=now.code_server_port, warm=now.warm_workers)
    servicer.serve(now.code_server_port)  # not sooner: who can connect may expect a quick start
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
    forkserver.ensure_running()
    return context


def is_warm(context: BaseContext) -> bool:
    """Whether workers come with everything loaded; waits until the forkserver has. It keeps import errors to itself."""
    process = context.Process(target=exit_warm)  # type: ignore[attr-defined]
    process.start()
    process.join()
    return bool(process.exitcode == 0)


def exit_warm() -> None:
    """What a process that only tells whether it is warm does."""
    sys.exit(0 if WARM in sys.modules else 1)


def stop_on_signal(servicer: "Servicer", instance: "DagsterInstance") -> None:
    """On SIGTERM or SIGINT cancel the runs in progress and end."""

    def stop(*_: object) -> None:
        threading.Thread(target=servicer.cancel_all, args=(instance,), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

"""How the code server starts run workers, and speaks with them."""

import queue
import time
from multiprocessing import synchronize
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

TRIES, PAUSE_S = 20, 0.1


class Order(synchronize.Event):
    """The order to stop, given through a pipe.

    The one of `multiprocessing` waits, when it is set, until every waiting thread has woken. Dagster sets it under its
    lock, so that one run in native code that holds Python's lock would stop the whole code server.
    """

    def __init__(self, context: BaseContext) -> None:
        self._read, self._write = context.Pipe(duplex=False)

    def set(self) -> None:
        """Give the order; it is never taken back."""
        self._write.send_bytes(b"stop")

    def is_set(self) -> bool:
        """Whether it was given."""
        return self._read.poll()

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is given, at most `timeout` seconds."""
        return self._read.poll(timeout)


class Answers:
    """A queue without a thread of its own: in the worker, native code may hold Python's lock from the first step on."""

    def __init__(self, context: BaseContext) -> None:
        self._queue = context.SimpleQueue()
        self.put = self._queue.put

    def get_nowait(self) -> Any:
        """The next answer. Raises queue.Empty."""
        if self._queue.empty():
            raise queue.Empty
        return self._queue.get()


class Process:
    """A process that is started again where the forkserver dies just then, which for a moment seems to live.

    It gets its work after it has told its number, so that one of which no number came does nothing.
    """

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._process, name)

    def start(self) -> None:
        """Start it. Raises EOFError or ConnectionError where no forkserver comes up."""
        for _ in range(TRIES):
            try:
                return self._process.start()
            except (EOFError, ConnectionError):
                time.sleep(PAUSE_S)
        return self._process.start()


class Workers:
    """A `multiprocessing` context whose processes run our worker in place of Dagster's."""

    def __init__(self, context: BaseContext) -> None:
        self._context = context

    def Queue(self) -> "Answers":  # noqa: N802
        """Where a worker says whether it could start."""
        return Answers(self._context)

    def Event(self) -> "Order":  # noqa: N802
        """The order to stop."""
        return Order(self._context)

    def Process(self, target: Any, args: list[Any]) -> "Process":  # noqa: N802
        """The process for what Dagster's `StartRun` wants to start. Raises RuntimeError: it is not that."""
        from dagster._grpc.impl import start_run_in_subprocess

        from orchestrator.service.worker import work

        if target is not start_run_in_subprocess:
            raise RuntimeError("Dagster starts something else than a run: this version of it is not supported.")
        return Process(self._context.Process(target=work, args=tuple(args)))  # type: ignore[attr-defined]

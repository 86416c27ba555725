"""A worker is started though the forkserver dies in between."""

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from orchestrator.service import processes
from orchestrator.service.processes import Process
from orchestrator.service.serve import exit_warm

FORKS = multiprocessing.get_context("forkserver")


class Dying(multiprocessing.context.ForkServerProcess):
    """Kills the forkserver once it has been asked for a process, so many times."""

    times = 1

    @staticmethod
    def _Popen(process_obj: "Dying") -> object:  # noqa: N802
        from multiprocessing import forkserver

        if Dying.times:
            Dying.times -= 1
            FORKS.Process(target=exit_warm).start()
            os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
            raise EOFError("unexpected EOF")
        return multiprocessing.context.ForkServerProcess._Popen(process_obj)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _dies_once() -> Iterator[None]:
    Dying.times = 1
    yield
    for each in multiprocessing.active_children():
        each.join(30)


def test_it_is_started_again() -> None:
    process = Process(Dying(target=exit_warm))
    process.start()
    process.join(60)
    assert process.exitcode in (0, 1)
    assert process.pid


def test_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "TRIES", 1)
    Dying.times = 2
    with pytest.raises(EOFError):
        Process(Dying(target=exit_warm)).start()

"""The watcher's verdicts, as a table."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from dagster import DagsterRunStatus as S

from orchestrator.service.watch import ALIVE, Worker, judge, read_worker

HERE = socket.gethostname()
LIVING = Worker(os.getpid(), psutil.Process().create_time(), HERE)
RENAMED = Worker(os.getpid(), psutil.Process().create_time() - 500, HERE)
ELSEWHERE = Worker(os.getpid(), 1.0, "another-machine")


@pytest.fixture(scope="module")
def dead() -> Worker:
    process = subprocess.Popen([sys.executable, "-c", ""])
    created = psutil.Process(process.pid).create_time()
    process.wait()
    return Worker(process.pid, created, HERE)


@pytest.mark.parametrize(
    ("status", "seconds", "worker", "held", "ends"),
    [
        (S.STARTED, 1000, LIVING, False, None),
        (S.STARTING, 1000, LIVING, False, None),
        (S.CANCELING, 3, LIVING, False, None),
        (S.CANCELING, 8, LIVING, True, "killed"),
        (S.STARTED, 0, RENAMED, False, "failed"),
        (S.STARTED, 1000, ELSEWHERE, False, None),
        (S.CANCELING, 1000, ELSEWHERE, False, None),
        (S.STARTING, 59, None, False, None),
        (S.STARTING, 61, None, False, "failed"),
        (S.STARTING, 61, None, True, None),
        (S.NOT_STARTED, 59, None, False, None),
        (S.NOT_STARTED, 61, None, False, "failed"),
        (S.CANCELING, 1, None, False, None),
        (S.CANCELING, 6, None, False, "canceled"),
    ],
)
def test_verdict(status: S, seconds: float, worker: Worker | None, held: bool, ends: str | None) -> None:
    verdict = judge(status, seconds, worker, held, grace_s=5)
    said = None if verdict is None else "killed" if verdict.kill else "canceled" if verdict.canceled else "failed"
    assert said == ends


@pytest.mark.parametrize(("status", "canceled"), [(S.STARTED, False), (S.STARTING, False), (S.CANCELING, True)])
def test_a_dead_process_ends_its_run_at_once(dead: Worker, status: S, canceled: bool) -> None:
    verdict = judge(status, 0, dead, held=False, grace_s=5)
    assert verdict is not None
    assert verdict.canceled is canceled
    assert verdict.reason.endswith(".")


@pytest.mark.parametrize("text", ["", "{", "{}", '{"pid": 1}'])
def test_a_broken_worker_file_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ALIVE).write_text(text)
    assert read_worker(tmp_path) is None


def test_the_worker_file_is_read(tmp_path: Path) -> None:
    assert read_worker(tmp_path) is None
    (tmp_path / ALIVE).write_text(json.dumps({"pid": 3, "create_time": 4.5, "host": "h", "started_at": 6}))
    assert read_worker(tmp_path) == Worker(3, 4.5, "h")

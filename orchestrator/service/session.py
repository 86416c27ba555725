"""One `graphmill up` per home, and nothing left of the one before."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from orchestrator.errors import Conflict

TOKEN = "GRAPHMILL_SESSION"  # noqa: S105
LET_GO_S = 3.0


@contextmanager
def session(home: Path) -> Iterator[str]:
    """Hold the home; gives a token that marks every process of this session through its environment.

    What an earlier session left, because it was killed, is ended first; and what this one leaves, at its end.
    Raises Conflict while another process holds the home.
    """
    folder = home / "supervisor"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(f"Graphmill is running on this home already ({home}).", code="already_running") from error
        before = folder / "session"
        if before.exists():
            end_all(before.read_text())
        token = secrets.token_hex(16)
        before.write_text(token)
        try:
            yield token
        finally:
            end_all(token)
            before.unlink(missing_ok=True)


def end_all(token: str) -> list[int]:
    """End every process of a session, gently and then not; gives their numbers.

    PostgreSQL is left to whoever holds a handle on it.
    """
    found = [process for process in psutil.process_iter(["name", "pid"]) if belongs(process, token)]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    stubborn = psutil.wait_procs(found, timeout=LET_GO_S)[1]
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=LET_GO_S)
    return [process.pid for process in found]


def belongs(process: psutil.Process, token: str) -> bool:
    """Whether it was started by the session of this token. The environment says so however it was started since."""
    if process.pid == os.getpid() or process.info["name"] == "postgres":
        return False
    try:
        return process.environ().get(TOKEN) == token
    except (psutil.Error, OSError):
        return False

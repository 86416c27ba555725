"""Starts the process of a `python` node, passes on what it prints, and ends it: done, late or canceled."""

import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.faults import scrub

CHILD = Path(__file__).with_name("_python_child.py")
LIBRARY = CHILD.parents[2]
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")  # of the server's environment
MOST_LINES, LONGEST_LINE = 1000, 10_000
LOOK_EVERY_S = 0.02
PIPE_SIZE = 1 << 16  # what a pipe holds: one reading empties it
Say = Callable[[str, str], None]


def run(orders: Mapping[str, Any], folder: Path, timeout_s: float, say: Say) -> None:
    """Have a child carry out these orders in this folder; `say` gets the lines it prints, with their level.

    Raises:
        NodeError: `python_failed`, with the user's line; `python_timeout`, `out_of_memory`, `mixed_types`.
    """
    answer = folder / "answer.json"
    with _started(folder, timeout_s) as child:
        asked = json.dumps({**orders, "answer": str(answer), "library": str(LIBRARY)})
        with suppress(BrokenPipeError):
            child.stdin.write(asked.encode() + b"\n")  # type: ignore[union-attr]
            child.stdin.flush()  # type: ignore[union-attr]
        in_time = _listen(child, time.monotonic() + timeout_s, say)
    if not in_time or child.returncode == -signal.SIGXCPU:
        raise _error(f"The code did not end within {timeout_s:g} seconds.", "python_timeout")
    if not answer.exists():
        ended = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
        raise _error(f"The code ended its own process ({ended}); it may have used up its memory.", "python_failed")
    _look(json.loads(answer.read_text()), int(orders["memory_mb"]))


@contextmanager
def _started(folder: Path, timeout_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """A child, the leader of a group of its own; whatever happens, the whole group is gone afterwards."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder), "MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-I", "-X", "utf8", str(CHILD)]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 (our own file)
        command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=environment, start_new_session=True
    ) as child:
        try:
            _limit_cpu(child.pid, timeout_s)
            yield child
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)


def _limit_cpu(pid: int, timeout_s: float) -> None:
    """A second line behind the clock, which ends with this process."""
    if hasattr(resource, "prlimit"):
        most = int(timeout_s * (os.cpu_count() or 1)) + 1
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (most, most + 1))


def _listen(child: subprocess.Popen[bytes], deadline: float, say: Say) -> bool:
    """Pass on what the child prints until it ends; false where it had not by then."""
    lines = _Lines(say)
    with selectors.DefaultSelector() as pipes:
        pipes.register(child.stdout, selectors.EVENT_READ, "info")  # type: ignore[arg-type]
        pipes.register(child.stderr, selectors.EVENT_READ, "warning")  # type: ignore[arg-type]
        ended = False
        while not ended and time.monotonic() < deadline:
            ended = child.poll() is not None
            for key, _ in pipes.select(0 if ended else LOOK_EVERY_S):
                data = os.read(key.fd, PIPE_SIZE)
                lines.take(key.data, data)
                if not data:
                    pipes.unregister(key.fileobj)
    lines.rest()
    return ended


class _Lines:
    """Bytes of two streams as lines; of too many, the first."""

    def __init__(self, say: Say) -> None:
        self._say, self._left = say, MOST_LINES
        self._open: dict[str, bytes] = {"info": b"", "warning": b""}

    def take(self, level: str, data: bytes) -> None:
        *whole, last = (self._open[level] + data).split(b"\n")
        while len(last) >= LONGEST_LINE:
            whole, last = [*whole, last[:LONGEST_LINE]], last[LONGEST_LINE:]
        self._open[level] = last
        for line in whole:
            self._line(level, line)

    def rest(self) -> None:
        for level, line in self._open.items():
            if line:
                self._line(level, line)

    def _line(self, level: str, line: bytes) -> None:
        if self._left >= 0:
            text = line[:LONGEST_LINE].decode(errors="replace").rstrip("\r")
            self._say(level, scrub(text) if self._left else "The code prints more; it is left out.")
        self._left -= 1


def _look(answer: Mapping[str, Any], memory_mb: int) -> None:
    """Raise what the child says went wrong."""
    said = scrub(str(answer.get("message", ""))).strip()
    match answer.get("kind"):
        case None:
            return
        case "memory":
            message = f"The code used up its memory: {memory_mb:,} MB besides the table."
            raise _error(message, "out_of_memory", "/config/memory_mb")
        case "no_frame":
            raise _error(f"'transform' must return a DataFrame; it returned {said}.", "python_failed")
        case "mixed":
            raise _error(f"A column holds values of several kinds: {said}.", "mixed_types")
    place = f"Line {answer['line']}: " if answer.get("line") else ""
    raise _error(f"{place}{answer['type']}{': ' if said else ''}{said[:LONGEST_LINE]}", "python_failed")


def _error(message: str, code: str, path: str = "/config/code") -> NodeError:
    return NodeError(message, code=code, path=path)

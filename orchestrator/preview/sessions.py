"""Sessions for reading stored tables: each can read one folder and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestrator.errors import NodeError, NotFound
from orchestrator.tables import Session

MEMORY = 512 << 20
KEPT = 4

_idle: list[tuple[Path, Session]] = []
_lock = threading.Lock()


def existing(path: Path) -> Path:
    """The stored table that is meant, with no symlink left in its path.

    Raises:
        NotFound: `output_not_found`.
    """
    if not path.is_file():
        raise NotFound("This output is not stored: it was not made, or has been deleted.", code="output_not_found")
    return path.resolve()


@contextmanager
def reading(path: Path) -> Iterator[Session]:
    """A session that may read the folder of this stored table; the last few are kept open for the next page.

    Raises:
        NotFound: `output_not_found`, in place of any other error where the table was deleted meanwhile.
    """
    session = _take(path.parent) or Session([path.parent], memory_limit=MEMORY)
    try:
        yield session
    except BaseException:
        session.close()
        existing(path)
        raise
    _give_back(path.parent, session)


@contextmanager
def within(session: Session, seconds: float | None) -> Iterator[None]:
    """What is asked of this session inside ends after this time; None is for ever.

    Raises:
        NodeError: `too_slow`.
        MemoryError: there is none left for watching the time.
    """
    if seconds is None:
        yield
        return
    late = threading.Event()

    def end() -> None:
        late.set()
        session.connection.interrupt()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:  # no memory for a thread's stack
        raise MemoryError from None
    try:
        yield
    except duckdb.InterruptException:
        if not late.is_set():
            raise
        raise NodeError(f"It took longer than {seconds:g} seconds.", code="too_slow") from None
    finally:
        timer.cancel()


def _take(folder: Path) -> Session | None:
    with _lock:
        for place, (known, session) in enumerate(_idle):
            if known == folder:
                del _idle[place]
                return session
    return None


def _give_back(folder: Path, session: Session) -> None:
    with _lock:
        _idle.append((folder, session))
        old = _idle.pop(0) if len(_idle) > KEPT else None
    if old:
        old[1].close()


def close_idle() -> None:
    """Close what is kept open."""
    with _lock:
        old = _idle[:]
        _idle.clear()
    for _, session in old:
        session.close()

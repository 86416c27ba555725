"""One connection that hears of every event of every run, and wakes whoever waits for one."""

import asyncio
import select
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.extensions
import sqlalchemy as sa
import structlog

CHANNEL = "run_events"
PATIENCE_S = 1.0

log = structlog.get_logger(__name__)


class Bell:
    """Listens in a thread of its own, from the first listener on; a lost connection is opened again."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._waiting: defaultdict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = defaultdict(set)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def listen(self, run_id: str) -> Iterator[asyncio.Event]:
        """An event of the running loop that is set whenever this run has a new event."""
        mine = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting[run_id].add(mine)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()
        try:
            yield mine[1]
        finally:
            with self._lock:
                self._waiting[run_id].discard(mine)
                if not self._waiting[run_id]:
                    del self._waiting[run_id]

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(2 * PATIENCE_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._hear()
            except psycopg2.Error as error:
                log.warning("the database does not tell of events", error=str(error).strip())
                self._closed.wait(PATIENCE_S)

    def _hear(self) -> None:
        connection = psycopg2.connect(self._url)
        try:
            connection.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._ring_all()
            while not self._closed.is_set():
                if not any(select.select([connection], [], [], PATIENCE_S)):
                    continue
                connection.poll()
                while connection.notifies:
                    self._ring(connection.notifies.pop(0).payload.rsplit("_", 1)[0])
        finally:
            connection.close()

    def _ring(self, run_id: str) -> None:
        with self._lock:
            waiting = list(self._waiting.get(run_id, ()))
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def _ring_all(self) -> None:
        for run_id in list(self._waiting):
            self._ring(run_id)

"""Dagster's event log in PostgreSQL, with fewer statements: a run stores eight events a node."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
import structlog
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, PIPELINE_EVENTS, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster_postgres import PostgresEventLogStorage

from orchestrator.service.pool import pooled

COLUMNS = ("run_id", "event", "dagster_event_type", "timestamp", "step_key", "asset_key", "partition")
INSERT = f"""
WITH made AS (INSERT INTO event_logs ({", ".join(COLUMNS)}) VALUES {{}} RETURNING run_id, id)
SELECT pg_notify('run_events', run_id || '_' || id) FROM made ORDER BY id
"""
AT_ONCE = PIPELINE_EVENTS | {DagsterEventType.STEP_START}
LINGER_S = 0.02
log = structlog.get_logger("graphmill.events")


class Events(PostgresEventLogStorage):
    """The event log, which does not wait for the disk.

    PostgreSQL writes its log in order and run records do wait, so a status is as durable as ever and all events before
    it are too. A crash of the machine can only cut off the newest events of a run that had not ended.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, should_autocreate_tables=False)
        self._engine = pooled(url)  # Dagster's own name; test_service_internals holds it
        sa.event.listen(self._engine, "connect", do_not_wait_for_disk)
        self._gathered: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self._some: threading.Event | None = None

    def gather(self) -> None:
        """From now on, events of steps that come within 20 ms are written by one statement.

        For a run's own process. What says how the run stands is written at once, and all before it, and so is the start
        of a node: while that is in native code, nothing else may get to run. What waits is written when anybody reads.
        """
        self._some = threading.Event()
        threading.Thread(target=self._write_often, args=(self._some,), daemon=True, name="events").start()

    def store_event(self, event: EventLogEntry) -> None:
        """Dagster's own insert and its notice as one statement."""
        kind = event.get_dagster_event().event_type if event.is_dagster_event else None
        if kind in ASSET_EVENTS | ASSET_CHECK_EVENTS:
            super().store_event(event)
            return
        with self._lock:
            self._gathered.append(dict(self._event_to_row(event)))
        if self._some is None or kind in AT_ONCE:
            self.flush()
        else:
            self._some.set()

    def flush(self) -> None:
        """Write what waits. What PostgreSQL does not take waits on, so that nothing is lost."""
        with self._lock:
            rows, self._gathered = self._gathered, []
            if not rows:
                return
            try:
                with super()._connect() as connection:
                    connection.exec_driver_sql(*statement(rows))
            except sa.exc.DBAPIError:
                self._gathered = rows + self._gathered
                raise

    def _write_often(self, some: threading.Event) -> None:
        while True:
            some.wait()
            time.sleep(LINGER_S)
            some.clear()
            try:
                self.flush()
            except sa.exc.DBAPIError as error:
                log.warning("events wait", reason=type(error).__name__)  # whoever stores the next event is told

    def _connect(self) -> AbstractContextManager[sa.Connection]:
        return self._connected()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        self.flush()
        with super()._connect() as connection:
            yield connection

    def dispose(self) -> None:
        """Write what waits, and give the connections back."""
        self.flush()
        super().dispose()
        self._engine.dispose()


def statement(rows: Sequence[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The SQL that inserts these rows in their order, and its parameters."""
    places = [f"({', '.join(f'%({name}_{number})s' for name in COLUMNS)})" for number in range(len(rows))]
    values = {f"{name}_{number}": row[name] for number, row in enumerate(rows) for name in COLUMNS}
    return INSERT.format(", ".join(places)), values


def do_not_wait_for_disk(connection: Any, _: object) -> None:
    """For each new connection."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")

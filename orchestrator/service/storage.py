"""Dagster's PostgreSQL storage with connections that stay open: the stock one opens one for each statement."""

from collections.abc import Mapping
from typing import Any, Self

import sqlalchemy as sa
from dagster import StringSource
from dagster._config import UserConfigSchema
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)

INSERT = """
WITH made AS (
    INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
    VALUES (%(run_id)s, %(event)s, %(dagster_event_type)s, %(timestamp)s, %(step_key)s, %(asset_key)s, %(partition)s)
    RETURNING run_id, id
)
SELECT pg_notify('run_events', run_id || '_' || id) FROM made
"""


class Runs(PostgresRunStorage):
    """Run records, as durable as PostgreSQL makes them."""

    def __init__(self, url: str) -> None:
        super().__init__(url, should_autocreate_tables=False)
        self._engine = pooled(url)  # Dagster's own name, as in the two below; test_service_internals holds it

    def has_run_stats_index_cols(self) -> bool:
        """True. Dagster reads the table's columns several times a run to see how old it is; ours is never old."""
        return True

    def dispose(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


class Events(PostgresEventLogStorage):
    """The event log, which does not wait for the disk.

    PostgreSQL writes its log in order and run records do wait, so a status is as durable as ever and all events before
    it are too. A crash of the machine can only cut off the newest events of a run that had not ended.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, should_autocreate_tables=False)
        self._engine = pooled(url)
        sa.event.listen(self._engine, "connect", do_not_wait_for_disk)

    def store_event(self, event: EventLogEntry) -> None:
        """Dagster's own insert and its notice as one statement: half the time, and a run stores eight a node."""
        if event.is_dagster_event and event.get_dagster_event().event_type in ASSET_EVENTS | ASSET_CHECK_EVENTS:
            super().store_event(event)
            return
        row = self._event_to_row(event)
        with self._connect() as connection:
            connection.exec_driver_sql(INSERT, row)

    def dispose(self) -> None:
        """Give the connections back."""
        super().dispose()
        self._engine.dispose()


class Schedules(PostgresScheduleStorage):
    """Schedules, sensors and their ticks."""

    def __init__(self, url: str) -> None:
        super().__init__(url, should_autocreate_tables=False)
        self._engine = pooled(url)


class PooledStorage(DagsterPostgresStorage):
    """All of Dagster's storage on pooled connections. The tables must be there: see `create_tables`."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, should_autocreate_tables=False, inst_data=inst_data)
        self._run_storage = Runs(postgres_url)
        self._event_log_storage = Events(postgres_url)
        self._schedule_storage = Schedules(postgres_url)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """What stands under `config` in dagster.yaml."""
        return {"postgres_url": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Made by Dagster from dagster.yaml."""
        return cls(config_value["postgres_url"], inst_data=inst_data)


def pooled(url: str) -> sa.Engine:
    """An engine that keeps up to two connections, and makes cut ones anew."""
    return sa.create_engine(
        url, isolation_level="AUTOCOMMIT", pool_size=2, max_overflow=20, pool_pre_ping=True, pool_recycle=600
    )


def do_not_wait_for_disk(connection: Any, _: object) -> None:
    """For each new connection."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")


def create_tables(url: str) -> None:
    """Make Dagster's tables, or bring them up to date. One process calls it before the others start."""
    made = DagsterPostgresStorage(url)
    storages: list[Any] = [made.run_storage, made.event_log_storage, made.schedule_storage]
    for storage in storages:
        storage.upgrade()

"""Dagster's PostgreSQL storage with connections that stay open: the stock one opens one for each statement."""

from collections.abc import Mapping
from typing import Any, Self

import sqlalchemy as sa
from dagster import StringSource
from dagster._config import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)

from orchestrator.service.event_log import Events
from orchestrator.service.pool import pooled

UNUSED_SNAPSHOTS = """
WITH kept AS (SELECT snapshot_id, run_body::json AS body FROM runs)
DELETE FROM snapshots WHERE snapshot_id NOT IN (
    SELECT snapshot_id FROM kept WHERE snapshot_id IS NOT NULL
    UNION SELECT body ->> 'execution_plan_snapshot_id' FROM kept WHERE body ->> 'execution_plan_snapshot_id' IS NOT NULL
) AND (snapshot_type <> 'PIPELINE' OR NOT EXISTS (
    SELECT FROM kept WHERE coalesce(body ->> 'solid_selection', body ->> 'solids_to_execute') IS NOT NULL
))
"""


class Runs(PostgresRunStorage):
    """Run records, as durable as PostgreSQL makes them."""

    def __init__(self, url: str) -> None:
        super().__init__(url, should_autocreate_tables=False)
        self._engine = pooled(url)  # Dagster's own name, as below; test_service_internals holds it

    def has_run_stats_index_cols(self) -> bool:
        """True. Dagster reads the table's columns several times a run to see how old it is; ours is never old."""
        return True

    def drop_snapshots(self) -> int:
        """Remove the snapshots of jobs and plans that no run has; returns how many.

        Dagster keeps them for ever. A run of some ops alone needs the snapshot of the whole job too; its own has the
        name of that inside: while there is such a run, those of jobs stay.
        """
        with self.connect() as connection:
            return int(connection.execute(sa.text(UNUSED_SNAPSHOTS)).rowcount)

    def dispose(self) -> None:
        """Give the connections back."""
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


def create_tables(url: str) -> None:
    """Make Dagster's tables, or bring them up to date. One process calls it before the others start."""
    made = DagsterPostgresStorage(url)
    storages: list[Any] = [made.run_storage, made.event_log_storage, made.schedule_storage]
    for storage in storages:
        storage.upgrade()

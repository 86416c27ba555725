"""Dagster's PostgreSQL storage with connections that stay open: the stock one opens one for each statement."""

from collections.abc import Mapping
from typing import Any, Self

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


class Runs(PostgresRunStorage):
    """Run records, as durable as PostgreSQL makes them."""

    def __init__(self, url: str) -> None:
        super().__init__(url, should_autocreate_tables=False)
        self._engine = pooled(url)  # Dagster's own name, as below; test_service_internals holds it

    def has_run_stats_index_cols(self) -> bool:
        """True. Dagster reads the table's columns several times a run to see how old it is; ours is never old."""
        return True

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

"""Whether the parts answer."""

import time
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orchestrator.database import dagster_url, database_url, engine, transaction
from orchestrator.errors import GraphmillError
from orchestrator.settings import Settings

if TYPE_CHECKING:
    from dagster._grpc.client import DagsterGrpcClient

FRESH_S = 90.0  # Dagster's daemon writes a heartbeat every 30 seconds


def ready(settings: Settings) -> dict[str, bool]:
    """Which parts work now: `database`, `code_server`, `daemon`. Never raises."""
    database = database_answers(settings)
    return {
        "database": database,
        "code_server": code_server_answers(settings.code_server_port),
        "daemon": database and daemon_beats(settings),
    }


def database_answers(settings: Settings) -> bool:
    """Whether the database runs a query."""
    try:
        with transaction(engine(database_url(settings))) as connection:
            return bool(connection.scalar(sa.text("SELECT 1")) == 1)
    except GraphmillError:
        return False


def code_server_answers(port: int) -> bool:
    """Whether the code server answers a ping."""
    from dagster._core.errors import DagsterUserCodeUnreachableError

    try:
        client(port).ping("")
    except DagsterUserCodeUnreachableError:
        return False
    return True


@lru_cache(maxsize=4)
def client(port: int) -> "DagsterGrpcClient":
    """The channel to the code server; it connects again by itself."""
    from dagster._grpc.client import DagsterGrpcClient

    return DagsterGrpcClient(port=port, host="127.0.0.1")


def daemon_beats(settings: Settings) -> bool:
    """Whether every part of Dagster's daemon has given a sign of life lately."""
    query = sa.text("SELECT max(extract(epoch FROM timestamp AT TIME ZONE 'UTC')) FROM daemon_heartbeats")
    try:
        with transaction(engine(dagster_url(database_url(settings)))) as connection:
            last = connection.scalar(query)
    except (GraphmillError, sa.exc.ProgrammingError):
        return False
    return last is not None and time.time() - float(last) < FRESH_S

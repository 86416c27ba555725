"""Everything a run needs, imported once: the parent that run workers are forked from loads this module.

It must stay without threads, servers and connections, because a fork copies none of them in a usable state.
test_service_warm holds that, and that a run imports next to nothing after the fork.
"""

import gc

import alembic.command
import alembic.config
import dagster
import dagster._cli.api
import dagster._core.definitions.external_asset
import dagster._core.execution.api
import dagster._core.execution.plan.active
import dagster._core.executor.in_process
import dagster._core.instance.factory
import dagster._core.launcher.default_run_launcher
import dagster._core.run_coordinator
import dagster._core.storage.root
import dagster._core.storage.sqlite_storage
import dagster._core.system_config.composite_descent
import dagster._core.utility_ops
import dagster._core.workspace.autodiscovery
import dagster._grpc.impl
import dagster._utils.test.definitions
import duckdb
import fsspec.implementations.local
import geopandas
import pandas
import psycopg2.extras
import pyarrow
import pyarrow.parquet
import pyogrio
import shapely
import sqlalchemy.dialects.postgresql.psycopg2
import structlog
import upath.implementations.local

import orchestrator.definitions
import orchestrator.service.logs
import orchestrator.service.storage
import orchestrator.service.worker  # noqa: F401

gc.collect()
gc.freeze()  # the collector of a child then leaves these objects, and with them the shared pages, alone

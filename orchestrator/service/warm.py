"""Everything a run needs, imported and done once: the parent that run workers are forked from loads this module.

It must stay without threads, servers and connections, because a fork copies none of them in a usable state.
test_service_warm holds that, and test_service_runs that a run imports next to nothing after the fork.
"""

import gc
import traceback
from importlib import import_module

import orchestrator.compiler
import orchestrator.formats
from orchestrator.registry import modules, node_types
from orchestrator.service.rehearsal import rehearse
from orchestrator.settings import settings

NEEDED = """
alembic.command alembic.config
dagster dagster._cli.api dagster._core.definitions.external_asset dagster._core.execution.api
dagster._core.execution.plan.active dagster._core.executor.in_process dagster._core.instance.factory
dagster._core.launcher.default_run_launcher dagster._core.run_coordinator dagster._core.storage.root
dagster._core.storage.sqlite_storage dagster._core.system_config.composite_descent
dagster._core.types.primitive_mapping dagster._core.types.transform_typing dagster._core.utility_ops
dagster._core.workspace.autodiscovery dagster._grpc.impl dagster._utils.test.definitions
duckdb fsspec.implementations.local geopandas pandas psycopg2.extras pyarrow pyarrow.parquet pyogrio shapely
sqlalchemy.dialects.postgresql.psycopg2 structlog upath.implementations.local
orchestrator.definitions orchestrator.service.logs orchestrator.service.storage orchestrator.service.worker
"""

for name in NEEDED.split():
    import_module(name)
try:
    node_types()
    for package in (orchestrator.compiler, orchestrator.formats):
        list(modules(package))
    DEFINED = rehearse()
    settings()
except Exception:  # one broken node type or format must not stop the others: its runs will say what is wrong
    traceback.print_exc()

gc.collect()
gc.freeze()  # the collector of a child then leaves these objects, and with them the shared pages, alone

"""The migrations: up, down, up; from many processes at once; equal to the tables the code uses."""

import multiprocessing
import time

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from orchestrator import database
from orchestrator.catalog import Catalog
from orchestrator.catalog.tables import metadata
from orchestrator.errors import Conflict, Unavailable


def tables(url, schema="graphmill"):
    return set(sa.inspect(database.engine(url)).get_table_names(schema=schema))


def test_up_down_up_with_data_between(empty_database_url):
    url = empty_database_url
    for _ in range(2):
        database.prepare(url)
        assert tables(url) == {table.name for table in metadata.tables.values()} | {"alembic_version"}
        Catalog(url).create({"name": "here", "nodes": []}, valid=True)
        assert Catalog(url).count() == 1
        with database.transaction(database.engine(url)) as connection:
            command.downgrade(database.migrations(connection), "base")
        assert tables(url) == {"alembic_version"}
        with database.transaction(database.engine(url)) as connection:
            left = (
                "SELECT count(*) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'graphmill'"
            )
            assert connection.scalar(sa.text(left)) == 0


def test_tables_of_the_code_equal_the_migrations(database_url):
    options = {
        "include_schemas": True,
        "version_table_schema": "graphmill",
        "include_name": lambda name, kind, parents: kind != "schema" or name == "graphmill",
        "compare_server_default": True,
    }
    with database.transaction(database.engine(database_url)) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        command.check(database.migrations(connection))


def test_head_is_the_newest_file(database_url):
    with database.transaction(database.engine(database_url)) as connection:
        scripts = ScriptDirectory.from_config(database.migrations(connection))
    assert scripts.get_heads() == [database.head()]


def test_four_processes_prepare_at_once(empty_database_url):
    context = multiprocessing.get_context("spawn")
    starters = [context.Process(target=database.prepare, args=(empty_database_url,)) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [starter.exitcode for starter in starters] == [0, 0, 0, 0]
    assert "workflows" in tables(empty_database_url)


def test_preparing_again_is_quick_and_changes_nothing(fresh_database_url):
    kept = Catalog(fresh_database_url).create({"name": "kept"}, valid=True)
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        database.prepare(fresh_database_url)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.05  # what else the machine does is not measured
    assert Catalog(fresh_database_url).get(kept.id) == kept


def test_a_missing_dagster_schema_comes_back(fresh_database_url):
    with database.transaction(database.engine(fresh_database_url)) as connection:
        connection.execute(sa.text("DROP SCHEMA dagster"))
    database.prepare(fresh_database_url)
    assert "dagster" in sa.inspect(database.engine(fresh_database_url)).get_schema_names()


def test_a_database_of_a_newer_version_is_left_alone(fresh_database_url):
    with database.transaction(database.engine(fresh_database_url)) as connection:
        connection.execute(sa.text("UPDATE graphmill.alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="newer Graphmill"):
        database.prepare(fresh_database_url)


def test_a_server_that_is_not_there():
    with pytest.raises(Unavailable, match="does not answer"):
        database.prepare("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")


@pytest.mark.parametrize("column", ["document = '{}'", "digest = 'x'", "number = 2", "created_at = now()"])
def test_a_version_never_changes(database_url, column):
    stored = Catalog(database_url).create({"name": "as it was"}, valid=True)
    with (
        pytest.raises(sa.exc.IntegrityError, match=f"Version 1 of workflow {stored.id} cannot be changed"),
        database.transaction(database.engine(database_url)) as connection,
    ):
        connection.execute(
            sa.text(f"UPDATE graphmill.versions SET {column} WHERE workflow_id = :id"), {"id": stored.id}
        )
    assert Catalog(database_url).get(stored.id) == stored

"""Events of a run, stored one by one or several by one statement."""

import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
import sqlalchemy as sa
from dagster import DagsterInstance
from dagster._core.instance import InstanceRef

from benchmarks.graphs import chain
from orchestrator.compiler.jobs import compile_document
from orchestrator.database import dagster_url
from orchestrator.service import event_log
from orchestrator.service.event_log import Events
from orchestrator.service.storage import create_tables


@pytest.fixture
def url(fresh_database_url: str) -> str:
    made = dagster_url(fresh_database_url)
    create_tables(made)
    return made


@pytest.fixture
def instance(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterInstance]:
    storage = {"module": "orchestrator.service.storage", "class": "PooledStorage", "config": {"postgres_url": url}}
    settings = {"storage": {"custom": storage}, "telemetry": {"enabled": False}}
    folder = str(tmp_path_factory.mktemp("dagster"))
    with DagsterInstance.from_ref(InstanceRef.from_dir(folder, overrides=settings)) as made:
        yield made


def log_of(instance: DagsterInstance) -> Events:
    storage = instance.event_log_storage
    assert isinstance(storage, Events)
    return storage


def run(instance: DagsterInstance) -> str:
    return compile_document(chain(4), "chain", 1).job.execute_in_process(instance=instance).run_id


def kinds(instance: DagsterInstance, run_id: str) -> list[tuple[str | None, str | None]]:
    return [(each.step_key, each.dagster_event_type) for each in instance.all_logs(run_id)]


def statements(log: Events) -> list[str]:
    found: list[str] = []
    sa.event.listen(log._engine, "before_cursor_execute", lambda *given: found.append(given[2]))
    return found


def test_gathered_events_are_the_same_in_the_same_order(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "LINGER_S", 1)
    alone = statements(log_of(instance))
    first = kinds(instance, run(instance))
    one_by_one = sum("INSERT" in each for each in alone)
    log_of(instance).gather()
    together = statements(log_of(instance))
    assert kinds(instance, run(instance)) == first
    assert 2 <= sum("INSERT" in each for each in together) < one_by_one / 3


def test_each_event_is_told(instance: DagsterInstance, url: str) -> None:
    log_of(instance).gather()
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(False)
    with closing(psycopg2.connect(plain)) as listening:
        listening.autocommit = True
        with listening.cursor() as cursor:
            cursor.execute("LISTEN run_events")
        run_id = run(instance)
        listening.poll()
        told = [notice.payload for notice in listening.notifies]
    assert told == [f"{run_id}_{record.storage_id}" for record in instance.get_records_for_run(run_id).records]


def test_what_waits_is_written_soon(instance: DagsterInstance) -> None:
    log, run_id = log_of(instance), run(instance)
    entry = instance.all_logs(run_id)[3]
    log.gather()
    written = statements(log)
    log.store_event(entry)
    assert not written
    deadline = time.monotonic() + 10
    while not written and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(written) == 1


def test_what_the_database_does_not_take_waits_on(instance: DagsterInstance) -> None:
    log, run_id = log_of(instance), run(instance)
    before, entry = kinds(instance, run_id), instance.all_logs(run_id)[3]

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("gone"))

    sa.event.listen(log._engine, "before_cursor_execute", fail)
    with pytest.raises(sa.exc.OperationalError):
        log.store_event(entry)
    sa.event.remove(log._engine, "before_cursor_execute", fail)
    assert kinds(instance, run_id) == [*before, before[3]]

"""Runs that ended long ago are removed with all that belongs to them, and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from compiler.graphs import own_home
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.instance import InstanceRef

from benchmarks.graphs import chain
from orchestrator.catalog import Catalog
from orchestrator.compiler.jobs import compile_document
from orchestrator.database import dagster_url
from orchestrator.service.prune import Pruner
from orchestrator.service.storage import Runs, create_tables
from orchestrator.settings import settings

NOW = datetime.now(UTC)


@pytest.fixture
def instance(fresh_database_url: str, tmp_path: Path) -> Iterator[DagsterInstance]:
    url = dagster_url(fresh_database_url)
    create_tables(url)
    storage = {"module": "orchestrator.service.storage", "class": "PooledStorage", "config": {"postgres_url": url}}
    overrides = {"storage": {"custom": storage}, "telemetry": {"enabled": False}}
    (tmp_path / "dagster").mkdir()
    with (
        own_home(tmp_path),
        DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path / "dagster"), overrides=overrides)) as made,
    ):
        yield made


@pytest.fixture
def catalog(fresh_database_url: str) -> Catalog:
    return Catalog(fresh_database_url)


def run(instance: DagsterInstance, length: int) -> str:
    config = {"graphmill": {"cache": True}}
    job = compile_document(chain(length), f"chain{length}", 1).job
    return job.execute_in_process(run_config=config, instance=instance).run_id


def snapshots(instance: DagsterInstance) -> int:
    storage = instance.run_storage
    assert isinstance(storage, Runs)
    with storage.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM snapshots")).scalar_one())


def test_what_ended_long_ago_goes(instance: DagsterInstance, catalog: Catalog) -> None:
    ended, waiting = run(instance, 3), "00000000-0000-0000-0000-000000000001"
    instance.add_run(DagsterRun("chain3", waiting, status=DagsterRunStatus.STARTED))
    catalog.claim("key", "w", "digest", ended)
    pruner = Pruner(instance, settings(), catalog.forget_keys)
    folder = settings().runs / ended
    assert list(folder.rglob("*.parquet"))
    assert pruner.prune(NOW + timedelta(days=89)) == 0
    assert folder.exists()
    assert catalog.claim("key", "w", "digest", "other") == ended
    assert pruner.prune(NOW + timedelta(days=91)) == 1
    assert not folder.exists()
    assert [each.run_id for each in instance.get_runs()] == [waiting]
    assert instance.all_logs(ended) == []
    assert snapshots(instance) == 0
    assert catalog.claim("key", "w", "digest", "other") == "other"
    assert instance.get_run_by_id(run(instance, 3)) is not None  # what was dropped is made again
    assert snapshots(instance) == 2


def test_snapshots_stay_as_long_as_a_run_has_them(instance: DagsterInstance) -> None:
    first, second, other = run(instance, 3), run(instance, 3), run(instance, 4)
    storage = instance.run_storage
    assert isinstance(storage, Runs)
    assert (snapshots(instance), storage.drop_snapshots()) == (4, 0)
    instance.delete_run(first)
    assert storage.drop_snapshots() == 0
    instance.delete_run(other)
    assert storage.drop_snapshots() == 2
    kept = instance.get_run_by_id(second)
    assert kept is not None
    assert kept.job_snapshot_id
    assert kept.execution_plan_snapshot_id
    assert instance.get_job_snapshot(kept.job_snapshot_id).name == kept.job_name
    assert instance.get_execution_plan_snapshot(kept.execution_plan_snapshot_id).steps


def test_the_snapshot_of_a_whole_job_stays_for_a_run_of_a_part(instance: DagsterInstance) -> None:
    job = compile_document(chain(3), "chain3", 1).job
    source = next(each.name for each in job.nodes if "inline_data" in each.name)
    run_of_part = instance.create_run_for_job(job, op_selection=[source])  # as Dagster's launchpad does
    assert run_of_part.job_snapshot_id
    lineage = instance.get_job_snapshot(run_of_part.job_snapshot_id).lineage_snapshot
    assert lineage is not None
    storage = instance.run_storage
    assert isinstance(storage, Runs)
    storage.drop_snapshots()
    assert instance.get_job_snapshot(lineage.parent_snapshot_id).name == job.name


def test_zero_days_is_never(instance: DagsterInstance, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.service.prune.FIRST_S", 0)
    run(instance, 3)
    pruner = Pruner(instance, settings().model_copy(update={"keep_runs_days": 0}), catalog.forget_keys)
    pruner.start()
    pruner.join(10)
    assert not pruner.is_alive()
    assert len(instance.get_runs()) == 1

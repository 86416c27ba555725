"""Runs as real processes: how they start, and that each of them ends honestly whatever happens to it."""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import psutil
import pytest
from dagster import DagsterRunStatus
from dagster._core.errors import DagsterLaunchFailedError
from service_system import NODES, System, chain, until

from orchestrator.compiler.emit import VERSION_TAG
from orchestrator.errors import NotFound
from orchestrator.registry import node_types
from orchestrator.runs import adapter
from orchestrator.service.stop import cancel

STEP = {"type": "step"}


@pytest.fixture(scope="module")
def system(database_url: str) -> Iterator[System]:
    with tempfile.TemporaryDirectory(prefix="graphmill-") as home, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(NODES))
        patch.setenv("GRAPHMILL_HOME", home)
        node_types.cache_clear()
        made = System(Path(home), database_url, patch, cancel_grace_s=2)
        yield made
        made.stop()
    node_types.cache_clear()


def test_a_run_completes(system: System) -> None:
    run_id = system.run(STEP, STEP)
    assert system.ended(run_id) is DagsterRunStatus.SUCCESS, system.messages(run_id)


def test_its_process_is_forked_from_the_warm_one(system: System) -> None:
    run_id = system.run({"type": "sleep", "config": {"seconds": 1}})
    process = system.worker(run_id).process()
    assert process is not None
    parent = process.parent()
    assert parent is not None
    assert "multiprocessing.forkserver" in " ".join(parent.cmdline())
    assert parent.ppid() == system.process.pid
    assert system.ended(run_id) is DagsterRunStatus.SUCCESS


def test_it_imports_next_to_nothing(system: System) -> None:
    run_id = system.run(STEP)
    system.ended(run_id)
    [line] = until(lambda: [line for line in system.logged("run ended") if line["execution_id"] == run_id])
    assert len(line["imported"]) < 10, f"orchestrator/service/warm.py should load {line['imported']}"


def test_what_a_node_prints_is_kept_with_the_run(system: System) -> None:
    run_id = system.run({"type": "sleep", "config": {"seconds": 0}})
    system.ended(run_id)
    assert any("sleeping" in path.read_text() for path in (system.settings.runs / run_id).glob("compute_logs/*.err"))


def test_many_at_once(system: System) -> None:
    runs = [system.run(STEP) for _ in range(5)]
    assert {system.ended(run_id) for run_id in runs} == {DagsterRunStatus.SUCCESS}


def test_it_runs_the_version_it_was_made_for(system: System) -> None:
    run = system.create(chain(STEP))
    workflow_id = run.job_name.removeprefix("wf_")
    system.catalog.save(workflow_id, chain(STEP, STEP, STEP), valid=True)
    assert system.ended(system.launch(run)) is DagsterRunStatus.SUCCESS
    assert system.steps(run.run_id) == {"numbers__n0", "step__n1"}


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, "its tags 'graphmill/workflow' and 'graphmill/version' are missing"),
        ({VERSION_TAG: "latest"}, "are missing"),
        ({VERSION_TAG: "7"}, "Version 7 of workflow"),
    ],
)
def test_without_a_version_nothing_runs(system: System, tags: dict[str, str], said: str) -> None:
    run = system.create(chain(STEP))
    made = system.create_again(run.job_name.removeprefix("wf_"), 1, {**run.tags, **tags} if tags else {})
    with pytest.raises(DagsterLaunchFailedError, match=said):
        system.launch(made)
    assert system.get(made.run_id).status is DagsterRunStatus.FAILURE
    assert said in system.messages(made.run_id)
    assert system.steps(made.run_id) == set()


def test_a_killed_process_is_a_failed_run(system: System) -> None:
    run_id = system.busy("python")
    os.kill(system.worker(run_id).pid, 9)
    assert system.ended(run_id, 20) is DagsterRunStatus.FAILURE


@pytest.mark.parametrize("where", ["duckdb", "python", "native"])
def test_cancel_ends_the_run_and_its_process(system: System, where: str) -> None:
    run_id = system.busy(where)
    worker = system.worker(run_id)
    began = time.monotonic()
    cancel(system.instance, run_id, system.settings)
    assert time.monotonic() - began < 1.9  # less than the grace
    assert system.get(run_id).status in (DagsterRunStatus.CANCELING, DagsterRunStatus.CANCELED)
    assert system.ended(run_id, 20) is DagsterRunStatus.CANCELED, system.messages(run_id)
    until(lambda: worker.process() is None, 20)


def test_cancel_of_a_run_that_waits(system: System) -> None:
    run = system.create(chain(STEP))
    cancel(system.instance, run.run_id, system.settings)
    assert system.get(run.run_id).status is DagsterRunStatus.CANCELED


def test_cancel_of_a_run_that_has_ended_changes_nothing(system: System) -> None:
    run_id = system.run(STEP)
    system.ended(run_id)
    cancel(system.instance, run_id, system.settings)
    assert system.get(run_id).status is DagsterRunStatus.SUCCESS


def test_cancel_of_no_run(system: System) -> None:
    with pytest.raises(NotFound):
        cancel(system.instance, "11111111-2222-3333-4444-555555555555", system.settings)


def test_runs_end_honestly_when_the_code_server_is_killed(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "PATIENCE_S", 150.0)
    finishes = system.run({"type": "sleep", "config": {"seconds": 2}})
    dies, canceled = system.busy("python"), system.busy("python")
    system.kill()
    os.kill(system.worker(dies).pid, 9)
    cancel(system.instance, canceled, system.settings)
    with ThreadPoolExecutor() as beside:
        waits = beside.submit(adapter.await_code_server, system.settings)
        assert not wait([waits], 0.5).done
        system.start()
        assert waits.result(5) is None
    assert system.ended(dies, 20) is DagsterRunStatus.FAILURE
    assert "process died" in system.messages(dies)
    assert system.ended(canceled, 20) is DagsterRunStatus.CANCELED
    assert system.ended(finishes, 20) is DagsterRunStatus.SUCCESS
    until(lambda: system.worker(canceled).process() is None, 20)


def test_a_new_forkserver_takes_over_from_a_killed_one(system: System) -> None:
    server = psutil.Process(system.process.pid)
    [forkserver] = [p for p in server.children() if "multiprocessing.forkserver" in " ".join(p.cmdline())]
    forkserver.kill()
    until(lambda: forkserver.status() == psutil.STATUS_ZOMBIE)
    run_id = system.run(STEP)
    assert system.ended(run_id, 60) is DagsterRunStatus.SUCCESS


def test_stopping_cancels_what_runs(system: System) -> None:
    runs = [system.busy("duckdb"), system.busy("native")]
    workers = [system.worker(run_id) for run_id in runs]
    system.process.terminate()
    system.process.wait(30)
    assert {system.get(run_id).status for run_id in runs} == {DagsterRunStatus.CANCELED}
    assert [worker.process() for worker in workers] == [None, None]

"""Whatever is killed mid-run: after the supervisor brings it back, the run has an honest end and the API answers.

Last of the files, because these tests shake the system that all share.
"""

import json

import psutil
import pytest
from running_system import ended, execute, execution, processes, running_slow, save, until
from test_pin import passed, version

from benchmarks.system import System


def answers(system: System) -> bool:
    try:
        return system.api.get(str(system.api.base_url).replace("/api/", "/readyz"), timeout=5).status_code == 200
    except Exception:
        return False


def works_again(system: System) -> None:
    until(lambda: answers(system), 90)
    assert passed(system, execute(system, save(system, version(4)))["execution_id"]) == 6


def test_a_killed_worker_is_a_failed_run(system: System) -> None:
    run = running_slow(system)
    psutil.Process(json.loads((system.home / "runs" / run / "worker.json").read_text())["pid"]).kill()
    found = ended(system, run, 30)
    assert found["status"] == "failed"
    assert found["error"]["message"].startswith("The run's process died")
    assert found["error"]["node_id"] == "slow"
    assert system.api.get("/executions?status=failed").json()["items"][0]["error"] == found["error"]
    works_again(system)


@pytest.mark.parametrize("part", ["orchestrator.service.code_server", "daemon run"])
def test_a_killed_part_comes_back(system: System, part: str) -> None:
    run = running_slow(system)
    victims = processes(system, part)
    assert victims
    for each in victims:
        each.kill()
    until(lambda: processes(system, part), 60)
    works_again(system)
    if execution(system, run)["status"] == "running":  # it goes on without that part, and obeys
        until(lambda: system.api.post(f"/executions/{run}/cancel").status_code in (202, 409), 30)
    assert ended(system, run, 30)["status"] in ("canceled", "failed")


def test_a_killed_database_comes_back(system: System) -> None:
    run = running_slow(system)
    postmaster = int((system.home / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(postmaster).kill()
    until(lambda: not answers(system), 60)
    works_again(system)
    if execution(system, run)["status"] == "running":
        system.api.post(f"/executions/{run}/cancel")
    assert ended(system, run, 60)["status"] in ("canceled", "failed")


def test_up_stops_with_nothing_left_over(system: System) -> None:
    parts = psutil.Process(system.process.pid).children(recursive=True)
    assert parts
    system.process.terminate()
    assert system.process.wait(30) == 0
    until(lambda: not [each for each in parts if each.is_running() and each.status() != psutil.STATUS_ZOMBIE], 10)

"""A code server of the tests' own, and a way to run workflows on it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT, JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._grpc.client import DagsterGrpcClient

from benchmarks.system import free_port
from orchestrator.catalog import Catalog
from orchestrator.compiler.jobs import Jobs
from orchestrator.database import dagster_url
from orchestrator.service.health import code_server_answers
from orchestrator.service.home import prepare_home
from orchestrator.service.servicer import ATTRIBUTE, LOCATION, MODULE
from orchestrator.service.storage import create_tables
from orchestrator.service.watch import Worker, read_worker
from orchestrator.settings import Settings, settings

NODES = Path(__file__).parent / "service_nodes"


def until(condition: Callable[[], Any], seconds: float = 30, every: float = 0.02) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every)
    return value


def chain(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A workflow of `numbers` and then these nodes in a row."""
    named = [{"id": f"n{i}", **node} for i, node in enumerate([{"type": "numbers"}, *nodes])]
    edges = [{"id": f"e{i}", "source": f"n{i}", "target": f"n{i + 1}"} for i in range(len(nodes))]
    return {"name": "test", "nodes": named, "edges": edges}


class System:
    """A home, a database, and a code server on a free port."""

    def __init__(self, home: Path, url: str, patch: pytest.MonkeyPatch, **given: Any) -> None:
        self.settings = Settings(home=home, database_url=url, code_server_port=free_port(), **given)
        create_tables(dagster_url(url))
        for name, value in {**prepare_home(self.settings), "PYTHONPATH": str(NODES)}.items():
            patch.setenv(name, value)
        settings.cache_clear()
        self.catalog = Catalog(url)
        self.jobs = Jobs(self.catalog)
        self.instance = DagsterInstance.from_config(str(home))
        self.log = home / "logs" / "code-server.log"
        self.start()

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "orchestrator.service.code_server"], stderr=log, stdout=log
            )
        until(lambda: code_server_answers(self.settings.code_server_port), 150)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(40)
        self.instance.dispose()
        settings.cache_clear()

    def create(self, document: dict[str, Any], tags: dict[str, str] | None = None) -> DagsterRun:
        """A run of a new workflow, not launched."""
        stored = self.catalog.create(document, valid=True)
        return self.create_again(stored.id, 1, tags)

    def create_again(self, workflow_id: str, version: int, tags: dict[str, str] | None = None) -> DagsterRun:
        job = self.jobs.get(workflow_id, version).job
        location = GrpcServerCodeLocationOrigin(
            host="127.0.0.1", port=self.settings.code_server_port, location_name=LOCATION
        )
        python = RepositoryPythonOrigin(
            sys.executable, ModuleCodePointer(MODULE, ATTRIBUTE, os.getcwd()), entry_point=DEFAULT_DAGSTER_ENTRY_POINT
        )
        return self.instance.create_run_for_job(
            job,
            tags=job.tags if tags is None else tags,
            remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, "graphmill"), job.name),
            job_code_origin=JobPythonOrigin(job.name, python),
        )

    def launch(self, run: DagsterRun) -> str:
        client = DagsterGrpcClient(port=self.settings.code_server_port, host="127.0.0.1")
        DefaultRunLauncher.launch_run_from_grpc_client(self.instance, run, client)
        return run.run_id

    def run(self, *nodes: dict[str, Any]) -> str:
        return self.launch(self.create(chain(*nodes)))

    def get(self, run_id: str) -> DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The code server's and the workers' own log lines of this event."""
        lines = [line[line.index("{") :] for line in self.log.read_text().splitlines() if '"event": "' in line]
        return [line for line in map(json.loads, lines) if line["event"] == event]

    def worker(self, run_id: str) -> Worker:
        return until(lambda: read_worker(self.settings.runs / run_id))

    def busy(self, where: str) -> str:
        """A run that is inside a long node."""
        run_id = self.run({"type": "busy", "config": {"where": where}})
        until(lambda: "busy__n1" in self.steps(run_id))
        return run_id

    def steps(self, run_id: str) -> set[str | None]:
        entries = self.instance.all_logs(run_id)
        return {e.step_key for e in entries if e.dagster_event and e.dagster_event.event_type_value == "STEP_START"}

    def ended(self, run_id: str, seconds: float = 30) -> DagsterRunStatus:
        return until(lambda: self.get(run_id).is_finished and self.get(run_id).status, seconds)

    def messages(self, run_id: str) -> str:
        return "\n".join(entry.message for entry in self.instance.all_logs(run_id))

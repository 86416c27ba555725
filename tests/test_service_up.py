"""`graphmill up`: the whole system as a person starts it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from service_system import until

from benchmarks.system import free_port
from orchestrator.embedded import running
from orchestrator.service.health import ready
from orchestrator.service.session import TOKEN
from orchestrator.settings import Settings

COMMAND = [sys.executable, "-m", "orchestrator.service.supervise"]


class Up:
    """A `graphmill up` of the test's own."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(
            home=home, port=free_port(), dagster_port=free_port(), code_server_port=free_port(), database_url=None
        )
        self.said = home / "said.txt"
        self.environment = {**os.environ, **self.settings.environment()}
        self.environment.pop("GRAPHMILL_DATABASE_URL", None)

    def start(self) -> None:
        with self.said.open("w") as said:
            self.process = subprocess.Popen(COMMAND, env=self.environment, stdout=said, stderr=said)
        until(lambda: "Graphmill is up" in self.said.read_text() or self.process.poll() is not None, 250)
        assert self.process.poll() is None, self.said.read_text()

    def pid(self, name: str) -> int:
        lines = [line for line in self.said.read_text().splitlines() if line.startswith(f"{name} ") and "runs" in line]
        return int(lines[-1].split()[-1].strip(")."))

    def all(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self.owns(process)]

    def owns(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("GRAPHMILL_HOME") == str(self.settings.home) and TOKEN in process.environ()
        except psutil.Error:
            return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@pytest.fixture(scope="module")
def system() -> Iterator[Up]:
    with tempfile.TemporaryDirectory(prefix="graphmill-") as home:
        made = Up(Path(home))
        made.start()
        yield made
        if made.process.poll() is None:
            made.stop()


def test_everything_is_ready(system: Up) -> None:
    everything = {"database": True, "code_server": True, "daemon": True}
    until(lambda: ready(system.settings) == everything, 90, every=0.5)


@pytest.mark.parametrize("part", ["daemon", "webserver", "code-server"])
def test_logs_are_json(system: Up, part: str) -> None:
    log = system.settings.home / "logs" / f"{part}.log"
    until(lambda: log.read_text().endswith("\n"), 60)
    assert json.loads(log.read_text().splitlines()[0])["event"]


def test_a_second_one_is_refused(system: Up) -> None:
    done = subprocess.run(COMMAND, env=system.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "running on this home already" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_a_sentence(system: Up) -> None:
    with tempfile.TemporaryDirectory(prefix="graphmill-") as home:
        environment = {**system.environment, "GRAPHMILL_HOME": home}
        done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["database", "code-server", "api", "daemon", "webserver"])
def test_what_dies_is_started_again(system: Up, name: str) -> None:
    before = system.pid(name)
    os.kill(before, signal.SIGKILL)
    until(lambda: system.pid(name) != before, 30)


def test_a_killed_postgresql_recovers(system: Up) -> None:
    found = until(lambda: running(system.settings.home))
    os.kill(found.pid, signal.SIGKILL)
    until(lambda: (now := running(system.settings.home)) and now.pid != found.pid, 60)
    until(lambda: ready(system.settings)["database"], 30)


def test_what_a_killed_one_left_is_ended_by_the_next(system: Up) -> None:
    system.process.kill()
    system.process.wait()
    left = system.all()
    assert left
    system.start()
    assert not [process for process in left if process.is_running()]


def test_nothing_is_left_after_stopping(system: Up) -> None:
    system.stop()
    assert system.process.returncode == 0
    assert system.all() == []
    assert running(system.settings.home) is None
    assert "Graphmill has stopped." in system.said.read_text()

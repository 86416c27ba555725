"""The real system on free ports, in a home of its own."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

READY_S = 120
BIN = Path(sys.executable).parent


def _candidates() -> Iterator[int]:
    """Ports that no other process of the same tests takes, and that the kernel gives to no client."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
    first = 20_000 + 1_000 * worker
    while True:
        yield from random.sample(range(first, first + 1_000), 1_000)


CANDIDATES = _candidates()


def free_port() -> int:
    """A port of this machine that nobody listens on, another one at each call."""
    for port in CANDIDATES:
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("there is always a next candidate")


@dataclass(frozen=True)
class System:
    """A system that runs: its supervisor's process, its home, a client of its API, and where Dagster's UI is."""

    process: "subprocess.Popen[bytes]"
    home: Path
    api: httpx.Client
    dagster: str


@contextmanager
def running(home: Path, **settings: Any) -> Iterator[System]:
    """`graphmill up` on free ports; stopped at the end."""
    port, dagster_port = free_port(), free_port()
    env = os.environ | {"GRAPHMILL_CODE_SERVER_PORT": str(free_port())}
    env |= {f"GRAPHMILL_{name.upper()}": str(value) for name, value in settings.items()}
    ports = ["--port", str(port), "--dagster-port", str(dagster_port)]
    with (home / "up.log").open("w") as log:
        process = subprocess.Popen([BIN / "graphmill", "up", *ports, "--home", home], env=env, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=300) as client:
            system = System(process, home, client, f"http://127.0.0.1:{dagster_port}")
            _wait(client, process)
            yield system
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def up(home: Path, **settings: Any) -> Iterator[httpx.Client]:
    """The same, for who needs the API alone."""
    with running(home, **settings) as system:
        yield system.api


def _wait(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get(str(client.base_url).replace("/api/", "/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the system did not become ready")


def ended(client: httpx.Client, execution: str) -> None:
    """Wait until a run has completed.

    Raises:
        RuntimeError: it did not complete.
    """
    status = "running"
    while status in ("pending", "running"):
        time.sleep(0.02)
        status = client.get(f"/executions/{execution}").raise_for_status().json()["status"]
    if status != "completed":
        raise RuntimeError(f"the run did not complete: {status}")


def execute(client: httpx.Client, workflow: str, **body: Any) -> float:
    """Run a workflow to its end; gives the seconds it took.

    Raises:
        RuntimeError: it did not complete.
    """
    started = time.perf_counter()
    answer = client.post(f"/workflows/{workflow}/execute", params={"wait": 300}, json=body)
    seconds = time.perf_counter() - started
    if answer.json().get("status") != "completed":
        raise RuntimeError(f"the run did not complete: {answer.text}")
    return seconds

"""How long a person waits: from execute to completed, and from saving to running."""

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.graphs import chain, five
from benchmarks.system import ended, execute, up
from benchmarks.table import Row

RUNS, STOCK_RUNS = 20, 5
STORED = 1000


def measure() -> list[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder, up(Path(folder)) as client:
        warm = _median(client, RUNS)
        seconds = _save_and_start(client)
        per_node = _per_node(client)
    with tempfile.TemporaryDirectory() as folder, up(Path(folder), warm_workers=False) as client:
        stock = _median(client, STOCK_RUNS)
    ratio = stock / warm
    return [
        Row("execute -> completed, 5 nodes, p50", f"{warm:.2f} s", "<= 0.9 s", warm <= 0.9),
        Row("the same, against the stock launcher", f"{ratio:.1f} times faster", ">= 4", ratio >= 4, f"{stock:.2f} s"),
        Row(f"POST workflow -> it can be executed, {STORED:,} stored", f"{seconds:.3f} s", "<= 0.2 s", seconds <= 0.2),
        Row("overhead per node, chain of 200", f"{per_node * 1000:.0f} ms", "<= 30 ms", per_node <= 0.03),
    ]


def _median(client: httpx.Client, runs: int) -> float:
    workflow = client.post("/workflows", json=five()).json()["id"]
    execute(client, workflow)
    return statistics.median(execute(client, workflow) for _ in range(runs))


def _save_and_start(client: httpx.Client) -> float:
    """From posting a workflow to the answer that its run is accepted, less what accepting that of an old one takes."""
    for number in range(STORED):
        client.post("/workflows", json=five() | {"name": f"stored {number}"}).raise_for_status()
    known = client.post("/workflows", json=five()).raise_for_status().json()["id"]
    execute(client, known)
    new: list[float] = []
    old: list[float] = []
    for number in range(10):
        started = time.perf_counter()
        answer = client.post("/workflows", json=five() | {"name": f"new {number}"}).raise_for_status()
        _accepted(client, answer.json()["id"], new, started)
        _accepted(client, known, old, time.perf_counter())
    return statistics.median(new) - statistics.median(old)


def _accepted(client: httpx.Client, workflow: str, taken: list[float], started: float) -> None:
    """Note when a run is accepted, and wait for its end, which must be a good one."""
    accepted = client.post(f"/workflows/{workflow}/execute").raise_for_status().json()
    taken.append(time.perf_counter() - started)
    ended(client, accepted["execution_id"])


def _per_node(client: httpx.Client) -> float:
    workflow = client.post("/workflows", json=chain(200)).raise_for_status().json()["id"]
    execute(client, workflow)
    return statistics.median(execute(client, workflow) for _ in range(3)) / 200

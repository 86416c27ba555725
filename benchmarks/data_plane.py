"""What the data plane costs over plain DuckDB, in runs of the real system, and how much memory it takes."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.graphs import pipeline, write_data
from benchmarks.system import up
from benchmarks.table import Row

ROWS, MANY_ROWS, TIMES = 5_000_000, 50_000_000, 7
GIB = 1 << 30


def measure() -> list[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_data(_data(root), ROWS)
        with up(root) as client:
            workflow = client.post("/workflows", json=pipeline()).raise_for_status().json()["id"]
            _seconds(client, workflow, cache=True)
            figures = [
                (_query(root), _seconds(client, workflow, cache=False), _seconds(client, workflow, cache=True))
                for _ in range(TIMES)
            ]
        plain, fused, cached = (statistics.median(each) for each in zip(*figures, strict=True))
        write_data(_data(root), MANY_ROWS)
        seconds, peak = _run(root, GRAPHMILL_MEMORY_LIMIT="1GB")
    what = f"{ROWS // 1_000_000} M rows, CSV -> filter -> compute -> join -> aggregate -> sort -> CSV"
    return [
        _compared(f"{what}, fused", fused, plain, 1.3),
        _compared("the same, every port stored", cached, plain, 3),
        Row(
            f"{MANY_ROWS // 1_000_000} M rows, fused, memory limit 1 GB",
            f"peak {peak / GIB:.2f} GiB, {seconds:.0f} s",
            "< 2 GiB",
            peak < 2 * GIB,
        ),
    ]


def _compared(what: str, seconds: float, plain: float, bar: float) -> Row:
    ratio = seconds / plain
    yardstick = f"plain DuckDB {plain:.2f} s"
    return Row(what, f"{seconds:.2f} s, {ratio:.2f} times", f"<= {bar} times", ratio <= bar, yardstick)


def _data(root: Path) -> Path:
    (root / "data").mkdir(exist_ok=True)
    return root / "data"


def _seconds(client: httpx.Client, workflow: str, *, cache: bool) -> float:
    """From the start of a run to its end, as the API tells them."""
    made = client.post(f"/workflows/{workflow}/execute", params={"wait": 300}, json={"cache": cache})
    said = client.get(f"/executions/{made.raise_for_status().json()['execution_id']}").raise_for_status().json()
    if said["status"] != "completed":
        raise RuntimeError(f"the run did not complete: {said['error']}")
    begun, over = (datetime.fromisoformat(said[moment]) for moment in ("started_at", "completed_at"))
    return (over - begun).total_seconds()


def _run(root: Path, **env: str) -> tuple[float, int]:
    graph = root / "pipeline.json"
    graph.write_text(json.dumps(pipeline()))
    said = _python("benchmarks.one_run", str(graph), GRAPHMILL_HOME=str(root), **env)
    return said["seconds"], int(said["peak"])


def _query(root: Path) -> float:
    return _python("benchmarks.one_query", str(_data(root)))["seconds"]


def _python(module: str, *arguments: str, **env: str) -> dict[str, float]:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=os.environ | env, check=True, capture_output=True, text=True)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said

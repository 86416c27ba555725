"""What these tests do with the running system."""

import time
from collections.abc import Callable
from typing import Any

import psutil

from benchmarks.graphs import edge, node
from benchmarks.system import System

ENDED = ("completed", "failed", "canceled")
SLOW = "SELECT sum(a.range * b.range) AS s FROM range(100000000) a, range(1000) b WHERE (a.range + b.range) % 7 = 3"


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


def save(system: System, graph: dict[str, Any]) -> str:
    answer = system.api.post("/workflows", json=graph)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def execute(system: System, workflow: str, wait: int = 0, **body: Any) -> dict[str, Any]:
    answer = system.api.post(f"/workflows/{workflow}/execute", params={"wait": wait}, json=body)
    assert answer.status_code in (200, 202), answer.text
    return dict(answer.json())


def execution(system: System, execution_id: str) -> dict[str, Any]:
    answer = system.api.get(f"/executions/{execution_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ended(system: System, execution_id: str, seconds: float = 60) -> dict[str, Any]:
    """The execution once it has ended; an API that is away for a moment is asked again."""

    def look() -> dict[str, Any] | None:
        answer = system.api.get(f"/executions/{execution_id}")
        found = answer.json()
        return found if answer.status_code == 200 and found["status"] in ENDED else None

    return dict(until(look, seconds))


def slow_graph() -> dict[str, Any]:
    """A table, then minutes in native code."""
    nodes = [node("data", "inline_data", rows=[{"a": 1}]), node("slow", "sql", query=SLOW)]
    return {"name": "slow", "nodes": nodes, "edges": [edge("data", "slow")]}


def running_slow(system: System) -> str:
    """An execution of that graph which is inside of its long node."""
    started = str(execute(system, save(system, slow_graph()))["execution_id"])
    inside = ("slow", "running")
    until(lambda: inside in [(each["node_id"], each["status"]) for each in execution(system, started)["nodes"]])
    return started


def processes(system: System, part: str) -> list[psutil.Process]:
    """The system's own processes whose command line has this part."""
    found = []
    for process in psutil.Process(system.process.pid).children(recursive=True):
        try:
            if part in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found

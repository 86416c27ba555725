"""A small run in the process that workers are forked from: what is done once in a process is done before the fork.

The first expression, the first query and the first step of a process take five times as long as the second.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterInstance

from orchestrator import parsing
from orchestrator.compiler.jobs import compile_document
from orchestrator.compiler.operations import definition
from orchestrator.registry import node_types
from orchestrator.settings import settings

PLACE = {"x": 0, "y": 0}
DATA = "shop,amount,day\nNord,10.5,2026-01-02\nSüd,,2026-01-03\n"
WORKFLOW = "rehearsal"


def rehearse() -> list[Any]:
    """Compile and run a workflow of the most common nodes; gives what must live on: Dagster's definitions of all nodes.

    Neither a thread, a connection nor a file is left.
    """
    there = threading.enumerate()
    with home_of_its_own() as home, DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        (home / "data").mkdir()
        (home / "data" / "shops.csv").write_text(DATA)
        compiled = compile_document(graph(), WORKFLOW, 1)
        if not compiled.job.execute_in_process(instance=instance).success:
            raise RuntimeError("the rehearsal's run failed")
        for thread in set(threading.enumerate()) - set(there):
            thread.join()
        parsing.close()
    return [definition(name) for name in node_types()]


@contextmanager
def home_of_its_own() -> Iterator[Path]:
    """A home that is gone afterwards, in the settings of this process."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="graphmill-rehearsal-") as folder:
        os.environ |= {"GRAPHMILL_HOME": folder, "GRAPHMILL_DATA_ROOT": f"{folder}/data", "GRAPHMILL_THREADS": "1"}
        settings.cache_clear()
        try:
            yield Path(folder)
        finally:
            os.environ.clear()
            os.environ.update(before)
            settings.cache_clear()


def graph() -> dict[str, Any]:
    """CSV -> filter -> compute -> join -> aggregate -> sort -> CSV."""
    sums = [{"column": "*", "function": "count", "name": "rows"}]
    nodes = [
        _node("shops", "data_loader", source_type="csv", path="shops.csv"),
        _node("names", "inline_data", rows=[{"shop": "Nord", "name": "North"}]),
        _node("some", "filter", condition="coalesce(amount, 0) > 1"),
        _node("more", "compute", columns=[{"name": "twice", "expression": "round(amount * 2)"}]),
        _node("named", "join", how="inner", keys=[{"left": "shop", "right": "shop"}]),
        _node("sums", "aggregate", group_by=["name"], aggregations=sums),
        _node("order", "sort", by=[{"column": "name"}]),
        _node("out", "data_writer", target_type="csv", path="out.csv"),
    ]
    edges = [
        _edge("shops", "some"), _edge("some", "more", "passed"), _edge("more", "named", None, "left"),
        _edge("names", "named", None, "right"), _edge("named", "sums", "joined"), _edge("sums", "order"),
        _edge("order", "out"),
    ]  # fmt: skip
    return {"name": WORKFLOW, "nodes": nodes, "edges": edges}


def _node(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "position": PLACE, "config": config}


def _edge(source: str, target: str, out: str | None = None, into: str | None = None) -> dict[str, Any]:
    return {"id": f"{source}-{target}", "source": source, "target": target, "sourceHandle": out, "targetHandle": into}

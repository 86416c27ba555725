"""Graphs for tests: builders, a way to run them, and the data they run on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import pytest
from dagster import DagsterInstance
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run

from orchestrator import secrets
from orchestrator.compiler import infer
from orchestrator.compiler.check import Checked, inspect
from orchestrator.compiler.jobs import Compiled, compile_document
from orchestrator.compiler.opened import RESULT, ends
from orchestrator.compiler.order import above
from orchestrator.compiler.run import table_path
from orchestrator.graph import parse
from orchestrator.names import key
from orchestrator.runs.given import write_given
from orchestrator.runs.progress import Progress
from orchestrator.runs.shapes import RunError
from orchestrator.runs.start import run_config
from orchestrator.schema import columns
from orchestrator.settings import settings
from orchestrator.tables import Session

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": None}]


@contextmanager
def own_home(folder: Path) -> Iterator[Path]:
    """A home that the whole process uses meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMILL_HOME", str(folder))
        patch.setenv("GRAPHMILL_MEMORY_LIMIT", "1000000000")
        settings.cache_clear()
        secrets._cipher.cache_clear()
        settings()
        yield folder
    settings.cache_clear()
    secrets._cipher.cache_clear()


def node(node_id: str, type_: str, config: dict | None = None, **more) -> dict:
    return {"id": node_id, "type": type_, "config": config or {}, **more}


def rows(node_id: str = "in", made: list[dict] | None = None, **more) -> dict:
    """A source of rows."""
    return node(node_id, "inline_data", {"rows": ROWS if made is None else made}, **more)


def keep(node_id: str, condition: str = "a > 1", **more) -> dict:
    """A filter."""
    return node(node_id, "filter", {"condition": condition}, **more)


def compute(node_id: str, expression: str = "a + 1", name: str = "c", **more) -> dict:
    return node(node_id, "compute", {"columns": [{"name": name, "expression": expression}]}, **more)


def edge(text: str) -> dict:
    """`in -> keep`, or with ports `keep.passed -> join.left`."""
    (source, _, out), (target, _, into) = (part.strip().partition(".") for part in text.split("->"))
    return {"id": text, "source": source, "target": target, "sourceHandle": out or None, "targetHandle": into or None}


def graph(nodes: list[dict], edges: list[str] | tuple[str, ...] = (), **more) -> dict:
    return {"nodes": nodes, "edges": [edge(each) for each in edges], **more}


def chain(length: int, **more) -> dict:
    """A source and so many filters that keep everything, in a line."""
    nodes = [rows("n0"), *(keep(f"n{number}", "a > 0", **more) for number in range(1, length + 1))]
    wires = [f"n{n}{'.passed' if n else ''} -> n{n + 1}" for n in range(length)]
    return graph(nodes, wires)


@lru_cache(maxsize=1)
def instance() -> DagsterInstance:
    """Dagster's instance in memory; it lives as long as the process."""
    return DagsterInstance.ephemeral()


@lru_cache(maxsize=1)
def reading(runs: Path) -> Session:
    """A session that reads what the runs of a home stored: to open one takes longer than to read."""
    return Session([runs])


@dataclass
class Ran:
    """A run that has ended."""

    compiled: Compiled
    run_id: str
    success: bool
    progress: Progress

    @property
    def folder(self) -> Path:
        return settings().runs / self.run_id

    @property
    def error(self) -> RunError | None:
        return self.progress.error

    def path(self, node_id: str, port: str = "result") -> Path:
        """Where a port's table is stored: of a workflow inside, where that of its output is."""
        if (inside := self.compiled.plan.scopes.get(node_id)) is not None:
            node_id, port = next((inside.place(s.node.id), RESULT) for name, s in ends(inside) if name == port)
        return table_path(self.folder, key(node_id), port)

    def rows(self, node_id: str, port: str = "result") -> list[tuple]:
        """The stored rows of a port."""
        return reading(settings().runs).parquet(self.path(node_id, port)).fetchall()

    def columns(self, node_id: str, port: str = "result") -> list[dict]:
        """The columns of the stored table of a port."""
        table = reading(settings().runs).parquet(self.path(node_id, port))
        return [each.model_dump(mode="json") for each in columns(table)]

    def stored(self) -> set[tuple[str, str]]:
        """The ports whose tables are stored."""
        return {
            (step.node_id, port)
            for step in self.compiled.plan.steps
            for port in step.step.op.ports.outputs
            if self.path(step.node_id, port).exists()
        }

    def events(self, kind: str) -> list:
        return [
            each for each in instance().all_logs(self.run_id) if each.dagster_event
            and each.dagster_event.event_type_value == kind
        ]  # fmt: skip

    def metadata(self, node_id: str, port: str = "result") -> dict:
        """What Dagster knows of an output."""
        alias = self.compiled.plan.alias(node_id)
        (found,) = (
            each.dagster_event.event_specific_data.metadata
            for each in self.events("HANDLED_OUTPUT")
            if each.step_key == alias and each.dagster_event.event_specific_data.output_name == port
        )
        return dict(found)

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def run(
    document: dict, *, cache: bool = True, given: dict | None = None, until: str | None = None, find=None, **parameters
) -> Ran:
    """Compile and run a graph in this process; `given` are the rows of `input` nodes by node id."""
    compiled = compile_document(document, "test", 1, find)
    if until is not None:
        return run_until(compiled, until, cache)
    return run_compiled(compiled, cache=cache, given=given, **parameters)


def run_until(compiled: Compiled, node_id: str, cache: bool) -> Ran:
    """Run a node and what it depends on, as `Starter.start` does."""
    wanted = frozenset().union(*(above(each, compiled.plan.edges) for each in compiled.plan.within(node_id)))
    steps = [step.alias for step in compiled.plan.steps if step.node_id in wanted]
    config = run_config(compiled.plan.checked.workflow, {}, cache)
    plan = create_execution_plan(compiled.job, run_config=config, step_keys_to_execute=steps)
    made = instance().create_run_for_job(compiled.job, execution_plan=plan, run_config=config)
    result = execute_run(InMemoryJob(compiled.job), made, instance())
    return Ran(compiled, made.run_id, result.success, _progress(compiled, made.run_id, result.success))


def run_compiled(compiled: Compiled, *, cache: bool = True, given: dict | None = None, **parameters) -> Ran:
    config = run_config(compiled.plan.checked.workflow, parameters, cache)
    run_id = uuid4().hex
    for node_id, made in (given or {}).items():
        write_given(settings().runs / run_id, node_id, made)
    result = compiled.job.execute_in_process(
        run_config=config, instance=instance(), raise_on_error=False, run_id=run_id
    )
    return Ran(compiled, run_id, result.success, _progress(compiled, run_id, result.success))


def _progress(compiled: Compiled, run_id: str, success: bool) -> Progress:
    run = instance().get_run_by_id(run_id)
    assert run is not None
    progress = Progress(compiled.plan, run, settings().runs / run_id)
    for entry in instance().all_logs(run_id):
        progress.feed(entry)
    progress.finish("completed" if success else "failed")
    return progress


def problems_of(document: dict, **given) -> list:
    """What the first pass says of a graph."""
    return inspect(parse(document), given or None)[1]


def inferred(document: dict):
    """What the second pass says of a graph that the first calls good."""
    checked, problems = inspect(parse(document))
    assert problems == []
    return infer(checked, settings().data)


def checked(document: dict) -> Checked:
    made, problems = inspect(parse(document))
    assert problems == []
    return made

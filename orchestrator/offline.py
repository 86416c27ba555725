"""Runs a workflow file in this process, without a server or a database: `graphmill run`."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.catalog import Stored
from orchestrator.compiler.emit import RUN_CONFIG
from orchestrator.compiler.jobs import compile_document
from orchestrator.compiler.saved import Library
from orchestrator.errors import InvalidGraph, NodeError, NotFound
from orchestrator.graph import read_json
from orchestrator.ops._saved import Find
from orchestrator.runs.progress import Progress, moment
from orchestrator.runs.shapes import Execution, Status
from orchestrator.runs.start import run_config
from orchestrator.secrets import mask
from orchestrator.settings import settings

NAME = "file"
MOMENT = datetime(1970, 1, 1, tzinfo=UTC)  # a file has one version, and no history


def beside(file: Path) -> Find:
    """Finds the saved workflows that a workflow file uses, as files beside it: `clean` is `clean.json`."""

    def versions(id: str, version: int | None, _: datetime | None) -> Stored:
        path = file.parent / f"{id}.json"
        if path.name != f"{id}.json" or not path.is_file():
            raise NotFound(f"There is no file '{id}.json' beside this one.")
        try:
            document = read_json(path.read_bytes())
        except InvalidGraph as error:
            text = f"'{path.name}' cannot be read: {error.problems[0].message}"
            raise NodeError(text, code="invalid_workflow", path="/config/workflow") from None
        document = document if isinstance(document, dict) else {"nodes": document}
        said = document.get("version")
        there = said if isinstance(said, int) else 1
        if version not in (None, there):
            raise NotFound(f"'{path.name}' holds version {there}, not {version}.")
        return Stored(id, there, document, True, MOMENT, MOMENT)

    return Library(versions, inside={file.stem: file.stem})


def run(document: Any, parameters: Mapping[str, Any], find: Find | None = None) -> Execution:
    """Run a workflow to its end, through Dagster; its stored tables are removed afterwards.

    `find` gives the saved workflows that it uses.

    Raises:
        InvalidGraph: the graph or a parameter is not valid.
    """
    from dagster import DagsterInstance

    compiled = compile_document(document, NAME, 1, find)
    workflow = compiled.plan.checked.workflow
    config = run_config(workflow, parameters, cache=True)
    with DagsterInstance.ephemeral() as instance:
        result = compiled.job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        record = instance.get_run_record_by_id(result.run_id)
        folder = settings().runs / result.run_id
        if record is None:
            raise RuntimeError("the run is not in its own instance")
        progress = Progress(compiled.plan, record.dagster_run, folder)
        for entry in instance.all_logs(result.run_id):
            progress.feed(entry)
        status: Status = "completed" if result.success else "failed"
        progress.finish(status)
        shutil.rmtree(folder, ignore_errors=True)
    shown = mask({name: value for name, value in config.items() if name != RUN_CONFIG})
    return Execution(
        id=result.run_id, workflow_id="", version=1, status=status, trigger="file", error=progress.error,
        parameters=shown, queued_at=record.create_timestamp, started_at=moment(record.start_time),
        completed_at=moment(record.end_time), nodes=list(progress.nodes.values()),
    )  # fmt: skip

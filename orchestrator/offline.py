"""Runs a workflow file in this process, without a server or a database: `graphmill run`."""

import shutil
from collections.abc import Mapping
from typing import Any

from orchestrator.compiler.emit import RUN_CONFIG
from orchestrator.compiler.jobs import compile_document
from orchestrator.runs.progress import Progress
from orchestrator.runs.shapes import Execution
from orchestrator.runs.start import run_config
from orchestrator.secrets import mask
from orchestrator.settings import settings

NAME = "file"


def run(document: Any, parameters: Mapping[str, Any]) -> Execution:
    """Run a workflow to its end, through Dagster; its stored tables are removed afterwards.

    Raises:
        InvalidGraph: the graph or a parameter is not valid.
    """
    from dagster import DagsterInstance

    compiled = compile_document(document, NAME, 1)
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
        status = "completed" if result.success else "failed"
        progress.finish(status)
        shutil.rmtree(folder, ignore_errors=True)
    shown = mask({name: value for name, value in config.items() if name != RUN_CONFIG})
    return Execution.model_validate(
        {
            "id": result.run_id, "workflow_id": "", "version": 1, "status": status, "trigger": "file",
            "error": progress.error, "parameters": shown, "nodes": list(progress.nodes.values()),
        }
    )  # fmt: skip

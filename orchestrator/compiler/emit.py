"""Fourth pass: a plan as a Dagster job.

The graph of ops is `composed`.
The node's settings are the op's config, the workflow's parameters the job's own config, so that Dagster's launchpad
shows them with types and defaults.
"""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from dagster import Any as AnyType
from dagster import (
    ConfigMapping,
    Field,
    JobDefinition,
    Noneable,
    in_process_executor,
    logger,
)

from orchestrator.compiler.composed import composed
from orchestrator.compiler.levels import levels as levels  # noqa: PLC0414 (puts itself into Dagster)
from orchestrator.compiler.parameters import KEPT, coerce
from orchestrator.compiler.plan import Plan
from orchestrator.compiler.run import VERSION_TAG, run_context
from orchestrator.compiler.store import table_store
from orchestrator.graph import Parameter, Workflow

REPOSITORY = "graphmill"
WORKFLOW_TAG = "graphmill/workflow"
TIMEOUT_TAG = "graphmill/timeout_s"
OVERTIME = "The run took longer than it may, and was ended."
LATER_S = 30  # after which Dagster's daemon ends a run whose own process has not
RUN_CONFIG = KEPT

SCALARS: Mapping[str, Any] = {"integer": int, "number": float, "boolean": bool}


def job_name(workflow_id: str) -> str:
    """The name of a workflow's job."""
    return f"wf_{workflow_id}"


def emit(plan: Plan, workflow_id: str, version: int) -> JobDefinition:
    """The job of a plan: in-process executor, its version as a tag, its parameters as config."""
    workflow = plan.checked.workflow
    name = job_name(workflow_id)
    graph = composed(plan, name, workflow.description or workflow.name or None)
    tags = {WORKFLOW_TAG: workflow_id, VERSION_TAG: str(version)}
    if workflow.name:
        tags["graphmill/name"] = workflow.name[:200]
    if workflow.settings.timeout_s:
        tags[TIMEOUT_TAG] = str(workflow.settings.timeout_s)
        tags["dagster/max_runtime"] = str(int(workflow.settings.timeout_s) + LATER_S)
    return graph.to_job(
        name=name,
        tags=tags,
        config=_config(plan),
        executor_def=in_process_executor,
        resource_defs={"run": run_context(plan, version), "tables": table_store},
        logger_defs={"console": silent},  # the event log has it all; a console line per event costs time
    )


@logger
def silent(_: Any) -> logging.Logger:
    """A console that shows nothing."""
    quiet = logging.Logger("graphmill")
    quiet.addHandler(logging.NullHandler())
    return quiet


def _config(plan: Plan) -> ConfigMapping:
    """The job's config: the parameters, and under `graphmill` how this run handles its tables."""
    settings = _settings(plan)

    def as_run_config(given: Mapping[str, Any]) -> dict[str, Any]:
        options = dict(given.get(RUN_CONFIG) or {})
        values = {key: value for key, value in given.items() if key != RUN_CONFIG}
        resources = {"run": {"config": {"parameters": values, **options}}}
        return {"ops": settings, "resources": resources, "loggers": {"console": {}}}

    return ConfigMapping(config_fn=as_run_config, config_schema=config_schema(plan.checked.workflow))


def _settings(plan: Plan) -> dict[str, Any]:
    """The settings of every node, those of a workflow inside below its node's name."""
    found: dict[str, Any] = {}
    for each in plan.steps:
        level = found
        for name in each.scope.path:
            level = level.setdefault(name, {"ops": {}})["ops"]
        level[each.name] = {"config": each.step.node.config}
    return found


def config_schema(workflow: Workflow) -> dict[str, Field]:
    """What Dagster's launchpad asks for."""
    options = Field(
        {"cache": Field(bool, default_value=True)}, is_required=False, description="How this run stores tables."
    )
    return {**{each.name: _parameter(each) for each in workflow.parameters}, RUN_CONFIG: options}


def _parameter(parameter: Parameter) -> Field:
    kind = SCALARS.get(parameter.type, str)
    if parameter.type == "choice" and not all(isinstance(choice, str) for choice in parameter.choices):
        kind = AnyType
    description = parameter.description or None
    if parameter.required and parameter.default is None:
        return Field(kind, description=description)
    if parameter.type == "secret":  # its default would be shown to everybody
        return Field(Noneable(kind), description=description, is_required=False)
    default = coerce(parameter, parameter.default)
    return Field(
        Noneable(kind) if kind is not AnyType else kind,
        description=description,
        default_value=default.isoformat() if isinstance(default, date) else default,
        is_required=False,
    )

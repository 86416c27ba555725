"""What goes in and out, as models: the OpenAPI is made of them. Their examples are in `api/examples.py`."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from orchestrator.errors import ANSWERED, Problem
from orchestrator.graph import Workflow
from orchestrator.runs.shapes import Execution, NodeRun, RunError, Status
from orchestrator.schema import Column

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A part of a list, and how many there are in all."""

    items: list[Item]
    total: int


class ProblemAnswer(BaseModel):
    """Every rejection (RFC 9457, `application/problem+json`): all problems at once, each with its place."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[Problem]


class StoredWorkflow(Workflow):
    """A workflow as it was posted, unknown keys too, with what the server knows of this version."""

    model_config = ConfigDict(extra="allow")

    id: str
    version: int
    created_at: datetime
    updated_at: datetime
    valid: bool
    problems: list[Problem]


FROM = (
    "`failure` or `start`, as far as the execution was to run (`until`); or a node's id, from there to the end. "
    "A node that is called `start` or `failure` is `/start` or `/failure`."
)
SERVER_FIELDS = frozenset(StoredWorkflow.model_fields) - frozenset(Workflow.model_fields)


class Verdict(BaseModel):
    """Whether it can run, and what is wrong; warnings alone leave it valid."""

    valid: bool
    problems: list[Problem]


class NodeColumns(BaseModel):
    """The columns at each port of a node; null where they depend on data or on something that is wrong."""

    inputs: dict[str, list[Column] | None]
    outputs: dict[str, list[Column] | None]


class InferredColumns(BaseModel):
    """The columns at every port of a graph, by node id."""

    nodes: dict[str, NodeColumns]
    problems: list[Problem]


class NodeToCheck(BaseModel):
    """A node's type and settings, to be judged alone. Parameters that are not declared here may have any value."""

    type: str
    config: dict[str, JsonValue] = {}
    parameters: list[dict[str, JsonValue]] | None = None


class PortInfo(BaseModel):
    """A place where an edge may be attached: `many` takes several edges, `optional` may have none."""

    name: str
    description: str
    many: bool
    optional: bool


class NodeType(BaseModel):
    """A node type; `config_schema` is JSON Schema 2020-12 with `x-ui` hints; `dynamic_ports`: settings give more."""

    type: str
    title: str
    category: str
    description: str
    inputs: list[PortInfo]
    outputs: list[PortInfo]
    dynamic_ports: bool
    config_schema: dict[str, Any]


class LayerInfo(BaseModel):
    """A table in a file: what `layer` or `sheet` may name, null where there is one only. What is not known is null.

    `crs` is that of the first geometry column; `geometry_type` is `Unknown` where there are several kinds.
    """

    name: str | None
    geometry_type: str | None
    crs: str | None
    rows: int | None
    columns: list[Column] | None


class Alive(BaseModel):
    """The process answers."""

    model_config = ANSWERED

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether all parts answer, and which."""

    ready: bool
    parts: dict[str, bool]


class ExecuteRequest(BaseModel):
    """What a run is given; all of it is optional."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, JsonValue] = Field({}, description="Values by parameter name.")
    input_data: dict[str, list[dict[str, JsonValue]]] = Field({}, description="Rows by input node id or name.")
    cache: bool = Field(True, description="Store every port, so that it can be looked at and a retry can reuse it.")
    until: str | None = Field(None, description="Run this node and what it depends on, and nothing else.")
    priority: int = Field(0, ge=-1000, le=1000, description="Runs of a higher priority leave the queue first.")
    tags: dict[str, str] = Field({}, description="Shown in Dagster's UI.")

    @field_validator("parameters", "input_data", "cache", "priority", "tags", mode="before")
    @classmethod
    def _null_is_default(cls, posted: Any, info: Any) -> Any:
        return cls.model_fields[info.field_name].default if posted is None else posted


class Started(BaseModel):
    """The execution that was made."""

    execution_id: str
    status: Status
    workflow_id: str
    version: int
    task_id: str
    run_url: str
    error: RunError | None = Field(None, description="Why it failed; there once it has ended while it was waited for.")


class ExecutionSummary(Execution):
    """A run of a workflow without its nodes."""

    nodes: list[NodeRun] = Field([], exclude=True)


class TablePage(BaseModel):
    """A page of a table; `total` counts the rows that `where` leaves. Values are written as the docs say."""

    columns: list[Column]
    rows: list[list[JsonValue]]
    total: int


class RetryRequest(BaseModel):
    """Where a retry starts, and on which version."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start_from: str = Field("failure", alias="from", description=FROM)
    version: Literal["same", "latest"] = "same"


class LogLine(BaseModel):
    """One event of an execution's log, as the stream sends it: `id`, `event`, `data`."""

    id: int
    event: Literal["status", "node", "log"]
    data: dict[str, Any]

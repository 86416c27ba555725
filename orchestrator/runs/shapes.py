"""An execution, as the contract has it. It *is* a Dagster run; nothing about it is stored twice."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue

from orchestrator.errors import ANSWERED

Status = Literal["pending", "running", "completed", "failed", "canceled"]
NodeStatus = Literal["pending", "running", "completed", "failed", "canceled", "skipped", "cached"]


class RunError(BaseModel):
    """What went wrong: one sentence for a person, and where it belongs."""

    model_config = ANSWERED

    message: str
    code: str = "failed"
    node_id: str | None = None
    path: str | None = None
    port: str | None = None
    row: int | None = None
    value: str | None = None


class PortOutput(BaseModel):
    """What came out of a port; `rows` is null in a fused run, where nobody counted them."""

    model_config = ANSWERED

    rows: int | None = None
    columns: int | None = None


class NodeRun(BaseModel):
    """One node of an execution; `nodes` are those of the workflow that it runs, their ids behind its own."""

    model_config = ANSWERED

    node_id: str
    status: NodeStatus = "pending"
    started_at: datetime | None = None
    completed_at: datetime | None = None
    attempts: int = 0
    outputs: dict[str, PortOutput] = {}
    error: RunError | None = None
    nodes: list["NodeRun"] = Field([], exclude_if=lambda inside: not inside)


class Execution(BaseModel):
    """A run of a workflow. `nodes` is left out of lists."""

    model_config = ANSWERED

    id: str
    workflow_id: str
    version: int
    status: Status
    queued_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: RunError | None = None
    parameters: dict[str, JsonValue] = {}
    trigger: str = "api"
    retry_of: str | None = None
    run_url: str = ""
    nodes: list[NodeRun] = []


class Event(BaseModel):
    """One line of an execution's log; `cursor` grows with time. It is told to who has not seen `since` yet."""

    cursor: int
    since: int
    kind: Literal["status", "node", "log"]
    data: dict[str, Any]

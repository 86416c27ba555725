"""The graph that the editor posts: React Flow's `toObject()`, the operation in `type`, its settings in `config`.

The posted JSON is kept as it came (`Workflow.document`); these models are what the compiler reads from it.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from orchestrator.errors import InvalidGraph, Problem

MAX_NODES = 5_000
MAX_EDGES = 20_000
MAX_BYTES = 10 * 1024 * 1024
MAX_NAME = 1_000
LAYOUT = frozenset({"group", "note"})

ParameterType = Literal["string", "integer", "number", "boolean", "date", "datetime", "choice", "file", "secret"]


class Part(BaseModel):
    """A part of a posted graph: unknown keys are left to the document."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Retry(Part):
    """How often, and after how long, a failed node is tried again."""

    max_retries: int = Field(0, ge=0, le=100)
    delay_s: float = Field(0.0, ge=0, le=86_400)
    backoff: Literal["none", "linear", "exponential"] = "none"


class Node(Part):
    """One operation on the canvas. `id` is any string and stays as posted."""

    id: str = Field(max_length=MAX_NAME)
    type: str
    config: dict[str, JsonValue] = {}
    label: str | None = None
    retry: Retry | None = None
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _lift_data(cls, posted: Any) -> Any:
        """React Flow nodes carry their own fields in `data`: `data.type` wins, the others fill in what is absent."""
        data = posted.get("data") if isinstance(posted, Mapping) else None
        if not isinstance(data, Mapping):
            return posted
        lifted = dict(posted)
        if data.get("type") is not None:
            lifted["type"] = data["type"]
        for key in ("config", "label", "retry", "enabled"):
            if lifted.get(key) is None and data.get(key) is not None:
                lifted[key] = data[key]
        return lifted

    @field_validator("config", mode="before")
    @classmethod
    def _no_config(cls, posted: Any) -> Any:
        return {} if posted is None else posted

    @property
    def is_layout(self) -> bool:
        """Whether it is a drawing only (`group`, `note`): stored, never run."""
        return self.type in LAYOUT

    @property
    def name(self) -> str:
        """What a person calls it: its label, else its type."""
        return self.label or self.type


class Edge(Part):
    """A wire from an output port to an input port; a handle of `None` means the node's only port."""

    id: str = Field("", max_length=4 * MAX_NAME)
    source: str
    target: str
    source_handle: str | None = Field(None, alias="sourceHandle")
    target_handle: str | None = Field(None, alias="targetHandle")

    @field_validator("source_handle", "target_handle")
    @classmethod
    def _blank_is_none(cls, handle: str | None) -> str | None:
        return handle or None


class Parameter(Part):
    """A value that the person who runs the workflow chooses: `${name}` in any config."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)
    type: ParameterType = "string"
    default: JsonValue = None
    required: bool = False
    description: str = ""
    choices: tuple[JsonValue, ...] = ()


class RunSettings(Part):
    """How the workflow runs: what a row rejected on an unconnected port does, and the longest run in seconds."""

    on_rejected: Literal["fail", "continue"] = "fail"
    timeout_s: float | None = Field(None, gt=0)


class Workflow(Part):
    """A posted graph. Two are equal when everything that decides a run is equal."""

    name: str = Field("", max_length=MAX_NAME)
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    settings: RunSettings = RunSettings()

    @field_validator("description", "parameters", "settings", mode="before")
    @classmethod
    def _null_is_default(cls, posted: Any, info: Any) -> Any:
        return cls.model_fields[info.field_name].default if posted is None else posted

    def node(self, node_id: str) -> Node | None:
        """The node of that id, the first where two share it."""
        return next((node for node in self.nodes if node.id == node_id), None)


def parse(document: Any) -> Workflow:
    """Read a posted graph.

    Raises:
        InvalidGraph: not a graph at all, over a limit, or a field of the wrong type; every problem with its place.
    """
    if not isinstance(document, Mapping):
        raise InvalidGraph([Problem(code="invalid_graph", message="A workflow is a JSON object with nodes and edges.")])
    _check_limits(document)
    try:
        return Workflow.model_validate(document)
    except ValidationError as error:
        raise InvalidGraph([_problem(document, each) for each in error.errors(include_url=False)]) from None


def _check_limits(document: Mapping[str, Any]) -> None:
    for key, limit in (("nodes", MAX_NODES), ("edges", MAX_EDGES)):
        posted = document.get(key)
        if isinstance(posted, list) and len(posted) > limit:
            message = f"A workflow has at most {limit:,} {key}; this one has {len(posted):,}."
            raise InvalidGraph([Problem(code="too_large", message=message, path=f"/{key}")])


def _problem(document: Mapping[str, Any], error: Any) -> Problem:
    """A Pydantic error, on the node or edge it belongs to; `path` is relative to that node or edge."""
    kind, *rest = error["loc"]
    owner: dict[str, str | None] = {}
    if kind in ("nodes", "edges") and rest:
        posted = document[kind][rest[0]]
        name = posted.get("id") if isinstance(posted, Mapping) else None
        owner = {"node_id" if kind == "nodes" else "edge_id": name if isinstance(name, str) else None}
        where = rest[1:] if isinstance(name, str) else error["loc"]
    else:
        where = error["loc"]
    path = pointer(where)
    code = "invalid_config" if owner.get("node_id") and path.startswith("/config") else "invalid_graph"
    return Problem(code=code, message=f"{path or 'It'}: {error['msg']}.", path=path or None, **owner)


def pointer(parts: Any) -> str:
    """A JSON pointer (RFC 6901) of these keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def read_json(text: bytes | str) -> Any:
    """Parse JSON as RFC 8259 has it: no NaN or Infinity, no duplicate surprises from a byte order mark.

    Raises:
        InvalidGraph: the text is no JSON; says the line and column.
    """
    try:
        if len(text) > MAX_BYTES:
            message = f"A workflow is at most {MAX_BYTES // 2**20} MiB of JSON."
            raise InvalidGraph([Problem(code="too_large", message=message)])
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = (
            f"{error.msg}, line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        message = f"This is not JSON{': ' + reason if reason else ''}."
        raise InvalidGraph([Problem(code="invalid_json", message=message)]) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)

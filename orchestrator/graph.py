"""The graph that the editor posts: React Flow's `toObject()`, the operation in `type`, its settings in `config`.

The posted JSON is kept as it came (`Workflow.document`); these models are what the compiler reads from it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from orchestrator.errors import InvalidGraph, Problem
from orchestrator.pointers import pointer
from orchestrator.rules import rule

MAX_NODES = 5_000
MAX_EDGES = 20_000
MAX_BYTES = 10 * 1024 * 1024
MAX_NAME = 1_000
LAYOUT = frozenset({"group", "note"})
BROKEN = "\0"  # the type of a node that could not be read; no node type is called so
NUL = PydanticCustomError("nul", "the text has a NUL character")
Place = tuple[str | int, ...]

ParameterType = Literal["string", "integer", "number", "boolean", "date", "datetime", "choice", "file", "secret"]


class Part(BaseModel):
    """A part of a posted graph: unknown keys are left to the document, and null is the same as absent."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, json_schema_extra={"additionalProperties": True}
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, posted: Any) -> Any:
        if not isinstance(posted, Mapping):
            return posted
        return {key: value for key, value in posted.items() if value is not None}


class Retry(Part):
    """How often, and after how long, a failed node is tried again."""

    max_retries: int = Field(0, ge=0, le=100, description="How often at most.")
    delay_s: float = Field(0.0, ge=0, le=86_400, description="Seconds before the first time.")
    backoff: Literal["none", "linear", "exponential"] = Field("none", description="How the seconds grow.")


class Node(Part):
    """One operation on the canvas. `id` is any string and stays as posted."""

    id: str = Field(max_length=MAX_NAME, description="Its own in the graph.")
    type: str = Field(description="A node type of the catalogue; `group` and `note` are drawings.")
    config: dict[str, JsonValue] = Field({}, description="The settings of that type.")
    label: str | None = Field(None, description="What a person calls it.")
    retry: Retry | None = Field(None, description="What happens when it fails.")
    enabled: bool = Field(True, description="Whether it runs; what depends on it alone does not run either.")

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
        if not isinstance(lifted.get("label"), str) and posted.get("label") is None:
            lifted["label"] = None  # an editor's own: a number, or what it draws
        return lifted

    @field_validator("config")
    @classmethod
    def _whole_texts(cls, config: dict[str, JsonValue]) -> dict[str, JsonValue]:
        written = json.dumps(config, ensure_ascii=False)
        if is_text(written) and "\\u0000" not in written:
            return config
        if wrong := [InitErrorDetails(type=rule, loc=place, input=None) for place, rule in _no_texts(config)]:
            raise ValidationError.from_exception_data("config", wrong)
        return config

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
    source: str = Field(description="The id of the node it comes from.")
    target: str = Field(description="The id of the node it goes to.")
    source_handle: str | None = Field(None, alias="sourceHandle", description="The name of an output port.")
    target_handle: str | None = Field(None, alias="targetHandle", description="The name of an input port.")

    @field_validator("source_handle", "target_handle")
    @classmethod
    def _blank_is_none(cls, handle: str | None) -> str | None:
        return handle or None


class Parameter(Part):
    """A value that the person who runs the workflow chooses: `${name}` in any config."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)
    type: ParameterType = "string"
    default: JsonValue = Field(None, description="Its value where a run gives none.")
    required: bool = Field(False, description="Whether a run must give a value, where there is no default.")
    description: str = ""
    choices: tuple[JsonValue, ...] = Field((), description="The values to choose from, of type `choice`.")


class RunSettings(Part):
    """How the workflow runs: what a row rejected on an unconnected port does, and the longest run in seconds."""

    on_rejected: Literal["fail", "continue"] = Field("fail", description="Whether a run fails at a rejected row.")
    timeout_s: float | None = Field(None, gt=0, description="The longest that a run may take, in seconds.")


class Workflow(Part):
    """A posted graph. Two are equal when everything that decides a run is equal."""

    name: str = Field("", max_length=MAX_NAME)
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    settings: RunSettings = RunSettings()

    def node(self, node_id: str) -> Node | None:
        """The node of that id, the first where two share it."""
        return next((node for node in self.nodes if node.id == node_id), None)


def parse(document: Any) -> Workflow:
    """Read a posted graph.

    Raises:
        InvalidGraph: not a graph at all, over a limit, or a field of the wrong type; every problem with its place.
    """
    workflow, problems = read(document)
    if workflow is None or problems:
        raise InvalidGraph(problems)
    return workflow


def read(document: Any) -> tuple[Workflow | None, list[Problem]]:
    """What can be read of a posted graph, with the problems of the rest.

    A node with a field of the wrong type is read as one of the type `BROKEN`, so that the other nodes, and the edges to
    it, can be checked all the same. `None` where more than nodes is wrong.
    """
    if not isinstance(document, Mapping):
        return None, [Problem(code="invalid_graph", message="A workflow is a JSON object with nodes and edges.")]
    if problems := list(_over_limit(document)):
        return None, problems
    try:
        return Workflow.model_validate(document), []
    except ValidationError as error:
        wrong = error.errors(include_url=False)
    problems = [_problem(document, each) for each in wrong]
    if not all(problem.node_id is not None for problem in problems):
        return None, problems
    nodes = list(document["nodes"])
    for index in {int(each["loc"][1]) for each in wrong}:
        nodes[index] = {"id": nodes[index]["id"], "type": BROKEN}
    try:
        return Workflow.model_validate({**document, "nodes": nodes}), problems
    except ValidationError:  # the id itself
        return None, problems


def _over_limit(document: Mapping[str, Any]) -> Iterator[Problem]:
    for key, limit in (("nodes", MAX_NODES), ("edges", MAX_EDGES)):
        posted = document.get(key)
        if isinstance(posted, list) and len(posted) > limit:
            message = f"A workflow has at most {limit:,} {key}; this one has {len(posted):,}."
            yield Problem(code="too_large", message=message, path=f"/{key}")


def _problem(document: Mapping[str, Any], error: Any) -> Problem:
    """A Pydantic error, on the node or edge it belongs to; `path` is relative to that node or edge."""
    kind, *rest = error["loc"]
    owner: dict[str, str | None] = {}
    if kind in ("nodes", "edges") and rest:
        posted = document[kind][rest[0]]
        name = posted.get("id") if isinstance(posted, Mapping) else None
        name = name if isinstance(name, str) and is_text(name) else None
        owner = {"node_id" if kind == "nodes" else "edge_id": name}
        where = error["loc"] if name is None else rest[1:]
    else:
        where = error["loc"]
    path = pointer(where)
    code = "invalid_config" if owner.get("node_id") and path.startswith("/config") else "invalid_graph"
    if error["type"] == "recursion_depth_exceeded":
        path = pointer(where[:1])
    return Problem(code=code, message=f"{path or 'It'}: {rule(error)}.", path=path or None, **owner)


def is_text(text: str) -> bool:
    """Whether no half of a surrogate pair is in it: what UTF-8 can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_texts(value: Any, place: Place = ()) -> Iterator[tuple[Place, str | PydanticCustomError]]:
    """Where in a JSON value there is text that cannot be kept, and why; of a key, the object it is in."""
    if isinstance(value, str):
        if not is_text(value):
            yield place, "string_unicode"
        elif "\0" in value:
            yield place, NUL
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _no_texts(each, (*place, index))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from list(_no_texts(key, place)) or _no_texts(each, (*place, key))


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
        raise InvalidGraph([Problem(code="invalid_json", message=f"This is not JSON: {_why(error)}.")]) from None


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1} is no UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "a number has too many digits" if "digits" in str(error) else str(error)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")

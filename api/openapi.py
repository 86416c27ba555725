"""The OpenAPI: what each call takes and answers, with an example of everything, and its problems."""

import json
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import bodies, connecting, expression_bodies
from api.errors import MEDIA_TYPE
from api.examples import EXAMPLES
from orchestrator.graph import Workflow

POSTED: tuple[type[BaseModel], ...] = (
    Workflow, bodies.NodeToCheck, bodies.ExecuteRequest, bodies.RetryRequest, bodies.ProblemAnswer,
    connecting.NewConnection, connecting.ConnectionSettings, expression_bodies.ExpressionToCheck,
)  # fmt: skip
REF = "#/components/schemas/"
PAGE = re.compile(r"Page[_[](\w+?)[_\]]")  # as Pydantic and FastAPI call `Page[FileInfo]`
TAGS = {
    "workflows": "Graphs as the editor posts them, and their immutable versions.",
    "executions": "Runs of a workflow. Each is a Dagster run.",
    "outputs": "The tables that came out of a run's ports.",
    "nodes": "The catalogue of node types.",
    "expressions": "What a person writes in a setting: is it right, and which functions are there.",
    "files": "Data below the data root, where workflows read and write.",
    "connections": "Databases that nodes read and write, by name.",
    "health": "Whether the system answers.",
}
MEANINGS = {
    400: "It cannot be done as it was asked for; each problem has its place.",
    404: "It is not there.",
    406: "None of the accepted media types can be given.",
    409: "It is not in the state that this call needs.",
    412: "Somebody else saved first: the version is stale.",
    413: "It is over a limit.",
    416: "The range is not in the file.",
    503: "A part of the system does not answer now.",
    507: "There is no room left.",
}


def _version() -> str:
    try:
        return version("graphmill")
    except PackageNotFoundError:
        return "0"


IN_PATHS = {
    "workflow_id": "The id of a workflow.",
    "execution_id": "The id of an execution.",
    "node_id": "The id of a node, percent-encoded, a `/` too.",
    "port": "The name of an output port.",
    "name": "What it is called.",
    "type": "The name of a node type, such as `filter`.",
    "path": "Where it is below the data root.",
}


def problem(meaning: str) -> dict[str, Any]:
    """A documented rejection."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REF + "ProblemAnswer"}}}
    return {"description": meaning, "content": content}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The rejections that a call is known for."""
    return {status: problem(MEANINGS[status]) for status in statuses}


def body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """`openapi_extra` of a call that reads this model itself."""
    content = {"application/json": {"schema": {"$ref": REF + model.__name__}}}
    return {"requestBody": {"required": required, "content": content}}


ANY_PROBLEM: dict[int | str, dict[str, Any]] = {"default": problem("Any other rejection, in the same shape.")}
ABOUT: dict[str, Any] = {
    "title": "Graphmill",
    "version": _version(),
    "summary": "A posted graph becomes a Dagster job; every port can be looked at.",
    "description": (
        "Every rejection is `application/problem+json` (RFC 9457) and lists all problems with their places. What does "
        "not fit a call's parameters or body is a 400 with `invalid_request`, never a 422. `X-Request-ID` comes in or "
        "goes out with every answer. A node's id may be any text: it is percent-encoded in paths, a `/` too."
    ),
    "openapi_tags": [{"name": name, "description": text} for name, text in TAGS.items()],
    "generate_unique_id_function": lambda route: route.name,
}


def install(app: FastAPI) -> None:
    """Complete FastAPI's own document, once, when it is first asked for."""
    whole = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(json.loads(PAGE.sub(r"\1Page", json.dumps(whole()))))
        return app.openapi_schema

    app.openapi = completed  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    for call in (each for calls in document["paths"].values() for each in calls.values()):
        for given in call.get("parameters", ()):
            given.setdefault("description", IN_PATHS.get(given["name"], ""))
    schemas = document["components"]["schemas"]
    _, posted = models_json_schema([(each, "validation") for each in POSTED], ref_template=REF + "{model}")
    for name, schema in posted["$defs"].items():
        schemas.setdefault(name, schema)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
        if page := schemas.get(f"{name}Page"):
            page.setdefault("examples", [{"items": [example], "total": 1}])
    return document

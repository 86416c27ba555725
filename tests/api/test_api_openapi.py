"""Every route: documented, with a model, an example, and its rejections in the one shape."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from api_shape import problems_of
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from api import bodies, connecting, expression_bodies
from api.app import ROUTERS, create_app
from api.examples import EXAMPLES
from orchestrator import catalog, errors, files, graph, preview
from orchestrator.catalog import connections
from orchestrator.runs import shapes
from orchestrator.settings import Settings

HANDLERS = {route.name for router in ROUTERS for route in router.routes}  # what a client's functions are called
METHODS = ("get", "put", "post", "delete")


@lru_cache
def document() -> dict[str, Any]:
    return create_app(Settings(home="unused")).openapi()


def operations() -> list[Any]:
    return list(_operations())


def _operations() -> Iterator[Any]:
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield pytest.param(method, path, item[method], id=f"{method} {path}")


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document()["components"]["schemas"][name] if name else schema


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_it_is_documented(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["operationId"] in HANDLERS
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert len(operation["tags"]) == 1
    for parameter in operation.get("parameters", []):
        assert parameter.get("description"), parameter
    assert "422" not in operation["responses"]


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_its_answers_have_models_and_examples(method: str, path: str, operation: dict[str, Any]) -> None:
    good = {int(status): answer for status, answer in operation["responses"].items() if status.startswith("2")}
    assert good
    for status, answer in good.items():
        if status in (204, 206):
            assert "content" not in answer
            continue
        for media, content in answer["content"].items():
            schema = resolved(content["schema"])
            assert schema, (status, media)
            text = schema.get("type") == "string"
            assert text or content.get("example") or schema.get("examples"), (status, media, schema)


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_its_rejections_are_problems(method: str, path: str, operation: dict[str, Any]) -> None:
    bad = {status: answer for status, answer in operation["responses"].items() if not status.startswith(("2", "3"))}
    assert "default" in bad
    for status, answer in bad.items():
        if (path, status) != ("/readyz", "503"):
            schema = answer["content"]["application/problem+json"]["schema"]
            assert resolved(schema)["title"] == "ProblemAnswer"
            assert answer["description"]


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_what_it_takes_has_an_example(method: str, path: str, operation: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert resolved(content["schema"])["examples"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_fit_their_models(name: str) -> None:
    places = (bodies, connecting, expression_bodies, graph, shapes, errors, catalog, connections, files, preview)
    model = next(getattr(where, name) for where in places if hasattr(where, name))
    TypeAdapter(model).validate_python(EXAMPLES[name])


def test_operation_ids_are_unique() -> None:
    ids = [each.values[2]["operationId"] for each in operations()]
    assert len(ids) == len(set(ids))


def test_schemas_are_called_as_types_are() -> None:
    schemas = document()["components"]["schemas"]
    assert all(re.fullmatch(r"([A-Z][a-z]+)+", name) for name in schemas), list(schemas)
    assert all(schema.get("title") in (name, None) for name, schema in schemas.items())
    assert {"FileInfoPage", "NodeTypePage"} <= schemas.keys()
    assert schemas["Node"]["additionalProperties"] is True  # such as `position`
    assert schemas["Column"]["properties"].keys() == {"name", "type", "nullable", "crs", "geometry_types"}
    assert schemas["Started"]["properties"]["status"]["enum"] == schemas["Execution"]["properties"]["status"]["enum"]


# What an answer may leave out: what a posted graph left out, what another type of column has, nodes inside of a node.
LEFT_OUT = {
    "Column": {"nullable", "crs", "geometry_types"},
    "ColumnProfile": {"empty"},
    "NodeRun": {"nodes"},
    "Started": {"error"},
    "StoredWorkflow": {"name", "description", "parameters", "nodes", "edges", "settings"},
}
POSTED = {
    "Workflow", "Node", "Edge", "Parameter", "Retry", "RunSettings", "ExecuteRequest", "ExpressionToCheck",
    "NodeToCheck", "RetryRequest",
}  # fmt: skip


def test_what_always_comes_is_required() -> None:
    schemas = document()["components"]["schemas"]
    optional = {
        name: schema.get("properties", {}).keys() - set(schema.get("required", []))
        for name, schema in schemas.items()
        if name not in POSTED
    }
    assert {name: left_out for name, left_out in optional.items() if left_out} == LEFT_OUT


def test_no_schema_is_called_like_a_part_of_another() -> None:
    schemas = document()["components"]["schemas"]
    fields = [(name, *field) for name, schema in schemas.items() for field in schema.get("properties", {}).items()]
    # As generators of clients call an object or a choice that has no name of its own.
    parts = {
        name + field.title().replace("_", "")
        for name, field, said in fields
        if said.get("type") == "object" or "enum" in said
    }
    assert not parts & schemas.keys()


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from references(each)

    known = {f"#/components/schemas/{name}" for name in document()["components"]["schemas"]}
    assert set(references(document())) <= known


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_it_answers_what_is_not_there_in_the_one_shape(
    api: TestClient, method: str, path: str, operation: dict[str, Any]
) -> None:
    if "{" not in path:
        return
    for name in ("workflow_id", "execution_id", "node_id", "port", "path", "type"):
        path = path.replace(f"{{{name}}}", "nothing-here")
    answer = api.request(method, path.replace("{number}", "1"), **({"json": {}} if "requestBody" in operation else {}))
    problems_of(answer, 400 if method == "put" else 404)


@pytest.mark.parametrize("path", ["/", "/nothing", "/api", "/api/workflows/", "/api/workflows/a/b/c", "/docs/x", "//"])
def test_an_address_where_nothing_is(api: TestClient, path: str) -> None:
    problems_of(api.get("http://127.0.0.1:8000" + path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "allowed"), [("", "GET, POST"), ("/x", "DELETE, GET, PUT"), ("/x/execute", "POST"), ("/x/versions", "GET")]
)
def test_a_method_that_is_not_taken(api: TestClient, path: str, allowed: str) -> None:
    answer = api.patch("/api/workflows" + path)
    problems_of(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


def test_the_page_about_the_api(api: TestClient) -> None:
    assert api.get("/openapi.json").json()["info"]["title"] == "Graphmill"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_about_the_api_need_no_other_server(api: TestClient, path: str) -> None:
    page = api.get(path)
    assert page.status_code == 200
    assert "content-security-policy" not in page.headers  # it would keep their scripts from running
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(needed) >= 2
    for each in needed:
        assert each.startswith("/")
        assert api.get(each).status_code == 200

"""What may be used, over HTTP: node types, and the functions of expressions."""

from typing import Any

import pytest
from api_shape import problems_of
from starlette.testclient import TestClient

from orchestrator.errors import NodeError
from orchestrator.expressions import check
from orchestrator.registry import node_types


def test_every_node_type_is_in_it(api: TestClient) -> None:
    said = api.get("/api/nodes/types").json()
    assert {each["type"] for each in said["items"]} == set(node_types())
    assert said["total"] == len(node_types())
    order = [(each["category"], each["title"]) for each in said["items"]]
    assert order == sorted(order)


@pytest.mark.parametrize("name", node_types())
def test_a_node_type(api: TestClient, name: str) -> None:
    said = api.get(f"/api/nodes/types/{name}").json()
    ports = {"inputs", "outputs", "dynamic_ports"}
    assert set(said) == {"type", "title", "category", "description", "config_schema", *ports}
    assert said["dynamic_ports"] is node_types()[name].dynamic_ports
    assert said["description"]
    assert said["config_schema"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for port in said["inputs"] + said["outputs"]:
        assert set(port) == {"name", "description", "many", "optional"}
        assert port["description"]


def test_pages_of_it(api: TestClient) -> None:
    every = api.get("/api/nodes/types").json()["items"]
    page = api.get("/api/nodes/types?limit=1&offset=1").json()
    assert page == {"items": every[1:2], "total": len(every)}


def test_one_that_is_not_there(api: TestClient) -> None:
    (found,) = problems_of(api.get("/api/nodes/types/fliter"), 404, "unknown_node_type")
    assert "'filter'" in found["message"]


@pytest.mark.parametrize(
    ("node", "codes"),
    [
        ({"type": "filter", "config": {"condition": "a > 1"}}, set()),
        ({"type": "filter", "config": {"condition": "a > ${anything}"}}, set()),
        (
            {"type": "filter", "config": {"condition": "a > ${n}"}, "parameters": [{"name": "n", "type": "integer"}]},
            set(),
        ),
        ({"type": "filter", "config": {"condition": "a > ${m}"}, "parameters": [{"name": "n"}]}, {"unknown_parameter"}),
        ({"type": "filter", "config": {"condition": "a >"}}, {"invalid_expression"}),
        ({"type": "filter", "config": {"condition": "(select 1)"}}, {"invalid_expression"}),
        ({"type": "filter", "config": {"condition": 1, "other": 2}}, {"invalid_config"}),
        ({"type": "fliter"}, {"unknown_node_type"}),
        ({"type": "inline_data", "config": {"rows": [{"a": 1}]}}, set()),
        ({"type": "inline_data", "config": {"rows": "x"}}, {"invalid_config"}),
        ({"type": "data_loader", "config": {"source_type": "csv", "path": "../x.csv"}}, {"path_not_allowed"}),
        ({"type": "data_loader", "config": {"source_type": "csv", "path": "none.csv"}}, {"file_not_found"}),
    ],
)
def test_settings_are_judged_alone(api: TestClient, node: dict[str, Any], codes: set[str]) -> None:
    said = api.post("/api/nodes/validate", json=node).json()
    assert {each["code"] for each in said["problems"]} == codes, said
    assert said["valid"] == (not codes)
    for each in said["problems"]:
        assert each["node_id"] is None
        assert each["path"].startswith("/config" if codes != {"unknown_node_type"} else "/type")


@pytest.mark.parametrize(
    "body", [{}, [], {"type": 1}, {"type": "filter", "config": []}, {"type": "filter", "config": "x"}]
)
def test_what_is_no_node(api: TestClient, body: Any) -> None:
    problems_of(api.post("/api/nodes/validate", json=body), 400, "invalid_request")


def functions(api: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = api.get("/api/expressions/functions", params=query).json()
    assert answer["total"] >= len(answer["items"])
    return list(answer["items"])


def test_functions_are_documented(api: TestClient) -> None:
    (found,) = [each for each in functions(api, search="substring") if each["name"] == "substring"]
    assert found["description"].startswith("Extracts substring")
    assert found["examples"] == ["substring('Hello', 2)", "substring('Hello', 2, 2)"]
    assert found["categories"] == ["string"]
    assert {len(each["parameters"]) for each in found["signatures"]} == {2, 3}
    assert found["signatures"][0]["parameters"][0] == {"name": "string", "type": "VARCHAR"}
    assert found["signatures"][0]["return_type"] == "VARCHAR"
    (macro,) = [each for each in functions(api, search="nullif") if each["name"] == "nullif"]
    assert macro["description"] == "The same as `CASE WHEN ((a = b)) THEN (NULL) ELSE a END`."


def test_every_function_of_the_list_may_be_used(api: TestClient) -> None:
    names = {each["name"] for each in functions(api)}
    assert {"upper", "date_trunc", "list_transform", "st_astext", "if", "regexp_replace", "json_extract"} <= names
    assert not names & {"sum", "getenv", "read_csv", "row_number", "version", "count", "icu_collate_de"}
    for name in names:
        if name.isidentifier():
            with pytest.raises(NodeError) as caught:
                check(f"{name}(")
            assert "not allowed" not in caught.value.message


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({"search": "upper"}, "upper"), ({"search": "TRUNC"}, "trunc"), ({"search": "list_so"}, "list_sort"),
        ({"category": "geometry", "search": "text"}, "st_astext"), ({"search": "upper case"}, "ucase"),
        ({"category": "date", "search": "year"}, "year"), ({"category": "operator", "search": "+"}, "+"),
    ],
)  # fmt: skip
def test_functions_are_found(api: TestClient, query: dict[str, str], first: str) -> None:
    assert functions(api, **query)[0]["name"] == first


def test_pages_of_functions(api: TestClient) -> None:
    every = functions(api, category="string")
    assert functions(api, category="string", limit=2, offset=1) == every[1:3]
    assert functions(api, category="none") == []

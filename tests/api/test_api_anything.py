"""Whatever is posted: an answer in one of the two shapes, never a 500."""

import json
from typing import Any

import pytest
from api_shape import problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

ANYTHING = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["1", "a-1", "a_1", "", "${x}", "a/b", "ü"])
types = st.sampled_from(["filter", "inline_data", "data_loader", "join", "fliter", "group", ""])
configs = st.fixed_dictionaries(
    {},
    optional={
        "rows": st.lists(st.dictionaries(st.text(max_size=3), scalars, max_size=3), max_size=3) | values,
        "condition": st.sampled_from(["a > 1", "(select 1)", "a; b", "${x} > 1", "'", "read_csv('/etc/passwd')"])
        | values,
        "source_type": st.sampled_from(["csv", "json", "api"]) | values,
        "path": st.sampled_from(["a.csv", "../a", "/etc/passwd", "\u0000", "${x}"]) | values,
    },
)
nodes = st.fixed_dictionaries(
    {"id": names, "type": types},
    optional={"config": configs | values, "data": values, "retry": values, "enabled": values, "label": values},
)
edges = st.fixed_dictionaries(
    {"source": names, "target": names},
    optional={"id": values, "sourceHandle": st.sampled_from([None, "", "passed"]) | values, "targetHandle": values},
)
graphs = st.fixed_dictionaries(
    {"nodes": st.lists(nodes, max_size=4)},
    optional={
        "name": values, "edges": st.lists(edges, max_size=4) | values, "settings": values, "description": values,
        "parameters": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["x", "1"])}, optional={
            "type": st.sampled_from(["integer", "date", "choice", "no"]), "default": values, "choices": values,
        })) | values,
    },
)  # fmt: skip


@ANYTHING
@given(document=graphs | values)
@pytest.mark.parametrize("call", ["", "?draft=true", "/validate", "/infer"])
def test_any_graph(api: TestClient, call: str, document: Any) -> None:
    answer = api.post("/api/workflows" + call, content=json.dumps(document))
    if answer.status_code == 400:
        problems_of(answer, 400)
        return
    assert answer.status_code in (200, 201), answer.text
    if call in ("", "?draft=true"):
        again = api.get(answer.headers["location"])
        assert again.status_code == 200
        assert json.loads(again.text) == json.loads(answer.text)


@ANYTHING
@given(body=st.binary(max_size=60))
@pytest.mark.parametrize(
    "path",
    ["/api/workflows", "/api/nodes/validate", "/api/expressions/check", "/api/files", "/api/workflows/x/execute"],
)
def test_any_bytes(api: TestClient, path: str, body: bytes) -> None:
    answer = api.post(path, content=body)
    assert answer.status_code in (400, 404), answer.text
    problems_of(answer, answer.status_code)


@ANYTHING
@given(
    path=st.text(st.characters(codec="utf-8"), max_size=20), method=st.sampled_from(["GET", "PUT", "POST", "DELETE"])
)
@pytest.mark.parametrize(
    "prefix", ["/", "/api/", "/api/files/", "/api/workflows/", "/api/executions/", "/api/nodes/types/"]
)
def test_any_address(api: TestClient, prefix: str, path: str, method: str) -> None:
    from urllib.parse import quote

    answer = api.request(method, "http://127.0.0.1:8000" + prefix + quote(path))
    if answer.status_code >= 400:
        problems_of(answer, answer.status_code)
        assert answer.status_code in (400, 404, 405)

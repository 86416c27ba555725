"""What came out of a run's ports, over HTTP."""

import csv
import io
import json
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pytest
from api_shape import problems_of
from pyarrow import parquet
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from api.downloads import attachment
from api.paths import segment
from orchestrator.preview import Profile

pytestmark = pytest.mark.usefixtures("code_server")

NAMES = ["1", "a/b", "a/outputs/b", "ü ñ", "..", "%2F", "a?b#c", "🦋", "a/outputs/b/profile", 'q"uote', " "]
NAMED = "late/ü outputs/x"
ROWS = [{"a": n, "b": f"t{n % 3}", "x": n / 10, "y": 50 + n / 10} for n in range(120)]


@pytest.fixture(scope="module")
def done(api: TestClient, code_server: None) -> str:
    """An execution whose nodes have names of all kinds."""
    nodes: list[dict[str, Any]] = [{"id": "rows", "type": "inline_data", "config": {"rows": ROWS}}]
    nodes += [{"id": name, "type": "filter", "config": {"condition": "a >= 20"}} for name in NAMES]
    nodes.append({"id": "points", "type": "points_from_xy", "config": {"x": "x", "y": "y", "crs": "EPSG:4326"}})
    nodes.append({"id": "out/1", "type": "output", "config": {"name": NAMED}})
    edges = [{"id": f"e{n}", "source": "rows", "target": each["id"]} for n, each in enumerate(nodes[1:])]
    workflow = api.post("/api/workflows", json={"nodes": nodes, "edges": edges}).json()
    said = api.post(f"/api/workflows/{workflow['id']}/execute?wait=60").json()
    assert said["status"] == "completed", api.get(f"/api/executions/{said['execution_id']}").text
    return str(said["execution_id"])


def url(done: str, node: str = "1", port: str = "passed") -> str:
    return f"/api/executions/{done}/nodes/{segment(node)}/outputs/{port}"


def test_a_page(api: TestClient, done: str) -> None:
    said = api.get(url(done)).json()
    assert [each["name"] for each in said["columns"]] == ["a", "b", "x", "y"]
    assert said["total"] == 100
    assert said["rows"] == [list(row.values()) for row in ROWS[20:]]
    assert api.get(url(done, port="failed")).json()["total"] == 20


def test_which_rows(api: TestClient, done: str) -> None:
    query = {"limit": 2, "offset": 1, "sort": "b,-a", "where": "a < 50"}
    said = api.get(url(done), params=query).json()
    wanted = sorted((row for row in ROWS if 20 <= row["a"] < 50), key=lambda row: (row["b"], -row["a"]))
    assert said["total"] == 30
    assert said["rows"] == [list(row.values()) for row in wanted[1:3]]


@pytest.mark.parametrize("name", NAMES)
def test_nodes_of_any_name(api: TestClient, done: str, name: str) -> None:
    assert api.get(url(done, name)).json()["total"] == 100
    got = api.get(url(done, name) + "?format=csv")
    assert got.status_code == 200
    said = got.headers["content-disposition"]
    assert said.startswith('attachment; filename="')
    assert "/" not in unquote(said)


@pytest.mark.parametrize(
    ("accept", "format", "media"),
    [
        ("text/csv", None, "text/csv"),
        ("application/vnd.apache.parquet", None, "application/vnd.apache.parquet"),
        ("application/vnd.apache.arrow.stream", None, "application/vnd.apache.arrow.stream"),
        ("application/geo+json", None, "application/geo+json"),
        ("text/csv;q=0.3, application/geo+json;q=0.9, */*;q=0.1", None, "application/geo+json"),
        ("*/*", "parquet", "application/vnd.apache.parquet"),
        ("image/png", "csv", "text/csv"),
        ("text/csv", "json", "application/json"),
        ("*/*", None, "application/json"),
    ],
)
def test_as_a_file(api: TestClient, done: str, accept: str, format: str | None, media: str) -> None:
    params = {"format": format} if format else {}
    got = api.get(url(done, "points", "result"), headers={"Accept": accept}, params=params)
    assert got.status_code == 200
    assert got.headers["content-type"].split(";")[0] == media
    assert got.headers["vary"].startswith("Accept")
    assert rows_in(got.content, media) == 120


def rows_in(content: bytes, media: str) -> int:
    match media:
        case "text/csv":
            return len(list(csv.DictReader(io.StringIO(content.decode()))))
        case "application/geo+json":
            return len(json.loads(content)["features"])
        case "application/json":
            return int(json.loads(content)["total"])
        case "application/vnd.apache.parquet":
            return int(parquet.read_table(io.BytesIO(content)).num_rows)
    return int(pa.ipc.open_stream(content).read_all().num_rows)


def test_a_file_of_some_rows(api: TestClient, done: str) -> None:
    got = api.get(url(done), params={"format": "csv", "where": "a < 30", "limit": 3, "sort": "-a"})
    assert [row["a"] for row in csv.DictReader(io.StringIO(got.text))] == ["29", "28", "27"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("where=aa>1", 400, "unknown_column"),
        ("where=(select 1)", 400, "invalid_expression"),
        ("where=a;drop", 400, "invalid_expression"),
        ("sort=q", 400, "unknown_column"),
        ("limit=-1", 400, "invalid_request"),
        ("limit=99999", 400, "invalid_request"),
        ("offset=x", 400, "invalid_request"),
        ("format=xml", 406, "unknown_format"),
        ("format=geojson", 406, "missing_geometry"),
        ("format=csv&where=aa>1", 400, "unknown_column"),
    ],
)
def test_what_cannot_be_given(api: TestClient, done: str, query: str, status: int, code: str) -> None:
    answer = api.get(f"{url(done)}?{query}")
    problems_of(answer, status, code)
    assert ("Accept" in answer.headers.get("vary", "")) == (status == 406)


def test_what_nobody_can_read(api: TestClient, done: str) -> None:
    problems_of(api.get(url(done), headers={"Accept": "image/png"}), 406, "not_acceptable")


@pytest.mark.parametrize("path", ["", "/profile"])
def test_what_is_not_there(api: TestClient, done: str, path: str) -> None:
    (found,) = problems_of(api.get(url(done, "1", "pased") + path), 404)
    assert "passed" in found["message"]
    (found,) = problems_of(api.get(url(done, "point", "result") + path), 404, "output_not_found")
    assert "no such node. Did you mean 'points'?" in found["message"]
    problems_of(api.get(url("no-such-run") + path), 404)
    problems_of(api.get(url(done, "1", segment("../passed")) + path), 404)


def test_the_profile(api: TestClient, done: str) -> None:
    said = api.get(url(done, "points", "result") + "/profile").json()
    TypeAdapter(Profile).validate_python(said)
    assert said["rows"] == 120
    by_name = {each["name"]: each for each in said["columns"]}
    assert (by_name["a"]["min"], by_name["a"]["max"], by_name["a"]["mean"]) == (0, 119, 59.5)
    assert by_name["b"]["distinct"] == 3
    assert by_name["b"]["most_frequent"][0] == {"value": "t0", "count": 40}
    assert by_name["geometry"]["kinds"] == {"Point": 120}
    assert by_name["geometry"]["crs"] == "EPSG:4326"


@pytest.mark.parametrize("name", NAMES)
def test_profiles_of_nodes_of_any_name(api: TestClient, done: str, name: str) -> None:
    assert api.get(url(done, name) + "/profile").json()["rows"] == 100


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("1-passed.csv", "1-passed.csv"), ('a"b\r\nX: y', "a_b__X_ y"), ("../../etc/passwd", "_.._etc_passwd"),
        ("ü.csv", "ü.csv"), ("...", "download"), ("a\\b:c", "a_b_c"),
        ("🦋" * 1000 + ".parquet", "🦋" * 60 + ".parquet"), ("y" * 1000, "y" * 60),
    ],
)  # fmt: skip
def test_a_safe_name(name: str, safe: str) -> None:
    said = attachment(name)
    assert "\n" not in said
    assert said.isascii()
    assert unquote(said.partition("''")[2]) == safe


def test_a_named_output(api: TestClient, done: str) -> None:
    named = f"/api/executions/{done}/outputs/{segment(NAMED)}"
    query = {"limit": 2, "offset": 1, "sort": "b,-a", "where": "a < 50"}
    assert api.get(named, params=query).json() == api.get(url(done, "out/1", "result"), params=query).json()
    assert api.get(named).json()["total"] == 120
    as_file = api.get(named, headers={"Accept": "text/csv"})
    assert as_file.content == api.get(url(done, "out/1", "result"), headers={"Accept": "text/csv"}).content
    problems_of(api.get(named, params={"format": "xml"}), 406, "unknown_format")
    problems_of(api.get(named, params={"where": "aa > 1"}), 400, "unknown_column")


def test_a_port_without_a_table(api: TestClient, done: str) -> None:
    problems_of(api.get(url(done, "nowhere", "result")), 404, "output_not_found")


def test_a_named_output_that_is_not_there(api: TestClient, done: str) -> None:
    answer = api.get(f"/api/executions/{done}/outputs/late")
    problems_of(answer, 404, "not_found")
    assert f"There are: {NAMED}." in answer.text
    problems_of(api.get("/api/executions/none/outputs/late"), 404, "not_found")

"""Any text is a name in a path."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.paths import KeepSlashes, segment

app = FastAPI()
app.add_middleware(KeepSlashes)


@app.get("/nodes/{node_id:name}/outputs/{port:name}")
def one(node_id: str, port: str) -> list[str]:
    return [node_id, port]


@app.get("/nodes/{node_id:name}/outputs/{port:name}/profile")
def other(node_id: str, port: str) -> list[str]:
    return [node_id, port, "profile"]


@app.get("/files/{path:below}")
def file(path: str) -> str:
    return path


NAMES = [
    "", "1", "a/b", "a/outputs/b", "ü ñ", "..", ".", "%2F", "%25", "%252F", "%ff", "a%b", "/", "//", " ", "a?b#c",
    "日本", "🦋", "a\\b", "+", ";", "outputs", "profile", "a/outputs/b/profile", "\u2028", '"', "'", "&=",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_through_whole(name: str) -> None:
    client = TestClient(app)
    assert client.get(f"/nodes/{segment(name)}/outputs/passed").json() == [name, "passed"]
    assert client.get(f"/nodes/{segment(name)}/outputs/passed/profile").json() == [name, "passed", "profile"]
    if name:
        assert client.get(f"/nodes/n/outputs/{segment(name)}").json() == ["n", name]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("a/b.csv", "a/b.csv"),
        ("a%2Fb.csv", "a/b.csv"),
        ("%C3%BC%20%25.csv", "ü %.csv"),
        ("a%2fb", "a/b"),
        ("a+b", "a+b"),
    ],
)
def test_the_rest_of_a_path(path: str, meant: str) -> None:
    assert TestClient(app).get(f"/files/{path}").json() == meant


@pytest.mark.parametrize("raw", ["/%6Eodes/n/outputs/p", "/nodes/n/output%73/p", "/nodes/%6e/outputs/%70"])
def test_what_need_not_be_encoded_may_be(raw: str) -> None:
    assert TestClient(app).get(raw).json() == ["n", "p"]

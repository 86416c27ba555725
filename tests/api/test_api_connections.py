"""Connections over HTTP: stored, shown without secrets, tested."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from api_shape import problems_of
from certificates import Signed
from jsonschema import Draft202012Validator
from over_tcp import served
from starlette.testclient import TestClient

from orchestrator import database
from orchestrator.catalog.connections import connection
from orchestrator.errors import NodeError
from orchestrator.settings import settings

BASE = "/api/connections"
OWN = Signed("guest")
PEM, KEY = OWN.pem, OWN.private()
CONFIG = {"host": "db.example.org", "database": "flights", "user": "reader", "password": "s3cret-word"}


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GRAPHMILL_ALLOW_PRIVATE_DATABASES", "true")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def name(api: TestClient) -> Iterator[str]:
    made = api.post(BASE, json={"name": "warehouse", "kind": "postgresql", "config": CONFIG})
    assert (made.status_code, made.headers["location"]) == (201, f"{BASE}/warehouse")
    yield "warehouse"
    api.delete(f"{BASE}/warehouse")


def put(api: TestClient, **config: object):
    return api.put(f"{BASE}/warehouse", json={"kind": "postgresql", "config": {**CONFIG, **config}})


def test_it_is_stored_and_its_secret_is_not_shown(api: TestClient, name: str, database_url: str) -> None:
    shown = api.get(f"{BASE}/{name}").json()
    without = dict.fromkeys(("sslrootcert", "sslcert", "sslkey"))
    default = {"port": 5432, "sslmode": "prefer", "search_path": [], **without}
    assert shown["config"] == {**CONFIG, **default, "password": "***"}
    assert (shown["name"], shown["kind"]) == (name, "postgresql")
    listed = api.get(BASE).json()
    assert listed == {"items": [shown], "total": 1}
    with database.transaction(database.engine(database_url)) as session:
        row = session.execute(sa.text("SELECT * FROM graphmill.connections")).one()
    assert "s3cret-word" not in repr(row)
    assert connection(name).secrets() == {"password": "s3cret-word"}
    assert "s3cret-word" not in repr(connection(name))


def test_the_kinds_have_a_form(api: TestClient) -> None:
    (kind,) = api.get(f"{BASE}/kinds").json()["items"]
    schema = kind["config_schema"]
    assert (kind["kind"], kind["title"]) == ("postgresql", "PostgreSQL")
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(CONFIG)
    assert all(each["description"] and each["title"] for each in schema["properties"].values())
    assert schema["properties"]["password"]["anyOf"][0]["writeOnly"] is True
    taken = api.post(BASE, json={"name": "kinds", "kind": "postgresql", "config": CONFIG})
    (said,) = problems_of(taken, 400)
    assert (said["path"], said["message"].endswith("take another name.")) == ("/name", True)
    assert not said["message"].endswith("..")


def test_a_get_may_be_put_back(api: TestClient, name: str) -> None:
    shown = api.get(f"{BASE}/{name}").json()
    saved = api.put(f"{BASE}/{name}", json=shown)
    assert saved.status_code == 200
    assert {**saved.json(), "updated_at": 0} == {**shown, "updated_at": 0}
    assert connection(name).secrets() == {"password": "s3cret-word"}


def test_a_secret_stays_where_it_goes_to_the_same_place(api: TestClient, name: str) -> None:
    assert put(api, password="***", database="other").status_code == 200
    assert connection(name).secrets() == {"password": "s3cret-word"}
    for change in (
        {"host": "evil.example"},
        {"port": 1},
        {"user": "other"},
        {"sslmode": "disable"},
        {"sslrootcert": PEM},
    ):
        (problem,) = problems_of(put(api, password="***", **change), 400)
        assert (problem["code"], problem["path"]) == ("invalid_request", "/config/password")
    assert put(api, host="new.example", password="other").status_code == 200
    assert connection(name).secrets() == {"password": "other"}
    assert put(api, host="new.example", password=None).json()["config"]["password"] is None
    assert connection(name).secrets() == {}


def test_a_private_key_is_a_secret(api: TestClient, name: str) -> None:
    saved = put(api, sslcert=PEM, sslkey=KEY)
    assert saved.json()["config"] | {"sslcert": PEM, "sslkey": "***"} == saved.json()["config"]
    assert put(api, password="***", sslcert=PEM, sslkey="***").status_code == 200
    assert connection(name).secrets() == {"password": "s3cret-word", "sslkey": KEY}
    for change in ({"host": "evil.example"}, {"sslmode": "require"}, {"sslrootcert": PEM}):
        (problem,) = problems_of(put(api, sslcert=PEM, sslkey="***", **change), 400)
        assert (problem["code"], problem["path"]) == ("invalid_request", "/config/sslkey")
    for wrong in ({"sslcert": PEM}, {"sslkey": KEY}, {"sslcert": PEM, "sslkey": "s3cret-word"}, {"sslcert": "/a.pem"}):
        answer = put(api, **wrong)
        assert problems_of(answer, 400)[0]["path"].startswith("/config")
        assert "s3cret-word" not in answer.text
        assert KEY[40:80] not in answer.text


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "a b", "kind": "postgresql", "config": CONFIG}, "/name"),
        ({"name": "", "kind": "postgresql", "config": CONFIG}, "/name"),
        ({"name": "a", "kind": "oracle", "config": CONFIG}, "/kind"),
        ({"name": "a", "kind": "postgresql", "config": {**CONFIG, "host": "/tmp"}}, "/config/host"),
        ({"name": "a", "kind": "postgresql", "config": {**CONFIG, "host": "a,b"}}, "/config/host"),
        ({"name": "a", "kind": "postgresql", "config": {**CONFIG, "prt": 1}}, "/config/prt"),
        ({"name": "a", "kind": "postgresql", "config": {**CONFIG, "password": ["s3cret-word"]}}, "/config/password"),
        ({"name": "a", "kind": "postgresql", "config": {**CONFIG, "password": "***"}}, "/config/password"),
    ],
)  # fmt: skip
def test_what_is_refused(api: TestClient, body: object, path: str) -> None:
    answer = api.post(BASE, json=body)
    assert path in [problem["path"] for problem in problems_of(answer, 400)]
    assert "s3cret-word" not in answer.text


def test_a_name_that_is_taken_and_names_that_are_not(api: TestClient, name: str) -> None:
    problems_of(api.post(BASE, json={"name": name, "kind": "postgresql", "config": CONFIG}), 409, "conflict")
    for call in (api.get, api.delete):
        (problem,) = problems_of(call(f"{BASE}/warehose"), 404, "not_found")
        assert "Did you mean 'warehouse'?" in problem["message"]
    problems_of(api.post(f"{BASE}/nothing/test"), 404, "not_found")


def test_testing_it(api: TestClient, name: str, database_url: str, private: None) -> None:
    with served(database_url) as port:
        database_name = sa.make_url(database_url).database
        put(api, host="127.0.0.1", port=port, database=database_name, user="postgres", sslmode="disable")
        said = api.post(f"{BASE}/{name}/test").json()
        assert said["ok"], said
        assert said["message"].startswith("PostgreSQL 1")
        put(api, host="127.0.0.1", port=port, database="nope", user="postgres", sslmode="disable")
        said = api.post(f"{BASE}/{name}/test").json()
    assert said == {"ok": False, "message": 'The database does not answer: database "nope" does not exist.'}
    put(api, host="127.0.0.1", port=1)
    said = api.post(f"{BASE}/{name}/test").json()
    assert said == {"ok": False, "message": "The database does not answer: connection refused."}
    put(api, host="nowhere.invalid")
    assert api.post(f"{BASE}/{name}/test").json() == {"ok": False, "message": "Host 'nowhere.invalid' is not known."}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "2130706433", "::1"])
def test_private_addresses_are_not_connected_to(api: TestClient, name: str, host: str) -> None:
    assert put(api, host=host).status_code == 200
    said = api.post(f"{BASE}/{name}/test").json()
    assert said["ok"] is False
    assert "loopback or private address" in said["message"]


def test_a_key_that_is_gone(api: TestClient, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator import secrets

    monkeypatch.setenv("GRAPHMILL_SECRET_KEY", "another")
    settings.cache_clear()
    secrets._cipher.cache_clear()
    try:
        said = api.post(f"{BASE}/{name}/test").json()
        assert said["ok"] is False
        assert "another key" in said["message"]
        problems_of(put(api, password="***"), 409, "conflict")
        asks = {"id": "q", "type": "database_query", "config": {"connection": name, "query": "SELECT 1 AS a"}}
        [found] = api.post("/api/workflows/validate", json={"nodes": [asks]}).json()["problems"]
        assert (found["code"], found["node_id"], found["path"]) == ("secret", "q", "/config/connection")
        assert put(api, password="new").status_code == 200
    finally:
        monkeypatch.undo()
        settings.cache_clear()
        secrets._cipher.cache_clear()


@pytest.mark.parametrize(("said", "near"), [("warehouse", True), ("nothing", False)])
def test_a_graph_that_names_it(api: TestClient, name: str, said: str, near: bool) -> None:
    config = {"connection": said.replace("house", "hose"), "query": "SELECT 1 AS a"}
    graph = {"name": "x", "nodes": [{"id": "1", "type": "database_query", "config": config}], "edges": []}
    (problem,) = api.post("/api/workflows/validate", content=json.dumps(graph)).json()["problems"]
    assert (problem["code"], problem["path"], problem["node_id"]) == ("unknown_connection", "/config/connection", "1")
    assert ("Did you mean 'warehouse'?" in problem["message"]) is near


def test_a_database_that_does_not_answer_is_a_warning(api: TestClient, name: str, private: None) -> None:
    put(api, host="127.0.0.1", port=1)
    config = {"connection": name, "query": "SELECT 1 AS a"}
    graph = {"name": "x", "nodes": [{"id": "1", "type": "database_query", "config": config}], "edges": []}
    judged = api.post("/api/workflows/validate", content=json.dumps(graph)).json()
    assert judged["valid"]
    (problem,) = judged["problems"]
    assert (problem["severity"], problem["code"]) == ("warning", "connection_failed")


def test_the_environment_gives_connections(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    url = database_url.replace("+psycopg2", "")
    monkeypatch.setenv("GRAPHMILL_CONNECTION_MY_DB", url)
    assert connection("my-db").check().startswith("PostgreSQL")
    monkeypatch.setenv("GRAPHMILL_CONNECTION_MY_DB", "mysql://u:s3cret-word@h/d")
    with pytest.raises(NodeError, match="GRAPHMILL_CONNECTION_MY_DB is not the URL") as error:
        connection("my-db")
    assert "s3cret-word" not in error.value.message

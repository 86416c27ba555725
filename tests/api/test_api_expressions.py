"""Expressions over HTTP: judged over columns, at a port of a graph, on a stored table; and the functions there are."""

import time
from pathlib import Path
from typing import Any

import pytest
from api_shape import FIELDS, problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from orchestrator.errors import NodeError
from orchestrator.expression_help import judge_expression
from orchestrator.expression_help.values import AT_ONCE, first_values
from orchestrator.expressions import check
from orchestrator.graph import Workflow
from orchestrator.schema import Column
from orchestrator.tables import Session

COLUMNS = [
    {"name": "a", "type": "INTEGER"}, {"name": "amount", "type": "DOUBLE"}, {"name": "b", "type": "VARCHAR"},
    {"name": "d", "type": "DATE"}, {"name": "odd name", "type": "BIGINT[]"}, {"name": "n", "type": '"NULL"'},
    {"name": "g", "type": "GEOMETRY", "crs": "EPSG:4326", "nullable": True, "geometry_types": ["Point"]},
    {"name": "h", "type": "GEOMETRY", "crs": "a system of our own"},
]  # fmt: skip
LIMIT = [{"name": "limit", "type": "integer", "default": 3}, {"name": "open", "type": "date"}]

RIGHT = [
    ("amount * 2", "DOUBLE"), ("a", "INTEGER"), ("a > 1 AND b = 'x'", "BOOLEAN"), ("1 + 1", "INTEGER"),
    ('"odd name"[1]', "BIGINT"), ("d + INTERVAL 1 DAY", "TIMESTAMP"), ("g", "GEOMETRY"), ("h", "GEOMETRY"),
    ("coalesce(b, 'é')", "VARCHAR"), ("A + AMOUNT", "DOUBLE"), ("{'x': a}", "STRUCT(x INTEGER)"),
    ("b = ${anything}", "BOOLEAN"), ("'${x}' || b", "VARCHAR"), ("n", '"NULL"'),
]  # fmt: skip
WRONG = [
    ("amont + 1", "unknown_column", 0, "Did you mean 'amount'?"),
    ("'é' || amont", "unknown_column", 7, "Did you mean 'amount'?"),
    ("b = ${x} AND amont > 1", "unknown_column", 13, "Did you mean 'amount'?"),
    ("${long_name} + ${x} + zzz", "unknown_column", 22, "Column 'zzz'"),
    ("'${x}' || '${y}''' || zzz", "unknown_column", 22, "Column 'zzz'"),
    ("a + /* ${x} */ zzz", "unknown_column", 15, "Column 'zzz'"),
    ("a +\n  uper(b)", "invalid_expression", 6, "Did you mean 'upper'?"),
    ("a + (SELECT 1)", "invalid_expression", 4, "a subquery is not allowed"),
    ("1 + sum(a)", "invalid_expression", 4, "works on many rows"),
    ("getenv('HOME')", "invalid_expression", 0, "is not allowed"),
    ("a b c", "invalid_expression", 2, "syntax error"),
    ("amount +", "invalid_expression", 8, "it is not complete"),
    ("amount)", "invalid_expression", 7, "a ')' too many"),
    ("b = 'x", "invalid_expression", 4, "unterminated"),
    ("a::foo", "invalid_expression", 3, "There is no type 'foo'."),
    ("", "invalid_expression", None, "an expression is needed"),
    ("a" * 100_001, "invalid_expression", None, "longer than"),
    ("a + b", "type_mismatch", 2, "+(INTEGER, VARCHAR)"),
    ("d > 1 AND upper(a, 2) = 'x'", "type_mismatch", None, ""),
    ("b.c", "type_mismatch", None, "Cannot extract field"),
    ("b = 'x' OR NOT d", "type_mismatch", 15, "'d' is DATE, which cannot become BOOLEAN."),
]


def said(api: TestClient, **body: Any) -> dict[str, Any]:
    answer = api.post("/api/expressions/check", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {"valid", "type", "problem", "values"}
    assert found["problem"] is None or set(found["problem"]) == FIELDS | {"position"}
    return found


@pytest.mark.parametrize(("expression", "kind"), RIGHT)
def test_a_right_one_has_a_type(api: TestClient, expression: str, kind: str) -> None:
    found = said(api, expression=expression, columns=COLUMNS)
    assert found == {"valid": True, "type": kind, "problem": None, "values": None}


def test_a_text_compared_with_a_number_is_warned_of(api: TestClient) -> None:
    found = said(api, expression="a > 0 AND b = 3", columns=COLUMNS)
    assert (found["valid"], found["type"]) == (True, "BOOLEAN")
    problem = found["problem"]
    assert (problem["code"], problem["severity"], problem["position"]) == ("type_mismatch", "warning", 10)
    assert "'b' is text and is compared with a number" in problem["message"]
    assert "TRY_CAST" in problem["hint"]


@pytest.mark.parametrize(("expression", "code", "position", "message"), WRONG)
def test_a_wrong_one_has_a_place(
    api: TestClient, expression: str, code: str, position: int | None, message: str
) -> None:
    found = said(api, expression=expression, columns=COLUMNS)
    assert (found["valid"], found["type"]) == (False, None)
    problem = found["problem"]
    assert (problem["code"], problem["path"], problem["severity"]) == (code, "/expression", "error")
    assert message in problem["message"]
    assert position is None or problem["position"] == position


PIECES = st.sampled_from(
    [
        "a",
        "amont",
        "'é",
        "'",
        '"',
        "(",
        ")",
        "+",
        "${x}",
        "${",
        "}",
        "upper(",
        "::",
        "DATE",
        "/*",
        "--",
        "\n",
        "[",
        "g",
        ";",
    ]
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)


@given(pieces=st.lists(PIECES, max_size=8), value=st.sampled_from([None, 1, "'", "long -- text"]))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_has_a_verdict_and_a_place_inside(pieces: list[str], value: Any) -> None:
    text = "".join(pieces)
    declared = Workflow.model_validate({"nodes": [], "parameters": [{"name": "x", "default": str(value)}]})
    for workflow in (None, declared):
        found = judge_expression(text, [Column.model_validate(each) for each in COLUMNS], workflow)
        assert found.valid == (found.problem is None)
        place = found.problem and found.problem.position
        assert place is None or 0 <= place <= len(text)


def test_every_column_that_is_there_is_named(api: TestClient) -> None:
    problem = said(api, expression="nope", columns=COLUMNS)["problem"]
    assert problem["hint"] == ", ".join(str(each["name"]) for each in COLUMNS)
    assert said(api, expression="nope", columns=[])["problem"]["code"] == "unknown_column"


@pytest.mark.parametrize(
    ("expression", "valid", "kind", "position"),
    [
        ("a > ${limit}", True, "BOOLEAN", None),
        ("a > ${open}", True, None, None),  # a date is but a stand-in: the run's value may fit
        ("d > ${open}", True, "BOOLEAN", None),
        ('"${open}" = 1', True, None, None),
        ("amont > ${open}", False, None, 0),
        ("b = ${limt}", False, None, 4),
        ("a + ${limit} + zzz", False, None, 15),
    ],
)
def test_declared_parameters(
    api: TestClient, expression: str, valid: bool, kind: str | None, position: int | None
) -> None:
    found = said(api, expression=expression, columns=COLUMNS, parameters=LIMIT)
    assert (found["valid"], found["type"]) == (valid, kind)
    assert (found["problem"] or {"position": None})["position"] == position


def test_without_columns_it_is_only_read(api: TestClient) -> None:
    assert said(api, expression="anything > 1") == {"valid": True, "type": None, "problem": None, "values": None}
    assert not said(api, expression="anything >")["valid"]


GRAPH = {
    "parameters": [{"name": "limit", "type": "integer", "default": 3}],
    "nodes": [
        {"id": "rows", "type": "inline_data", "config": {"rows": [{"a": 1, "b": "x"}]}},
        {"id": "more", "type": "compute", "config": {"columns": [{"name": "c", "expression": "a / 2"}]}},
        {"id": "test", "type": "filter", "config": {"condition": "half wri"}},
        {"id": "both", "type": "join", "config": {"on": []}},
        {"id": "alone", "type": "filter", "config": {"condition": "true"}},
        {"id": "odd", "type": "no_such_type"},
    ],
    "edges": [
        {"source": "rows", "target": "more"},
        {"source": "more", "target": "test"},
        {"source": "rows", "target": "both", "targetHandle": "left"},
        {"source": "more", "target": "both", "targetHandle": "right"},
        {"source": "test", "target": "odd", "sourceHandle": "passed"},
    ],
}


@pytest.mark.parametrize(
    ("place", "expression", "valid", "kind"),
    [
        ({"node_id": "test"}, "c > ${limit}", True, "BOOLEAN"),
        ({"node_id": "test", "port": "table"}, "c", True, "DOUBLE"),
        ({"node_id": "test"}, "d", False, None),
        ({"node_id": "test"}, "a > ${limt}", False, None),
        ({"node_id": "both"}, "c", False, None),
        ({"node_id": "both", "port": "right"}, "c", True, "DOUBLE"),
        ({"node_id": "alone"}, "anything", True, None),
        ({"node_id": "odd"}, "anything", True, None),
    ],
)
def test_at_a_port_of_a_graph(
    api: TestClient, place: dict[str, str], expression: str, valid: bool, kind: str | None
) -> None:
    found = said(api, expression=expression, workflow=GRAPH, **place)
    assert (found["valid"], found["type"]) == (valid, kind), found


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"expression": 1}, 400, "invalid_request"),
        ({"expression": "a", "columns": "a"}, 400, "invalid_request"),
        ({"expression": "a", "columns": [{"name": "a", "type": "NO SUCH"}]}, 400, "invalid_request"),
        ({"expression": "1", "columns": [{"name": "", "type": "BIGINT"}]}, 400, "invalid_request"),
        ({"expression": "a", "columns": [{"name": "a", "type": "INT) --"}]}, 400, "invalid_request"),
        ({"expression": "a", "columns": [*COLUMNS, {"name": "A", "type": "DATE"}]}, 400, "duplicate_column"),
        ({"expression": "a", "parameters": [{"name": "1"}]}, 400, "invalid_graph"),
        ({"expression": "a", "parameters": [{"name": "x"}, {"name": "x"}]}, 400, "invalid_parameter"),
        ({"expression": "a", "workflow": {}}, 400, "invalid_request"),
        ({"expression": "a", "workflow": {"nodes": 1}, "node_id": "x"}, 400, "invalid_graph"),
        ({"expression": "a", "workflow": GRAPH, "node_id": "tset"}, 400, "unknown_node"),
        ({"expression": "a", "workflow": GRAPH, "node_id": "test", "port": "left"}, 400, "unknown_handle"),
        ({"expression": "a", "stored": {"execution_id": "x", "node_id": "y", "port": "z"}}, 404, "not_found"),
        ({"expression": "a", "other": 1}, 400, "invalid_request"),
    ],
)
def test_what_is_refused(api: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    problems_of(api.post("/api/expressions/check", json=body), status, code)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "result.parquet"
    with Session([path.parent]) as session:
        rows = "SELECT i::INTEGER AS a, CASE i WHEN 3 THEN 'x' ELSE i::VARCHAR END AS b FROM range(1000) AS r(i)"
        session.store(session.connection.sql(rows), path)
    return path


def test_values_on_the_first_rows(table: Path) -> None:
    found = judge_expression("a + 1", None, None, table)
    assert (found.type, found.values) == ("INTEGER", list(range(1, 11)))
    found = judge_expression("{'at': a * 9007199254740993, 'on': DATE '2026-01-31' + a}", None, None, table)
    assert found.values is not None
    assert found.values[1] == {"at": "9007199254740993", "on": "2026-02-01"}


def test_values_that_cannot_be_computed_leave_it_valid(table: Path) -> None:
    found = judge_expression("b::INTEGER", None, None, table)
    assert (found.valid, found.type, found.values) == (True, "INTEGER", None)
    assert found.problem is not None
    assert (found.problem.severity, found.problem.code) == ("warning", "conversion_failed")


def test_values_wait_for_a_parameter(table: Path) -> None:
    found = judge_expression("a > ${limit}", None, None, table)
    assert (found.valid, found.values) == (True, None)


def test_time_is_bounded(table: Path) -> None:
    """The value of each row takes a second; two that are under way are waited for by nobody."""
    slow = "list_sum(list_transform(range(3000000 + a), lambda x: x % 7))"
    for _ in range(3):
        started = time.perf_counter()
        with pytest.raises(NodeError) as caught:
            first_values(table, check(slow), seconds=0.1)
        assert caught.value.code == "too_slow"
        assert time.perf_counter() - started < 2
    for _ in range(2):
        assert AT_ONCE.acquire(timeout=60)
    AT_ONCE.release()
    AT_ONCE.release()
    assert first_values(table, "a") == list(range(10))


@pytest.mark.usefixtures("code_server")
def test_on_a_stored_port(api: TestClient) -> None:
    graph = {"nodes": [{"id": "r/1", "type": "inline_data", "config": {"rows": [{"a": n} for n in range(20)]}}]}
    workflow = api.post("/api/workflows", json=graph).json()
    run = api.post(f"/api/workflows/{workflow['id']}/execute?wait=60").json()["execution_id"]
    stored = {"execution_id": run, "node_id": "r/1", "port": "result"}
    assert said(api, expression="a * 2", stored=stored)["values"] == list(range(0, 20, 2))
    problem = said(api, expression="b * 2", stored=stored)["problem"]
    assert (problem["code"], problem["position"]) == ("unknown_column", 0)
    other = said(api, expression="b", columns=COLUMNS, stored=stored)
    assert (other["valid"], other["problem"]["severity"]) == (True, "warning")
    problems_of(api.post("/api/expressions/check", json={"expression": "a", "stored": stored | {"port": "x"}}), 404)

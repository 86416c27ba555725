# ruff: noqa: E501 (tables of cases)
"""`database_query` on a real PostgreSQL."""

import datetime as dt
import subprocess
import sys
import time
import uuid
from contextlib import closing
from decimal import Decimal

import psycopg2
import pytest
from running import as_node_error, shape

from orchestrator.errors import NodeError, UnknownColumns
from orchestrator.ops.base import Context
from orchestrator.registry import node_type

FIXTURES = ["warehouse"]
FEED = {}
TABLE = """
DROP TABLE IF EXISTS t, v; DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE t (id int, region text, amount numeric(10, 2), day date);
INSERT INTO t VALUES (1, 'north', 1.50, '2024-01-01'), (2, 'it''s', NULL, '2024-02-01'), (3, NULL, 2.25, NULL);
"""
TIME = dt.datetime(2024, 1, 2, 1, 4, 5, 678000)


def execute(url, statement):
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@pytest.fixture
def ask(warehouse, context):
    """Asks, and sees that the design knew the columns."""
    execute(warehouse, TABLE)

    def asked(query, parameters=None, **config):
        node = node_type("database_query").configure(
            {"connection": "warehouse", "query": query, **config}, parameters or {}
        )
        designed = node.call({}, Context(context.session, context.root, design=True))["result"]
        made = node.call({}, context)["result"]
        assert shape(made) == shape(designed)
        assert designed.fetchall() == []
        return made

    return asked


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("true", "BOOLEAN", True), ("1::int2", "SMALLINT", 1), ("1", "INTEGER", 1), ("1::int8", "BIGINT", 1),
        ("1.5::float4", "FLOAT", 1.5), ("1.5::float8", "DOUBLE", 1.5), ("'NaN'::float8", "DOUBLE", "nan"),
        ("1.25::numeric(10, 2)", "DECIMAL(10,2)", Decimal("1.25")), ("1e30::numeric", "DOUBLE", 1e30),
        ("12345678901234567890.123456789::numeric(38, 9)", "DECIMAL(38,9)", Decimal("12345678901234567890.123456789")),
        ("1::numeric(60, 2)", "DOUBLE", 1.0),
        ("''", "VARCHAR", ""), ("'é 日本'", "VARCHAR", "é 日本"), ("'a'::varchar(5)", "VARCHAR", "a"), ("'a'::name", "VARCHAR", "a"),
        ("'2024-01-02'::date", "DATE", dt.date(2024, 1, 2)), ("'10:11:12.5'::time", "TIME", dt.time(10, 11, 12, 500000)),
        ("'2024-01-02 01:04:05.678'::timestamp", "TIMESTAMP", TIME),
        ("'2024-01-02 03:04:05.678+02'::timestamptz", "TIMESTAMP WITH TIME ZONE", TIME.replace(tzinfo=dt.UTC)),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "UUID", uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ("'{\"a\": [1]}'::json", "JSON", '{"a": [1]}'), ("'{\"a\":1}'::jsonb", "JSON", '{"a": 1}'),
        ("'\\x00ff'::bytea", "BLOB", b"\x00\xff"), ("interval '1 day 2 hours'", "INTERVAL", dt.timedelta(days=1, hours=2)),
        ("array[1, null]", "INTEGER[]", [1, None]), ("array['a', '']", "VARCHAR[]", ["a", ""]), ("array[]::int8[]", "BIGINT[]", []),
        ("array[1.5, 2]", "DOUBLE[]", [1.5, 2.0]), ("array[1, 2]::numeric(5,1)[]", "DOUBLE[]", [1.0, 2.0]),
        ("array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::uuid[]", "UUID[]", [uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
        ("'ok'::mood", "VARCHAR", "ok"), ("array['ok']::mood[]", "VARCHAR[]", ["ok"]), ("'10.0.0.1'::inet", "VARCHAR", "10.0.0.1/32"),
        ("'10:00+02'::timetz", "VARCHAR", "10:00:00+02"), ("int4range(1, 3)", "VARCHAR", "[1,3)"),
        ("NULL", "VARCHAR", None),
    ],
)  # fmt: skip
def test_types(ask, warehouse, value, kind, expected):
    execute(warehouse, f"DROP TABLE IF EXISTS v; CREATE TABLE v AS SELECT {value} AS v")
    execute(warehouse, "INSERT INTO v VALUES (NULL)")
    made = ask("SELECT v FROM v")
    assert [str(each) for each in made.types] == [kind]
    (found,), (null,) = made.fetchall()
    assert (str(found) if expected == "nan" else found) == expected
    assert null is None


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_infinity(ask, kind):
    made = ask(f"SELECT 'infinity'::{kind} AS a, '-infinity'::{kind} AS b, '0044-03-15 BC'::{kind} AS c")
    assert made.project("isinf(a), a > current_date, isinf(b), b < current_date, isfinite(c)").fetchall() == [
        (True,) * 5
    ]


@pytest.mark.parametrize(
    ("condition", "parameters", "ids"),
    [
        ("id = ${x}", {"x": 2}, [2]), ("id = ${x} OR id = ${y} OR id = ${x} + 2", {"x": 1, "y": 2}, [1, 2, 3]),
        ("region = ${x}", {"x": "it's"}, [2]), ("region = ${x}", {"x": "' OR true --"}, []), ("region = ${x}", {"x": "$1"}, []),
        ("day >= ${x}", {"x": dt.date(2024, 1, 15)}, [2]), ("day < ${x}", {"x": dt.datetime(2024, 1, 15, 12)}, [1]),
        ("amount > ${x}", {"x": 1.75}, [3]), ("${x} AND id = 1", {"x": True}, [1]), ("coalesce(region, ${x}) = ${x}", {"x": None}, []),
        ("region IS NOT DISTINCT FROM ${x}", {"x": None}, [3]), ("id IN (${x}, ${y})", {"x": 1, "y": 3}, [1, 3]),
        ("id = ${x}::int", {"x": "2"}, [2]), ("id = 2 -- the last line", {}, [2]),
        ("'a}' || $$ '$$ || E'\\'' <> '' AND id = ${x}", {"x": 3}, [3]),
    ],
)  # fmt: skip
def test_parameters(ask, condition, parameters, ids):
    made = ask(f"SELECT id FROM t WHERE {condition}\nORDER BY id", parameters)
    assert [row[0] for row in made.fetchall()] == ids


def test_a_semicolon_at_the_end(ask):
    assert ask("SELECT id FROM t WHERE id = 1 ;\n").fetchall() == [(1,)]


def test_the_answer_can_be_read_again(ask):
    made = ask("SELECT id FROM t ORDER BY id DESC")
    assert made.fetchall() == made.fetchall() == [(3,), (2,), (1,)]


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("SELECT * FROM nope", "unknown_table", 'relation "nope" does not exist'),
        ("SELECT regon FROM t", "unknown_column", 'column "regon" does not exist'),
        ("SELEC 1", "invalid_expression", "syntax error"),
        ("SELECT 1; SELECT 2", "invalid_expression", "multiple commands"),
        ("SELECT 1) AS x; COMMIT; DROP TABLE t; SELECT * FROM (SELECT 1", "invalid_expression", "syntax error"),
        ("DELETE FROM t", "invalid_expression", "This gives no columns: a SELECT is needed."),
        ("DELETE FROM t RETURNING id", "invalid_expression", "syntax error"),
        ("COMMIT", "invalid_expression", "This gives no columns"),
        ("SHOW server_version", "invalid_expression", "syntax error"),
        ("SELECT 1 AS a, 2 AS A", "duplicate_column", "Two columns are called 'a'"),
        ('SELECT 1 AS a, 2 AS "A"', "duplicate_column", "Two columns are called 'a'"),
        ("SELECT id + 'x' FROM t", "invalid_value", 'invalid input syntax for type integer: "x"'),
        ("SELECT id FROM t WHERE region = ${x}", "type_mismatch", "operator does not exist: text = bigint"),
        ("SELECT '${x}' AS a", "invalid_expression", "A parameter is a value of its own"),
        ("SELECT 1 AS a -- ${x}", "invalid_expression", "A parameter is a value of its own"),
        ("SELECT $1 + 1 AS a", "query_failed", ""),
        ("  ", "invalid_config", "SQL is text"),
    ],
)  # fmt: skip
def test_what_is_refused_before_it_runs(ask, context, query, code, text):
    with pytest.raises(Exception) as error:  # noqa: PT011 (settings and nodes refuse differently)
        ask(query, {"x": 1})
    found = as_node_error(error.value)
    assert (found.code, found.path) == (code, "/config/query")
    assert text in found.message
    assert ask("SELECT count(*)::int AS n FROM t").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT 1 / (id - 2) AS a FROM t", "division by zero"),
        ("SELECT pg_sleep(5)::text AS a", "took longer than it may"),
        ("SELECT set_config('transaction_read_only', 'off', true) AS a", "read-write"),
        ("SELECT nextval('s') AS a", "in a read-only transaction"),
        ("SELECT lo_creat(1)::int AS a", "in a read-only transaction"),
    ],
)
def test_what_fails_while_it_runs(ask, warehouse, query, text):
    execute(warehouse, "CREATE SEQUENCE IF NOT EXISTS s")
    with pytest.raises(NodeError) as error:
        ask(query, timeout_s=0.3)
    assert error.value.path == "/config/query"
    assert text in error.value.message
    assert error.value.__cause__ is None


def test_a_connection_that_is_not_known(ask, context, monkeypatch):
    with pytest.raises(NodeError, match="Did you mean 'warehouse'") as error:
        ask("SELECT 1 AS a", connection="warehuse")
    assert (error.value.code, error.value.path) == ("unknown_connection", "/config/connection")
    monkeypatch.setenv("GRAPHMILL_CONNECTION_WAREHOUSE", "postgresql://u:s3cret@127.0.0.1:1/d")
    node = node_type("database_query").configure({"connection": "warehouse", "query": "SELECT 1"})
    with pytest.raises(UnknownColumns) as unknown:
        node.call({}, Context(context.session, context.root, design=True))
    (warning,) = unknown.value.warnings("n")
    assert (warning.severity, warning.code, warning.path) == ("warning", "connection_failed", "/config/connection")
    with pytest.raises(NodeError, match="does not answer: connection refused") as error:
        node.call({}, context)
    assert "s3cret" not in repr(error.value)


ASK = """
import sys
from pathlib import Path
from orchestrator.ops.base import Context
from orchestrator.registry import node_type
from orchestrator.tables import Session

with Session([Path(sys.argv[1])]) as session:
    node = node_type("database_query").configure({"connection": "warehouse", "query": sys.argv[2]})
    node.call({}, Context(session, Path(sys.argv[1])))
"""


def test_the_database_gives_up_when_the_run_is_gone(warehouse, context):
    query = f"SELECT pg_sleep(100)::text AS a, '{uuid.uuid4()}' AS b"
    asker = subprocess.Popen([sys.executable, "-c", ASK, str(context.root), query], stderr=subprocess.DEVNULL)
    mark = query.split("'")[1]
    try:
        assert until(lambda: running(warehouse, mark), 30)
    finally:
        asker.kill()
        asker.wait()
    assert until(lambda: not running(warehouse, mark), 10)


def running(url, mark):
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        said = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND state = 'active' AND pid <> pg_backend_pid()"
        )
        cursor.execute(said, (f"%{mark}%",))
        return cursor.fetchone()[0] > 0


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True

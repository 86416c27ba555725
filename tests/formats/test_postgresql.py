# ruff: noqa: E501 (tables of cases)
"""Tables of a real PostgreSQL, read and written."""

import datetime as dt
import threading
from contextlib import closing
from decimal import Decimal

import psycopg2
import pytest

from orchestrator.connections import postgresql
from orchestrator.errors import NodeError, UnknownColumns
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.ops.database_query import DatabaseQuery


def configured(parameters=None, **config):
    kind = DataLoader if "source_type" in config else DataWriter
    return kind.configure({"connection": "warehouse", "table": "t", **config}, parameters or {})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, [(1, "a", Decimal("1.5")), (2, "b", None), (3, None, Decimal("3.0"))]),
        ({"columns": ["name", "id"]}, [("a", 1), ("b", 2), (None, 3)]),
        ({"where": "n IS NOT NULL -- why"}, [(1, "a", Decimal("1.5")), (3, None, Decimal("3.0"))]),
        ({"where": "name ~ '^b'", "columns": ["id"]}, [(2,)]), ({"limit": 1, "columns": ["id"]}, [(1,)]), ({"limit": 0, "columns": ["id"]}, []),
        ({"schema_name": "public", "columns": ["id"], "where": "id > 2"}, [(3,)]),
    ],
)  # fmt: skip
def test_reading(read, config, expected):
    assert read(**config).fetchall() == expected


def test_a_parameter_in_where_is_a_bound_value(sql, context):
    for value, ids in (("a", [1]), ("a' OR true --", []), ("$1", [])):
        node = configured({"x": value}, source_type="postgresql", where="name = ${x}")
        assert [row[0] for row in node.call({}, context)["result"].fetchall()] == ids


def test_names_of_any_kind(read, write, sql):
    sql('DROP SCHEMA IF EXISTS "Ein ""Schema" CASCADE; CREATE SCHEMA "Ein ""Schema"')
    place = {"schema_name": 'Ein "Schema', "table": "größe %s; DROP"}
    assert write("""SELECT 1 AS "a b", 2 AS "q""x", 3 AS "{y}", 4 AS "%s" """, **place) == 1
    assert read(**place).columns == ["a b", 'q"x', "{y}", "%s"]
    assert read(**place, columns=["%s"]).fetchall() == [(4,)]


@pytest.mark.parametrize(
    ("config", "code", "path", "text"),
    [
        ({"table": "nope"}, "unknown_table", "/config/table", 'relation "nope" does not exist'),
        ({"table": "nope", "where": "id = 1"}, "unknown_table", "/config/table", 'relation "nope" does not exist'),
        ({"schema_name": "nope"}, "unknown_table", "/config/table", 'relation "nope.t" does not exist'),
        ({"columns": ["id", "nme"]}, "unknown_column", "/config/columns/1", "Did you mean 'name'?"),
        ({"where": "nme = 'a'"}, "unknown_column", "/config/where", 'column "nme" does not exist'),
        ({"where": "id = 1) OR (true"}, "unknown", "", ""),
        ({"where": "true); DELETE FROM t; SELECT (true"}, "invalid_expression", "/config/where", "multiple commands"),
        ({"connection": "warehose"}, "unknown_connection", "/config/connection", "Did you mean 'warehouse'?"),
    ],
)
def test_what_reading_refuses_in_design(sql, design, config, code, path, text):
    node = DataLoader.configure({"source_type": "postgresql", "connection": "warehouse", "table": "t", **config})
    if code == "unknown":
        assert node.call({}, design)["result"].columns == ["id", "name", "n"]  # one condition, and it only reads
        return
    with pytest.raises(NodeError) as error:
        node.call({}, design)
    assert (error.value.code, error.value.path) == (code, path)
    assert text in error.value.message


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("true", "boolean", True), ("1::TINYINT", "smallint", 1), ("1::UINTEGER", "bigint", 1), ("1::UBIGINT", "numeric(20,0)", Decimal(1)),
        ("1::BIGINT", "bigint", 1), ("1.5::FLOAT", "real", 1.5), ("0.1::DOUBLE", "double precision", 0.1), ("'inf'::DOUBLE", "double precision", float("inf")),
        ("12.30::DECIMAL(6, 2)", "numeric(6,2)", Decimal("12.30")), ("''", "text", ""), ("'NULL'", "text", "NULL"), ("'\\N'", "text", "\\N"), ("'\\.'", "text", "\\."),
        ("'a\"b,c\nd\r\n''é日'", "text", "a\"b,c\nd\r\n'é日"), ("' x '", "text", " x "),
        ("DATE '2024-01-02'", "date", dt.date(2024, 1, 2)), ("TIME '10:11:12.5'", "time without time zone", dt.time(10, 11, 12, 500000)),
        ("TIMESTAMP '2024-01-02 03:04:05.678'", "timestamp without time zone", dt.datetime(2024, 1, 2, 3, 4, 5, 678000)),
        ("TIMESTAMPTZ '2024-01-02 03:04:05+02'", "timestamp with time zone", dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC)),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("'{\"a\": 1}'::JSON", "jsonb", {"a": 1}), ("{'a': [1, 2], 'b': 'x'}", "jsonb", {"a": [1, 2], "b": "x"}), ("MAP {'k': 1}", "jsonb", {"k": 1}),
        ("{'a': ['nan'::DOUBLE, 1.5], 'b': 'inf'::FLOAT}", "jsonb", {"a": [None, 1.5], "b": None}), ("['nan'::DOUBLE, 'inf']::VARCHAR[]", "text[]", ["nan", "inf"]),
        ("[[1], [2]]", "jsonb", [[1], [2]]), ("'\\x00\\xFF'::BLOB", "bytea", b"\x00\xff"), ("INTERVAL '1 day 2 hours'", "interval", dt.timedelta(days=1, hours=2)),
        ("[1, NULL]", "integer[]", [1, None]), ("[]::BIGINT[]", "bigint[]", []), ("['a\"b', 'c,d', '', 'NULL', NULL, '\\']", "text[]", ['a"b', "c,d", "", "NULL", None, "\\"]),
        ("[DATE '2024-01-02']", "date[]", [dt.date(2024, 1, 2)]), ("['\\xAB'::BLOB]", "bytea[]", [b"\xab"]),
    ],
)  # fmt: skip
def test_types_of_a_new_table(write, read, sql, value, kind, expected):
    assert write(f"SELECT {value} AS v UNION ALL SELECT NULL") == 2
    assert sql(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum = 1"
    ) == [(kind,)]
    (found,), (null,) = sql("SELECT v FROM t")
    found = (
        [bytes(each) if isinstance(each, memoryview) else each for each in found] if isinstance(found, list) else found
    )
    assert (bytes(found) if isinstance(found, memoryview) else found) == expected
    assert null is None
    assert len(read().fetchall()) == 2


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("'NaN'::numeric(5, 2)", "DECIMAL(5,2)", None), ("'-0.10'::numeric(5, 2)", "DECIMAL(5,2)", "-0.10"),
        ("timestamp '294246-12-31'", "TIMESTAMP", "294246-12-31 00:00:00"), ("timestamp '294247-06-01'", "TIMESTAMP", None),
        ("timestamp '4714-11-24 BC'", "TIMESTAMP", "4714-11-24 (BC) 00:00:00"), ("timestamptz '294276-12-31'", "TIMESTAMP WITH TIME ZONE", None),
        ("ARRAY[timestamp '294250-01-01', 'infinity', NULL]", "TIMESTAMP[]", "[NULL, infinity, NULL]"),
        ("'[2:3]={1,2}'::int[]", "INTEGER[]", "[1, 2]"), ("'[5:6]={1.5,NULL}'::numeric[]", "DOUBLE[]", "[1.5, NULL]"), ("'{}'::int[]", "INTEGER[]", "[]"),
        ("'[2:2][0:1]={{7,8}}'::int[]", "INTEGER[]", "[7, 8]"), ("'[2:2]={x}'::text[]", "VARCHAR[]", "[x]"),
    ],
)  # fmt: skip
def test_values_on_the_edge(read, sql, value, kind, expected):
    sql(f"DROP TABLE t; CREATE TABLE t AS SELECT {value} AS v")
    found = read()
    assert list(map(str, found.types)) == [kind]
    assert found.project("v::VARCHAR").fetchall() == [(expected,)]


DOMAINS = """
    DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other; SET search_path = other;
    CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE DOMAIN small AS positive; CREATE DOMAIN whole AS int8[];
    CREATE DOMAIN price AS numeric(5, 2); CREATE DOMAIN prices AS numeric(5, 2)[]; CREATE DOMAIN moment AS timestamp;
    CREATE DOMAIN code AS varchar(5); CREATE DOMAIN ident AS uuid; CREATE DOMAIN flag AS bool; CREATE DOMAIN bytes AS bytea;
    CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN moods AS mood[];
"""


@pytest.mark.parametrize(
    ("kind", "value", "wanted", "expected"),
    [
        ("positive", "1", "INTEGER", "1"), ("positive[]", "{1,NULL}", "INTEGER[]", "[1, NULL]"), ("small[]", "[2:3]={1,2}", "INTEGER[]", "[1, 2]"),
        ("whole", "{1,2}", "BIGINT[]", "[1, 2]"), ("whole[]", '{"{1,2}"}', "VARCHAR[]", "['{1,2}']"), ("price", "1.5", "DECIMAL(5,2)", "1.50"),
        ("price[]", "{1.5,NaN}", "DOUBLE[]", "[1.5, nan]"), ("prices", "{1.5}", "DOUBLE[]", "[1.5]"), ("code[]", "{a}", "VARCHAR[]", "[a]"),
        ("moment[]", "{infinity,2024-01-02}", "TIMESTAMP[]", "[infinity, '2024-01-02 00:00:00']"), ("flag[]", "{t}", "BOOLEAN[]", "[true]"),
        ("ident[]", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "UUID[]", "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]"),
        ("bytes[]", r'{"\\x61"}', "BLOB[]", "[a]"), ("mood[]", "{a}", "VARCHAR[]", "[a]"), ("moods", "{a}", "VARCHAR[]", "[a]"),
    ],
)  # fmt: skip
def test_domains_and_arrays(read, sql, kind, value, wanted, expected):
    sql(f"{DOMAINS}; CREATE TABLE t (id int, v {kind}); INSERT INTO t VALUES (1, %s), (2, NULL)", value)
    for more in ({}, {"where": "id > 0"}):
        found = read(schema_name="other", **more)
        assert list(map(str, found.types)) == ["INTEGER", wanted]
        assert found.project("v::VARCHAR").fetchall() == [(expected,), (None,)]
    assert sql("DROP SCHEMA other CASCADE") is None


def test_a_table_that_another_session_locks(sql, database_url, context):
    holder = psycopg2.connect(database_url.replace("+psycopg2", ""))
    holder.cursor().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    reader = configured(source_type="postgresql", timeout_s=0.2)
    writer = configured(target_type="postgresql", timeout_s=0.2, mode="append")
    for node, inputs in ((reader, {}), (writer, {"table": context.session.connection.sql("SELECT 9 AS id")})):
        with pytest.raises(NodeError) as error:
            node.call(inputs, context)
        assert (error.value.code, error.value.path) == ("query_timeout", "/config/table")
    threading.Timer(0.3, holder.close).start()
    assert len(configured(source_type="postgresql").call({}, context)["result"]) == 3  # waits


def test_in_design_nobody_waits_for_a_lock(sql, database_url, design, monkeypatch):
    monkeypatch.setattr(postgresql, "DESIGN_S", 0.2)
    with closing(psycopg2.connect(database_url.replace("+psycopg2", ""))) as holder:
        holder.cursor().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        query = DatabaseQuery.configure({"connection": "warehouse", "query": "SELECT * FROM t"})
        for node, path in ((configured(source_type="postgresql"), "/config/table"), (query, "/config/query")):
            with pytest.raises(UnknownColumns) as error:
                node.call({}, design)
            (warning,) = error.value.warnings("n")
            assert (warning.code, warning.path) == ("query_timeout", path)


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMPTZ"])
def test_infinity_comes_back(write, read, kind):
    query = f"SELECT 'infinity'::{kind} AS a, '-infinity'::{kind} AS b, [a, NULL, '0044-03-15 (BC)'::{kind}] AS c"
    write(query)
    assert (
        read().project("a::VARCHAR, b::VARCHAR, c::VARCHAR").fetchall()
        == read().query("v", f"SELECT a::VARCHAR, b::VARCHAR, c::VARCHAR FROM ({query})").fetchall()
    )


def test_a_table_read_and_written_at_once(read, write, sql):
    assert write(read().filter("id > 1")) == 2
    assert sql("SELECT id FROM t ORDER BY id") == [(2,), (3,)]


@pytest.mark.parametrize("most", [0, 1 << 20, 1 << 30])
def test_many_rows_come_back_in_order(write, read, monkeypatch, most):
    monkeypatch.setattr(postgresql, "IN_MEMORY", most)
    query = "SELECT range AS id, md5(range::VARCHAR) AS name FROM range(130000)"
    assert write(query) == 130000
    made = read()
    assert [row[0] for row in made.project("id").fetchall()] == list(range(130000))
    assert made.filter("name <> md5(id::VARCHAR)").fetchall() == []


def test_no_rows(write, read):
    assert write("SELECT 1 AS a WHERE false") == 0
    assert (read().columns, read().fetchall()) == (["a"], [])

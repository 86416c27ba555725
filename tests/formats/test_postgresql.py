# ruff: noqa: E501 (tables of cases)
"""Tables of a real PostgreSQL, read and written."""

import datetime as dt
import threading
from contextlib import closing
from decimal import Decimal

import psycopg2
import pytest
from pydantic import ValidationError

from orchestrator.connections import postgresql
from orchestrator.errors import NodeError, UnknownColumns
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.ops.database_query import DatabaseQuery

OLD = "DROP TABLE IF EXISTS t CASCADE; CREATE TABLE t (id int PRIMARY KEY, name text DEFAULT 'new', n numeric(5, 1)); INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', NULL), (3, NULL, 3)"


@pytest.fixture
def sql(database_url, monkeypatch):
    """Sends a statement to the database, which nodes know as `warehouse`; gives the rows. There is a table `t`."""
    url = database_url.replace("+psycopg2", "")
    monkeypatch.setenv("GRAPHMILL_CONNECTION_WAREHOUSE", url)

    def execute(statement, *values):
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            found = cursor.fetchall() if cursor.description else None
        connection.close()
        return found

    execute(OLD)
    return execute


@pytest.fixture
def write(save, sql):
    """Writes the rows of a SELECT to the table `t`; gives how many rows were written."""
    return lambda query, **config: save(
        query, **{"target_type": "postgresql", "connection": "warehouse", "table": "t", **config}
    )


@pytest.fixture
def read(load, sql):
    return lambda **config: load(source_type="postgresql", connection="warehouse", **{"table": "t", **config})


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


NEW = "SELECT 2::BIGINT AS id, 'B' AS name UNION ALL SELECT 4, NULL"


@pytest.mark.parametrize(
    ("mode", "keys", "count", "rows"),
    [
        ("append", [], 2, None), ("overwrite", [], 2, [(2, "B"), (4, None)]), ("truncate", [], 2, [(2, "B", None), (4, None, None)]),
        ("upsert", ["id"], 2, [(1, "a", Decimal("1.5")), (2, "B", None), (3, None, Decimal("3.0")), (4, None, None)]),
        ("delete", ["id"], 1, [(1, "a", Decimal("1.5")), (3, None, Decimal("3.0"))]),
        ("delete", ["id", "name"], 0, [(1, "a", Decimal("1.5")), (2, "b", None), (3, None, Decimal("3.0"))]),
    ],
)  # fmt: skip
def test_modes(write, sql, mode, keys, count, rows):
    if rows is None:
        with pytest.raises(NodeError, match="same key is there already"):
            write(NEW, mode=mode)
        sql("ALTER TABLE t DROP CONSTRAINT t_pkey")
        rows = [(1, "a", Decimal("1.5")), (2, "b", None), (2, "B", None), (3, None, Decimal("3.0")), (4, None, None)]
    assert write(NEW, mode=mode, keys=keys) == count
    assert sql("SELECT * FROM t ORDER BY id, name DESC") == rows


@pytest.mark.parametrize("mode", ["overwrite", "append", "error", "truncate", "upsert"])
def test_a_table_that_is_not_there_is_made(write, sql, mode):
    sql("DROP TABLE t")
    keys = ["id"] if mode == "upsert" else []
    assert write(NEW, mode=mode, keys=keys) == 2
    assert sql("SELECT * FROM t ORDER BY id") == [(2, "B"), (4, None)]
    assert write("SELECT 4::BIGINT AS id, 'D' AS name", mode="upsert" if keys else "append", keys=keys) == 1
    assert len(sql("SELECT * FROM t")) == (2 if keys else 3)


def test_an_identity_that_the_database_gives_is_a_key(write, sql):
    sql("DROP TABLE t; CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int)")
    assert [write(f"SELECT 7 AS id, {a} AS a", mode="upsert", keys=["id"]) for a in (1, 2)] == [1, 1]
    assert sql("SELECT * FROM t") == [(7, 2)]


def test_delete_looks_at_the_keys_alone(write, sql):
    assert write("SELECT 1 AS id, 3 AS helper", mode="delete", keys=["id"]) == 1
    assert sql("SELECT id FROM t ORDER BY id") == [(2,), (3,)]


def test_a_column_that_must_have_a_value(write, sql):
    sql("CREATE TABLE needs (id int, name text NOT NULL)")
    with pytest.raises(NodeError, match="column 'name' must have a value, and in a row it is null"):
        write("SELECT 1 AS id, NULL AS name", mode="append", table="needs")


def test_columns_go_by_name_and_others_take_their_default(write, sql):
    assert write("SELECT 7.25::DOUBLE AS n, '9' AS id", mode="append") == 1
    assert sql("SELECT * FROM t WHERE id = 9") == [(9, "new", Decimal("7.3"))]


@pytest.mark.parametrize(
    ("query", "config", "code", "text"),
    [
        ("SELECT 1 AS id", {"mode": "error"}, "table_exists", "Table 't' is there already in schema 'public'."),
        ("SELECT 5 AS id, 1 AS nme", {"mode": "append"}, "unknown_column", "Did you mean 'name'?"),
        ("SELECT 5 AS id, 'x' AS n", {"mode": "append"}, "invalid_value", "in row 1, column 'n'"),
        ("SELECT 5 AS id, 99999 AS n", {"mode": "truncate"}, "out_of_range", "in row 1, column 'n'"),
        ("SELECT 5 AS id UNION ALL SELECT 5", {"mode": "append"}, "query_failed", "a row with the same key is there already"),
        ("SELECT 5 AS id, 'a' AS name UNION ALL SELECT 5, 'b'", {"mode": "upsert", "keys": ["id"]}, "query_failed", "two rows have the same key"),
        ("SELECT 5 AS id, 'a' AS name", {"mode": "upsert", "keys": ["name"]}, "query_failed", "no unique constraint"),
        ("SELECT 5 AS id", {"mode": "delete", "keys": ["id"], "table": "nope"}, "unknown_table", "Table 'nope' is not there."),
        ("SELECT chr(0) AS name, 5 AS id", {"mode": "append"}, "invalid_value", "0x00"),
        ("SELECT 5 AS id, 1 AS g", {"mode": "append", "table": "made"}, "query_failed", 'column "g" is a generated column'),
        ("SELECT 99 AS id", {"mode": "append", "table": "parts"}, "query_failed", "no partition"),
        ("SELECT 5 AS id", {"table": "w"}, "query_failed", "is no plain table"),
        ("SELECT 5 AS id", {"schema_name": "nope"}, "unknown_table", 'schema "nope" does not exist'),
    ],
)  # fmt: skip
def test_what_fails_changes_nothing(context, write, sql, query, config, code, text):
    sql("CREATE VIEW w AS SELECT * FROM t; DROP TABLE IF EXISTS made, parts")
    sql("CREATE TABLE made (id int, g int GENERATED ALWAYS AS (id * 2) STORED)")
    sql("CREATE TABLE parts (id int) PARTITION BY RANGE (id)")
    before = sql("SELECT * FROM t"), sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    with pytest.raises(NodeError) as error:
        write(query, **config)
    on_keys = config["mode"] == "upsert" if "mode" in config else False
    assert (error.value.code, error.value.path) == (code, "/config/keys" if on_keys else "/config/table")
    assert text in error.value.message
    assert context.session.connection.sql("SELECT 1").fetchall() == [(1,)]  # the connection is free for other nodes
    assert before == (
        sql("SELECT * FROM t"),
        sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
    )


@pytest.mark.parametrize("mode", ["overwrite", "append", "truncate"])
def test_a_failure_of_the_rows_changes_nothing(write, sql, mode):
    """The rows come lazily: a mistake far down in them comes when half of them are sent."""
    before = sql("SELECT * FROM t")
    with pytest.raises(Exception, match="x60000"):
        write("SELECT range AS id, if(range < 60000, '1', 'x' || range)::INTEGER AS n FROM range(100000)", mode=mode)
    assert sql("SELECT * FROM t") == before


def test_what_others_hang_on_is_not_replaced(write, sql):
    sql("CREATE VIEW w AS SELECT * FROM t")
    with pytest.raises(NodeError, match="other objects depend on it"):
        write(NEW)
    assert write(NEW, mode="truncate") == 2


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


@pytest.mark.parametrize(
    ("config", "where", "text"),
    [
        ({"mode": "upsert"}, "/config/keys", "needs the columns that tell rows apart"),
        ({"mode": "append", "keys": ["id"]}, "/config/keys", "uses none"),
        ({"mode": "update"}, "/config/mode", "'truncate', 'upsert' or 'delete'"),
        ({"target_type": "csv", "path": "a.csv", "mode": "upsert"}, "/config/mode", "'overwrite', 'append' or 'error'"),
    ],
)
def test_settings_that_make_no_sense(config, where, text):
    given = {"target_type": "postgresql", "connection": "w", "table": "t"} if "path" not in config else {}
    with pytest.raises(ValidationError) as error:
        DataWriter.configure({**given, **config})
    (found,) = error.value.errors()
    assert "/config/" + "/".join(map(str, found["loc"])) == where
    assert text in found["msg"]


def test_keys_are_columns_of_the_table_that_comes_in():
    node = configured(target_type="postgresql", mode="delete", keys=["id"])
    assert node.columns_named == [("/keys/0", "id", None)]

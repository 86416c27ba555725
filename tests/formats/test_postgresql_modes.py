# ruff: noqa: E501 (tables of cases)
"""What writing to a table of a real PostgreSQL does to the rows that are there."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.ops.data_writer import DataWriter

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
        ("SELECT 5 AS id, 'inf'::DOUBLE AS n", {"mode": "append"}, "out_of_range", "in row 1, column 'n': inf is beyond what a numeric of this precision holds."),
        ("SELECT 5 AS id, repeat('7', 400) AS n", {"mode": "append"}, "out_of_range", f"in row 1, column 'n': {'7' * 50}"),
        ("SELECT repeat('7', 400) AS id", {"mode": "append"}, "out_of_range", f'value "{"7" * 50}…" is out of range for type integer.'),
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
    given = {"target_type": "postgresql", "connection": "w", "table": "t"}
    node = DataWriter.configure({**given, "mode": "delete", "keys": ["id"]})
    assert node.columns_named == [("/keys/0", "id", None)]


@pytest.mark.parametrize(
    ("query", "config", "code", "text"),
    [
        ("SELECT 1 AS id", {"mode": "error"}, "table_exists", "Table 't' is there already in schema 'public'."),
        ("SELECT 5 AS id, 1 AS nme", {"mode": "append"}, "unknown_column", "Did you mean 'name'?"),
        ("SELECT 5 AS id, 1 AS nme", {"mode": "truncate"}, "unknown_column", "Did you mean 'name'?"),
        ("SELECT 5 AS id, 'a' AS name", {"mode": "upsert", "keys": ["id", "name"]}, "query_failed", "no unique constraint on 'id', 'name'"),
        ("SELECT 5 AS idd", {"mode": "delete", "keys": ["idd"]}, "unknown_column", "Did you mean 'id'?"),
        ("SELECT 5 AS id", {"mode": "delete", "keys": ["id"], "table": "nope"}, "unknown_table", "Table 'nope' is not there."),
        ("SELECT 5 AS id", {"mode": "overwrite", "table": "seen"}, "query_failed", "'seen' is no plain table"),
        ("SELECT 5 AS id", {"mode": "overwrite"}, None, ""),
        ("SELECT 5 AS id, 'a' AS name", {"mode": "upsert", "keys": ["id"]}, None, ""),
        ("SELECT 5 AS n, 'a' AS name", {"mode": "upsert", "keys": ["name", "n"], "table": "two"}, None, ""),
        ("SELECT 5 AS n, 'a' AS name", {"mode": "upsert", "keys": ["n"], "table": "two"}, "query_failed", "no unique constraint on 'n'"),
        ("SELECT 5 AS x", {"mode": "append", "table": "new"}, None, ""),
    ],
)  # fmt: skip
def test_what_a_run_would_refuse_is_warned_of_before(sql, context, design, query, config, code, text):
    sql("CREATE OR REPLACE VIEW seen AS SELECT 1 AS id")
    sql("DROP TABLE IF EXISTS two; CREATE TABLE two (n int, name text); CREATE UNIQUE INDEX ON two (n, name)")
    sql("CREATE UNIQUE INDEX ON two (n) WHERE name IS NULL")
    node = DataWriter.configure({"target_type": "postgresql", "connection": "warehouse", "table": "t", **config})
    table = context.session.connection.sql(query)
    assert node.call({"table": table.limit(0)}, design)["result"].columns == table.columns
    assert [(each.code, text in each.message) for each in design.warnings] == ([(code, True)] if code else [])
    if code:
        with pytest.raises(NodeError) as error:
            node.call({"table": table}, context)
        assert (error.value.code, error.value.path) == (code, design.warnings[0].path)
        assert error.value.message in design.warnings[0].message
    else:
        node.call({"table": table}, context)


def test_a_database_that_does_not_answer_is_warned_of_before(monkeypatch, context, design):
    monkeypatch.setenv("GRAPHMILL_CONNECTION_WAREHOUSE", "postgresql://nobody:secret@127.0.0.1:1/none")
    node = DataWriter.configure({"target_type": "postgresql", "connection": "warehouse", "table": "t"})
    table = context.session.connection.sql("SELECT 1 AS id")
    assert node.call({"table": table}, design)["result"].columns == ["id"]
    assert [each.code for each in design.warnings] == ["connection_failed"]
    assert "secret" not in design.warnings[0].message

# ruff: noqa: E501 (tables of cases)
from collections.abc import Callable
from typing import Any

import pytest
from test_sqlite import make, sql

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]
TO_T = {"target_type": "sqlite", "path": "a.db", "table": "t", "mode": "append"}
RULES = (
    "CREATE TABLE kinds (k TEXT PRIMARY KEY)",
    "INSERT INTO kinds VALUES ('x')",
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, n REAL DEFAULT 7 CHECK (n > 0), k TEXT REFERENCES kinds (k))",
    "CREATE INDEX by_n ON t (n)",
    "CREATE TABLE log (id)",
    "CREATE TRIGGER noted AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.id); END",
    "INSERT INTO t VALUES (5, 'old', 1.5, 'x')",
)


def test_the_table_keeps_what_it_is(context: Context, save: Save) -> None:
    make(context, *RULES)
    before = sql(context, "SELECT type, name, sql FROM sqlite_master")
    assert save("SELECT 'new' AS A", **TO_T) == 1
    assert sql(context, "SELECT type, name, sql FROM sqlite_master") == before
    assert sql(context, "SELECT * FROM t") == [(5, "old", 1.5, "x"), (6, "new", 7.0, None)]
    assert sql(context, "SELECT * FROM log") == [(5,), (6,)]


def test_new_columns_are_added(context: Context, save: Save) -> None:
    make(context, *RULES)
    assert save("SELECT 'b' AS a, DATE '2013-01-02' AS day, true AS ok", **{**TO_T, "table": "T"}) == 1
    assert sql(context, "SELECT name, type FROM pragma_table_info('t')")[4:] == [("day", "DATE"), ("ok", "BOOLEAN")]
    assert sql(context, "SELECT a, day, ok FROM t") == [("old", None, None), ("b", "2013-01-02", 1)]


def test_what_is_not_there_is_made(context: Context, save: Save) -> None:
    for _ in range(2):
        assert save("SELECT range AS a FROM range(15000)", **TO_T) == 15_000
    assert save("SELECT 1 AS b", **{**TO_T, "table": "other"}) == 1
    assert sql(context, "SELECT count(*), max(a) FROM t") == [(30_000, 14_999)]
    assert sql(context, "SELECT * FROM other") == [(1,)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT i AS id, i::VARCHAR AS a FROM range(10, 20010) t(i) UNION ALL SELECT 99999, 'old'", "UNIQUE constraint failed: t.a"),
        ("SELECT 5 AS id, 'b' AS a, 'z' AS new_column", "UNIQUE constraint failed: t.id"),
        ("SELECT NULL::VARCHAR AS a", "NOT NULL constraint failed: t.a"),
        ("SELECT 'b' AS a, -1 AS n", "CHECK constraint failed"),
        ("SELECT 'b' AS a, 'none' AS k", "FOREIGN KEY constraint failed"),
        ("SELECT 'b' AS a, 'x' AS id", "Column 'id' of table 't' is declared INTEGER, which 'x' of these rows does not fit."),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_changes_nothing(context: Context, save: Save, query: str, text: str) -> None:
    make(context, *RULES)
    before = (context.root / "a.db").read_bytes()
    with pytest.raises(NodeError) as error:
        save(query, **TO_T)
    assert error.value.code in ("query_failed", "type_mismatch")
    assert text in error.value.message
    assert (context.root / "a.db").read_bytes() == before


@pytest.mark.parametrize(
    ("declared", "value", "found"),
    [
        ("INTEGER", "1.0", 1),
        ("INTEGER", "NULL::VARCHAR", None),
        ("REAL", "3", 3.0),
        ("NUMERIC(9, 2)", "3", 3),
        ("TEXT", "0.1::DOUBLE", "0.1"),
        ("TEXT", "true", "true"),
        ("TEXT", "TIMESTAMP '2013-01-02 03:04:05'", "2013-01-02 03:04:05"),
        ("DATETIME", "DATE '2013-01-02'", "2013-01-02 00:00:00"),
        ("BOOLEAN", "true", 1),
        ("", "'007'", "007"),
        ("", "1.5", 1.5),
        ("JSON", "'{}'", "{}"),
        ("JSON", "1", 1),
        ("BLOB", "'x'::BLOB", b"x"),
    ],
)
def test_what_fits_is_kept(context: Context, save: Save, declared: str, value: str, found: Any) -> None:
    make(context, f"CREATE TABLE t (a {declared})")
    assert save(f"SELECT {value} AS a", **TO_T) == 1
    assert sql(context, "SELECT a FROM t") == [(found,)]


@pytest.mark.parametrize(
    ("declared", "value", "said"),
    [
        ("INTEGER", "'007'", "'007'"),
        ("INTEGER", "1.5", "'1.5'"),
        ("INTEGER", "true", "'True'"),
        ("REAL", "9007199254740993", "'9007199254740993'"),
        ("REAL", "'1.5'", "'1.5'"),
        ("DATE", "'2013-01-02'", "'2013-01-02'"),
        ("DATE", "TIMESTAMP '2013-01-02 03:04:05'", "'2013-01-02 03:04:05'"),
        ("DATETIME", "TIMESTAMPTZ '2013-01-02 03:04:05Z'", "'2013-01-02 03:04:05+00'"),
        ("BOOLEAN", "2", "'2'"),
        ("TEXT", "'x'::BLOB", "declared TEXT"),
        ("BLOB", "'x'", "declared BLOB"),
        ("STRING", "'007'", "'007'"),
    ],
)
def test_what_a_column_would_change_is_refused(
    context: Context, save: Save, declared: str, value: str, said: str
) -> None:
    make(context, f"CREATE TABLE t (a {declared})", "INSERT INTO t VALUES (NULL)")
    with pytest.raises(NodeError) as error:
        save(f"SELECT NULL AS a UNION ALL SELECT {value}", **TO_T)
    assert (error.value.code, error.value.port) == ("type_mismatch", "table")
    assert said in error.value.message
    assert sql(context, "SELECT a FROM t") == [(None,)]


@pytest.mark.parametrize(
    ("statements", "code", "text"),
    [
        (["CREATE VIEW t AS SELECT 1 AS a"], "query_failed", "cannot modify t because it is a view"),
        (["CREATE TABLE t (b, a GENERATED ALWAYS AS (b + 1))"], "query_failed", "Column 'a' of table 't' is computed"),
        (["CREATE TABLE t (a INTEGER) STRICT", "ALTER TABLE t RENAME a TO b"], None, ""),
    ],
)
def test_tables_of_other_kinds(
    context: Context, save: Save, statements: list[str], code: str | None, text: str
) -> None:
    make(context, *statements)
    if code is None:
        assert save("SELECT 1 AS a", **TO_T) == 1
        return
    with pytest.raises(NodeError) as error:
        save("SELECT 1 AS a", **TO_T)
    assert error.value.code == code
    assert text in error.value.message


def test_what_is_no_database_is_refused(context: Context, save: Save) -> None:
    (context.root / "a.db").write_text("no database at all")
    with pytest.raises(NodeError, match=r"'a.db' is not an SQLite database") as error:
        save("SELECT 1 AS a", **TO_T)
    assert error.value.code == "unreadable_file"


def test_rows_of_the_table_itself(context: Context, load: Load, save: Save) -> None:
    make(context, "CREATE TABLE t (a INTEGER, b TEXT)", "INSERT INTO t VALUES (1, 'x')")
    assert save(load(source_type="sqlite", path="a.db", table="t"), **TO_T) == 1
    assert sql(context, "SELECT * FROM t") == [(1, "x"), (1, "x")]


@pytest.mark.parametrize(
    ("declared", "query", "kind"),
    [
        ("INTEGER", "SELECT NULL AS a", "BIGINT"),
        ("REAL", "SELECT 1 AS a", "DOUBLE"),
        ("NUMERIC(10, 2)", "SELECT 1.5::DECIMAL(9, 2) AS a", "DOUBLE"),
        ("TIMESTAMP", "SELECT DATE '2024-01-01' AS a", "TIMESTAMP"),
        ("TEXT", "SELECT 1 AS a", "VARCHAR"),
        ("", "SELECT 'x' AS a", "VARCHAR"),
        ("VARCHAR(3)", "SELECT DATE '2024-01-01' AS a", "VARCHAR"),
    ],
)
def test_what_fits_a_column_is_read_as_its_type(
    context: Context, load: Load, save: Save, declared: str, query: str, kind: str
) -> None:
    make(context, f"CREATE TABLE t (a {declared})")
    save(query, **TO_T)
    save(query, **TO_T)
    table = load(source_type="sqlite", path="a.db")
    assert (list(map(str, table.types)), len(table.fetchall())) == ([kind], 2)


@pytest.mark.parametrize(
    ("options", "query", "text"),
    [
        ({}, "SELECT 'x' AS id", "Column 'id' of table 't' is declared INTEGER, and TEXT comes in."),
        ({}, "SELECT '\\x00'::BLOB AS a", "Column 'a' of table 't' is declared TEXT, and BLOB comes in."),
        ({"mode": "upsert", "keys": ["id"]}, "SELECT 1 AS id, 2 AS b", "Column 'b' is not in table 't'."),
        ({"mode": "delete", "keys": ["ix"]}, "SELECT 1 AS ix", "Column 'ix' is not in table 't'."),
        ({}, "SELECT 1.0 AS id, 2 AS a, 3 AS n, NULL AS k", None),
        ({"table": "new"}, "SELECT 1 AS id", None),
    ],
)
def test_what_does_not_fit_is_told_before(
    context: Context, design: Context, options: dict[str, Any], query: str, text: str | None
) -> None:
    make(context, *RULES)
    writer = DataWriter.configure(TO_T | options)
    writer.call({"table": design.session.connection.sql(query)}, design)
    told = [each.message for each in design.warnings if each.code in ("type_mismatch", "unknown_column")]
    assert [text in each for each in told] == ([True] if text else [])

# ruff: noqa: E501 (tables of cases)
import datetime as dt
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import sqlite_tables
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]


def make(context: Context, *statements: str) -> None:
    with closing(sqlite3.connect(context.root / "a.db")) as connection:
        for each in statements:
            connection.execute(each)
        connection.commit()


def sql(context: Context, query: str) -> list[Any]:
    with closing(sqlite3.connect(context.root / "a.db")) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("declared", "values", "kind", "found"),
    [
        ("INTEGER", "(1), (NULL)", "BIGINT", [1, None]),
        ("INT8", "(9223372036854775807)", "BIGINT", [9223372036854775807]),
        ("REAL", "(1), (2.5)", "DOUBLE", [1.0, 2.5]),
        ("DECIMAL(10, 2)", "(1), (2.5)", "DOUBLE", [1.0, 2.5]),
        ("VARCHAR(20)", "('é'), ('')", "VARCHAR", ["é", ""]),
        ("BLOB", "(x'00ff')", "BLOB", [b"\0\xff"]),
        ("BOOLEAN", "(1), (0), (NULL)", "BOOLEAN", [True, False, None]),
        ("BOOLEAN", "(1), (2)", "BIGINT", [1, 2]),
        ("DATE", "('2013-01-02'), (NULL)", "DATE", [dt.date(2013, 1, 2), None]),
        ("DATE", "('2013-02-30')", "VARCHAR", ["2013-02-30"]),
        ("DATE", "(20130102)", "BIGINT", [20130102]),
        ("DATETIME", "('2013-01-02 03:04:05.5')", "TIMESTAMP", [dt.datetime(2013, 1, 2, 3, 4, 5, 500000)]),
        ("TIMESTAMP", "('2013-01-02T03:04:05Z')", "VARCHAR", ["2013-01-02T03:04:05Z"]),
        ("TIMESTAMPTZ", "('2013-01-02 03:04:05+00')", "TIMESTAMP WITH TIME ZONE", [dt.datetime(2013, 1, 2, 3, 4, 5, tzinfo=dt.UTC)]),
        ("TIME", "('03:04:05')", "TIME", [dt.time(3, 4, 5)]),
        ("INTEGER", "(1), ('x'), (2.5)", "VARCHAR", ["1", "x", "2.5"]),
        ("INTEGER", "(1), (2.5)", "DOUBLE", [1.0, 2.5]),
        ("TEXT", "('x'), (x'41')", "BLOB", [b"x", b"A"]),
        ("", "(1), (2)", "BIGINT", [1, 2]),
        ("", "('x')", "VARCHAR", ["x"]),
        ("", "(NULL)", "VARCHAR", [None]),
        ("DATE", "(NULL)", "DATE", [None]),
    ],
)  # fmt: skip
def test_types(context: Context, load: Load, declared: str, values: str, kind: str, found: list[Any]) -> None:
    make(context, f"CREATE TABLE t (a {declared})", f"INSERT INTO t VALUES {values}")
    table = load(source_type="sqlite", path="a.db")
    assert list(map(str, table.types)) == [kind]
    assert [row[0] for row in table.fetchall()] == found


def test_many_rows_and_columns(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_tables, "BATCH", 7)
    monkeypatch.setattr("orchestrator.formats.streams.IN_MEMORY", 100)
    fields = ", ".join(f'"c {n}" INTEGER' for n in range(300))
    make(context, f"CREATE TABLE t ({fields})", f"INSERT INTO t VALUES ({', '.join('1' * 300)})")
    make(
        context,
        "INSERT INTO t SELECT t.* FROM t, (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 50) SELECT * FROM r)",
    )
    assert load(source_type="sqlite", path="a.db").fetchall() == [(1,) * 300] * 51


def test_a_view_and_generated_columns(context: Context, load: Load) -> None:
    make(
        context,
        "CREATE TABLE t (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2))",
        "INSERT INTO t VALUES (1)",
        "CREATE VIEW v AS SELECT a, a + 0.5 AS c FROM t",
    )
    assert load(source_type="sqlite", path="a.db", table="t").fetchall() == [(1, 2)]
    assert load(source_type="sqlite", path="a.db", table="v").fetchall() == [(1, 1.5)]


@pytest.mark.parametrize(
    ("statements", "options", "code", "path", "text"),
    [
        (["CREATE TABLE a (x)", "CREATE TABLE b (x)"], {}, "unknown_layer", "/config/table", "'a.db' has 2 tables: say which to read"),
        (["CREATE TABLE alpha (x)"], {"table": "alpa"}, "unknown_layer", "/config/table", "Table 'alpa' is not in 'a.db'. Did you mean 'alpha'?"),
        (["CREATE TABLE a (x)", "DROP TABLE a"], {}, "no_table", "/config/path", "'a.db' has no table"),
        (["CREATE VIEW v AS SELECT load_extension('x')"], {}, "unreadable_file", "/config/path", "'a.db' cannot be read: "),
        (["CREATE VIEW v AS SELECT writefile('x', 'y')"], {}, "unreadable_file", "/config/path", "no such function"),
    ],
)  # fmt: skip
def test_refuses(
    context: Context, design: Context, statements: list[str], options: dict[str, Any], code: str, path: str, text: str
) -> None:
    make(context, *statements)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "sqlite", "path": "a.db", **options}).call({}, each)
        assert (error.value.code, error.value.path) == (code, path)
        assert text in error.value.message


def test_it_is_opened_read_only(context: Context) -> None:
    make(context, "CREATE TABLE t (a)")
    with closing(sqlite_tables.opened(context.root / "a.db", "a.db")) as connection:
        for statement in ("INSERT INTO t VALUES (1)", f"ATTACH '{context.root}/b.db' AS b"):
            with pytest.raises(sqlite3.Error):
                connection.execute(statement)


def test_other_tables_stay(context: Context, load: Load, save: Save) -> None:
    options = {"target_type": "sqlite", "path": "a.db"}
    save("SELECT 1 AS a", table="one", **options)
    save("SELECT 'x' AS b", table="two", mode="append", **options)
    save("SELECT 2 AS a, 3 AS c", table="one", mode="append", **options)
    assert load(source_type="sqlite", path="a.db", table="two").fetchall() == [("x",)]
    assert load(source_type="sqlite", path="a.db", table="one").fetchall() == [(1, None), (2, 3)]
    save("SELECT 1 AS a", **options)
    assert sql(context, "SELECT name FROM sqlite_master") == [("a",)]


@pytest.mark.parametrize(
    ("query", "kind", "value"),
    [
        ("SELECT 1 AS a", "INTEGER", 1),
        ("SELECT 1.5::DECIMAL(5, 2) AS a", "REAL", 1.5),
        ("SELECT [1, 2] AS a", "TEXT", "[1,2]"),
        ("SELECT DATE '2013-01-02' AS a", "DATE", "2013-01-02"),
        ("SELECT TIMESTAMPTZ '2013-01-02 03:04:05+01' AS a", "TIMESTAMPTZ", "2013-01-02 02:04:05+00"),
        ("SELECT 'POINT (1 2)'::GEOMETRY AS a", "TEXT", "POINT (1 2)"),
        ("SELECT true AS a", "BOOLEAN", 1),
        ("SELECT uuid() IS NOT NULL AS a", "BOOLEAN", 1),
    ],
)
def test_writes(context: Context, save: Save, query: str, kind: str, value: Any) -> None:
    save(query, target_type="sqlite", path="a.db", table="t")
    assert sql(context, "SELECT type FROM pragma_table_info('t')") == [(kind,)]
    assert sql(context, "SELECT a FROM t") == [(value,)]


def test_a_name_that_sqlite_keeps(save: Save) -> None:
    with pytest.raises(NodeError, match="for itself") as error:
        save("SELECT 1 AS a", target_type="sqlite", path="a.db", table="sqlite_x")
    assert error.value.path == "/config/table"


STOCK = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REAL)", "INSERT INTO t VALUES (1, 'x', 1.5), (2, 'y', 2.5)")
BY_ID = {"target_type": "sqlite", "path": "a.db", "table": "t", "keys": ["id"]}


@pytest.mark.parametrize(
    ("mode", "query", "count", "found"),
    [
        ("upsert", "SELECT 2 AS id, 'z' AS a UNION ALL SELECT 3, NULL", 2, [(1, "x", 1.5), (2, "z", 2.5), (3, None, None)]),
        ("upsert", "SELECT 2 AS id, 'z' AS a UNION ALL SELECT 2, 'last'", 2, [(1, "x", 1.5), (2, "last", 2.5)]),
        ("upsert", "SELECT 1 AS ID, 'z' AS A", 1, [(1, "z", 1.5), (2, "y", 2.5)]),
        ("upsert", "SELECT 9 AS id", 1, [(1, "x", 1.5), (2, "y", 2.5), (9, None, None)]),
        ("upsert", "SELECT 2 AS id, 'z' AS a WHERE false", 0, [(1, "x", 1.5), (2, "y", 2.5)]),
        ("delete", "SELECT 2 AS id, 'z' AS other", 1, [(1, "x", 1.5)]),
        ("delete", "SELECT 7 AS id UNION ALL SELECT NULL", 0, [(1, "x", 1.5), (2, "y", 2.5)]),
        ("delete", "SELECT i AS id FROM range(30000) t(i)", 2, []),
    ],
)  # fmt: skip
def test_changes_by_key(context: Context, save: Save, mode: str, query: str, count: int, found: list[Any]) -> None:
    make(context, *STOCK, "CREATE TABLE other (a)")
    keys = ["ID"] if "ID" in query else ["id"]
    assert save(query, **{**BY_ID, "mode": mode, "keys": keys}) == count
    assert sql(context, "SELECT * FROM t ORDER BY id") == found
    assert sql(context, "SELECT count(*) FROM sqlite_master") == [(2,)]


def test_upsert_makes_what_is_not_there(context: Context, save: Save) -> None:
    query = "SELECT 1 AS id, DATE '2013-01-02' AS day, 'x' AS a"
    for _ in range(2):
        assert save(query, **{**BY_ID, "mode": "upsert", "keys": ["id", "day", "id"]}) == 1
    save("SELECT 1 AS k", **{**BY_ID, "mode": "upsert", "table": "new", "keys": ["k"]})
    assert sql(context, "SELECT * FROM t") == [(1, "2013-01-02", "x")]
    assert sql(context, "SELECT name, pk FROM pragma_table_info('t')") == [("id", 1), ("day", 2), ("a", 0)]
    assert sql(context, "SELECT * FROM new") == [(1,)]


@pytest.mark.parametrize(
    ("statements", "mode", "query", "code", "text"),
    [
        (STOCK, "upsert", "SELECT i AS id, CASE WHEN i < 20000 THEN i END AS c FROM range(20001) t(i)", "unknown_column", "'c' is not in table 't'"),
        ((*STOCK, "CREATE UNIQUE INDEX u ON t (b)"), "upsert", "SELECT i AS id, i % 20000 AS b FROM range(20001) t(i)", "query_failed", "UNIQUE constraint failed"),
        (("CREATE TABLE t (id, a)", "INSERT INTO t VALUES (1, 'x')"), "upsert", "SELECT 1 AS id", "query_failed", "ON CONFLICT"),
        (("CREATE VIEW t AS SELECT 1 AS id",), "delete", "SELECT 1 AS id", "query_failed", "cannot modify t"),
        (("CREATE TABLE one (a)",), "delete", "SELECT 1 AS id", "unknown_table", "'t' is not there"),
        (("CREATE TABLE t (a)",), "delete", "SELECT 1 AS id", "unknown_column", "'id' is not in table 't'"),
        ((), "delete", "SELECT 1 AS id", "unknown_table", "'t' is not there"),
    ],
)  # fmt: skip
def test_a_change_that_fails_changes_nothing(
    context: Context, save: Save, statements: tuple[str, ...], mode: str, query: str, code: str, text: str
) -> None:
    if statements:
        make(context, *statements)
    before = (context.root / "a.db").read_bytes() if statements else None
    with pytest.raises(NodeError) as error:
        save(query, **{**BY_ID, "mode": mode})
    assert (error.value.code, error.value.path) == (code, "/config/table")
    assert text in error.value.message
    assert ((context.root / "a.db").read_bytes() if statements else None) == before
    assert [each.name for each in context.root.iterdir() if each.name.startswith("a.db")] == ["a.db"] * bool(statements)


@pytest.mark.parametrize(
    ("declared", "key"), [("TIMESTAMP", "DATE '2024-01-01'"), ("TEXT", "true"), ("TEXT", "1e20::DOUBLE")]
)
def test_delete_finds_the_row_that_upsert_wrote(context: Context, save: Save, declared: str, key: str) -> None:
    make(context, f"CREATE TABLE t (id {declared} PRIMARY KEY)")
    assert [save(f"SELECT {key} AS id", **BY_ID, mode=mode) for mode in ("upsert", "delete")] == [1, 1]
    assert sql(context, "SELECT * FROM t") == []


@pytest.mark.parametrize(("mode", "keys"), [("upsert", []), ("delete", []), ("append", ["id"]), ("overwrite", ["id"])])
def test_keys_are_for_changes(mode: str, keys: list[str]) -> None:
    with pytest.raises(ValueError, match=mode) as error:
        DataWriter.configure({**BY_ID, "mode": mode, "keys": keys})
    assert "keys" in str(error.value)

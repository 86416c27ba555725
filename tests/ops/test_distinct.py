import math

import pytest

from orchestrator.ops.base import Context
from orchestrator.ops.distinct import Distinct
from orchestrator.tables import Session


def told(run, config, table, context=None):
    """The ids at both ports."""
    made = run("distinct", config, context, table=table)
    return [row[0] for row in made["unique"]], [row[0] for row in made["duplicates"]]


TABLE = [
    {"id": 1, "k": "a", "n": 1},
    {"id": 2, "k": None, "n": 1},
    {"id": 3, "k": "A", "n": None},
    {"id": 4, "k": "a", "n": 2},
    {"id": 5, "k": None, "n": 1},
    {"id": 6, "k": "a", "n": 1},
]
KEYS = [
    (["k"], [1, 2, 3]),
    (["n"], [1, 3, 4]),
    (["k", "n"], [1, 2, 3, 4]),
    (["k", "k"], [1, 2, 3]),
    (["id"], [1, 2, 3, 4, 5, 6]),
    ([], [1, 2, 3, 4, 5, 6]),
]


@pytest.mark.parametrize(("columns", "unique"), KEYS)
def test_first_of_each_key(run, columns, unique):
    assert told(run, {"columns": columns}, TABLE) == (unique, [n for n in range(1, 7) if n not in unique])


VALUES = [
    ([None, None, "", ""], [1, 3]),
    (["a", "A", "a ", "é", "e\u0301", "a"], [1, 2, 3, 4, 5]),
    ([math.nan, math.nan, None, 0.0, -0.0], [1, 3, 4]),
    ([[1], [1, None], [1, None], None], [1, 2, 4]),
    ([{"a": 1}, {"a": None}, {"a": None}], [1, 2]),
    ([True, False, True], [1, 2]),
    (["日本", "日本"], [1]),
    ([b"\x00", b"\x00"], [1]),
]


@pytest.mark.parametrize(("values", "unique"), VALUES)
def test_equal_values(run, values, unique):
    table = [{"id": number, "v": value} for number, value in enumerate(values, 1)]
    assert told(run, {"columns": ["v"]}, table) == (unique, [row["id"] for row in table if row["id"] not in unique])


@pytest.mark.parametrize("name", ["select", 'a"b', "größe", "_row", "_rows", "_taken", "{x}", "a b"])
def test_any_column_name(run, name):
    assert told(run, {"columns": [name]}, [{"id": 1, name: 1}, {"id": 2, name: 1}]) == ([1], [2])


def test_all_columns_are_the_key_by_default(run):
    made = run("distinct", {}, table={"a": [1, 1, None, None, 1], "b": ["x", "y", None, None, "x"]})
    assert made == {"unique": [(1, "x"), (1, "y"), (None, None)], "duplicates": [(None, None), (1, "x")]}


def test_geometry_is_compared_by_its_vertices(run):
    shapes = ["POINT (1 2)", "POINT (1 2)", "LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 0 0)", None, None]
    rows = ", ".join(f"({i}, {'NULL' if s is None else repr(s)})" for i, s in enumerate(shapes, 1))
    query = f"SELECT id, ST_SetCRS(g::GEOMETRY, 'OGC:CRS84') AS g FROM (VALUES {rows}) v(id, g)"
    assert told(run, {"columns": ["g"]}, query) == ([1, 3, 4, 5], [2, 6])
    assert run.columns("distinct", {}, "unique", table=query)[1] == ("g", "GEOMETRY('OGC:CRS84')")


def test_no_rows(run):
    assert told(run, {"columns": ["a"]}, "SELECT 1 AS a WHERE false") == ([], [])


@pytest.mark.parametrize("threads", [1, 4])
def test_order_with_many_stored_rows(tmp_path, threads):
    with Session([tmp_path], threads=threads) as session:
        made = session.connection.sql("SELECT i, i * 7919 % 100003 AS k FROM range(400000) t(i)")
        session.store(made, tmp_path / "t.parquet")
        table = session.parquet(tmp_path / "t.parquet")
        both = Distinct(columns=["k"]).call({"table": table}, Context(session, tmp_path))
        assert both["unique"].fetchall() == [(i, i * 7919 % 100003) for i in range(100003)]
        assert both["duplicates"].fetchall() == [(i, i * 7919 % 100003) for i in range(100003, 400000)]


def test_ports_agree_where_the_input_is_another_each_time(run, session, tmp_path):
    context = Context(session, tmp_path, tmp_path / "scratch")
    query = "SELECT i, (random() * 99)::INTEGER AS k FROM range(2000) t(i)"
    unique, duplicates = told(run, {"columns": ["k"]}, query, context)
    assert sorted(unique + duplicates) == list(range(2000))


def test_a_stored_input_is_not_stored_again(run, session, tmp_path):
    session.store(session.connection.sql("SELECT 1 AS id"), tmp_path / "t.parquet")
    context = Context(session, tmp_path, tmp_path / "scratch")
    assert told(run, {}, session.parquet(tmp_path / "t.parquet"), context) == ([1], [])
    assert not context.scratch.exists()

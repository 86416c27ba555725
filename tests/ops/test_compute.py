import datetime as dt

import pytest

TABLE = [{"a": 1, "b": 2.5, "t": "x"}, {"a": 2, "b": None, "t": None}]


def one(name, expression, type_=None):
    return {"columns": [{"name": name, "expression": expression, **({"type": type_} if type_ else {})}]}


def many(*columns):
    return {"columns": [{"name": name, "expression": expression} for name, expression in columns]}


NEW = [
    (one("c", "a + 1"), ("c", "BIGINT"), [2, 3]),
    (one("c", "a * b"), ("c", "DOUBLE"), [2.5, None]),
    (one("c", "a", "DOUBLE"), ("c", "DOUBLE"), [1.0, 2.0]),
    (one("c", "a", "text"), ("c", "VARCHAR"), ["1", "2"]),
    (one("c", "NULL"), ("c", "VARCHAR"), [None, None]),
    (one("c", "NULL", "DATE"), ("c", "DATE"), [None, None]),
    (one("c", "a * 10000000000000000000::HUGEINT"), ("c", "DECIMAL(38,0)"), [str(10**19), str(2 * 10**19)]),
    (one("c", "DATE '2024-01-01' + a::INTEGER"), ("c", "DATE"), [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]),
    (one("c", "coalesce(t, '') -- a comment"), ("c", "VARCHAR"), ["x", ""]),
    (one("a.b", "a"), ("a.b", "BIGINT"), [1, 2]),
    (one('q"{}', "a"), ('q"{}', "BIGINT"), [1, 2]),
    (one("select", '"t"'), ("select", "VARCHAR"), ["x", None]),
]


@pytest.mark.parametrize(("config", "column", "values"), NEW)
def test_new_column_comes_last(run, config, column, values):
    assert run.columns("compute", config, table=TABLE)[-1] == column
    assert run("compute", config, table=TABLE) == [(1, 2.5, "x", values[0]), (2, None, None, values[1])]


SEVERAL = [
    (many(("c", "a + 1"), ("d", "c + 1")), ["a", "b", "t", "c", "d"], (1, 2.5, "x", 2, 3)),
    (many(("a", "a + 1"), ("d", "a + 1")), ["a", "b", "t", "d"], (2, 2.5, "x", 3)),
    (many(("d", "a + 1"), ("a", "a + 1")), ["a", "b", "t", "d"], (2, 2.5, "x", 2)),
    (many(("a", "b"), ("b", "a")), ["a", "b", "t"], (2.5, 2.5, "x")),
    (many(("c", "1"), ("c", "c + 1"), ("C", "c * 10")), ["a", "b", "t", "C"], (1, 2.5, "x", 20)),
    (many(("A", "a + 1")), ["A", "b", "t"], (2, 2.5, "x")),
    (many(("s", "{'k': a}"), ("u", "s.k")), ["a", "b", "t", "s", "u"], (1, 2.5, "x", {"k": 1}, 1)),
    (many(("b", "a"), ("a", "t"), ("t", "b")), ["a", "b", "t"], ("x", 1, 1)),
]


@pytest.mark.parametrize(("config", "columns", "first"), SEVERAL)
def test_computes_in_order(run, config, columns, first):
    assert [name for name, _ in run.columns("compute", config, table=TABLE)] == columns
    assert run("compute", config, table=TABLE)[0] == first


def test_leaves_order_and_rows_alone(run):
    made = run("compute", one("b", "a % 7"), table="SELECT range AS a FROM range(300000)")
    assert made == [(n, n % 7) for n in range(300000)]


REFUSED = [
    (many(("c", "a"), ("d", "aa + 1")), "unknown_column", "/config/columns/1/expression"),
    (many(("c", "a"), ("d", "c || [1] + t")), "type_mismatch", "/config/columns/1/expression"),
    (one("c", "a", "nosuch"), "invalid_config", "/config/columns/0/type"),
    (one("c", "DATE '2024-01-01' + a::INT", "BIGINT"), "type_mismatch", "/config/columns/0/type"),
    (one("c", "[a]", "DOUBLE"), "type_mismatch", "/config/columns/0/type"),
    (one("c", "sum(a)"), "invalid_expression", "/config/columns/0/expression"),
    (one("c", "a; DROP TABLE x"), "invalid_expression", "/config/columns/0/expression"),
    (one("", "a"), "invalid_config", "/config/columns/0/name"),
    ({"columns": []}, "invalid_config", "/config/columns"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("compute", config, table=TABLE)[:2] == (code, path)

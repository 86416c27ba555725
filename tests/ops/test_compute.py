import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import KINDS, ROWS, relation, said
from test_against_pandas import quick

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


def of_both(compute):
    return lambda a, b: None if a is None or b is None else compute(a, b)


NUMBERS = [
    ("{a} + {b}", of_both(lambda a, b: a + b)),
    ("{a} - {b}", of_both(lambda a, b: a - b)),
    ("coalesce({a}, {b})", lambda a, b: b if a is None else a),
    ("nullif({a}, {b})", lambda a, b: None if a == b else a),
    ("CASE WHEN {a} > {b} THEN {a} ELSE {b} END", lambda a, b: b if a is None or b is None or a <= b else a),
]
WORDS = [
    ("{a} || {b}", of_both(lambda a, b: a + b)),
    ("coalesce({a}, {b})", lambda a, b: b if a is None else a),
    ("replace({a}, 'a', {b})", of_both(lambda a, b: a.replace("a", b))),
    ("left({a}, 2)", lambda a, b: None if a is None else a[:2]),
    ("CASE WHEN {a} < {b} THEN {b} END", lambda a, b: b if a is not None and b is not None and a < b else None),
]
CHANGES = st.one_of(
    st.tuples(st.just({"id", "n", "p"}), st.sampled_from(["id", "n", "N", "p", "P"]), st.sampled_from(NUMBERS)),
    st.tuples(st.just({"t", "q"}), st.sampled_from(["t", "T", "q"]), st.sampled_from(WORDS)),
)


@quick
@given(ROWS, st.data())
def test_as_plain_python(run, rows, data):
    """A column may use, and replace, those before it."""
    rows = [{**row, "n": row["n"] and row["n"] % 100} for row in rows]
    kept, made, steps = {name: name for name in KINDS}, rows, []
    for usable, name, (expression, compute) in data.draw(st.lists(CHANGES, min_size=1, max_size=6)):
        a, b = (data.draw(st.sampled_from(sorted(usable & kept.keys()))) for _ in "ab")
        steps.append((name, expression.format(a=a, b=b)))
        kept[name.lower()] = name
        made = [{**row, name.lower(): compute(row[a], row[b])} for row in made]
    assert [name for name, _ in run.columns("compute", many(*steps), table=relation(run, rows))] == list(kept.values())
    assert said(run("compute", many(*steps), table=relation(run, rows))) == said(made)

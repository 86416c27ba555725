import math

import pytest

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
    (["id"], [1, 2, 3, 4, 5, 6]),
    ([], [1, 2, 3, 4, 5, 6]),
]


@pytest.mark.parametrize(("columns", "unique"), KEYS)
def test_first_of_each_key(run, columns, unique):
    made = run("distinct", {"columns": columns}, table=TABLE)
    assert [row[0] for row in made["unique"]] == unique
    assert [row[0] for row in made["duplicates"]] == [n for n in range(1, 7) if n not in unique]


def test_all_columns_are_the_key_by_default(run):
    made = run("distinct", {}, table={"a": [1, 1, None, None, 1], "b": ["x", "y", None, None, "x"]})
    assert made == {"unique": [(1, "x"), (1, "y"), (None, None)], "duplicates": [(None, None), (1, "x")]}


def test_geometry_and_nan_are_equal_to_themselves(run):
    made = run("distinct", {}, table="SELECT 'POINT (1 2)'::GEOMETRY AS g FROM range(3)")
    assert [len(made[port]) for port in ("unique", "duplicates")] == [1, 2]
    assert len(run("distinct", {}, table={"x": [math.nan, math.nan]})["unique"]) == 1


def test_order_with_many_rows(run):
    table = "SELECT (range * 7919) % 1000 AS k, range AS _row, range AS _place FROM range(100000)"
    made = run("distinct", {"columns": ["k"]}, table=table)
    assert [row[1] for row in made["unique"]] == list(range(1000))
    assert [row[1] for row in made["duplicates"]] == list(range(1000, 100000))

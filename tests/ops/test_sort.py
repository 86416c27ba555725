import dataclasses
import math

import pytest

TABLE = [
    {"id": 1, "k": "b", "n": 2},
    {"id": 2, "k": "B", "n": None},
    {"id": 3, "k": None, "n": 1},
    {"id": 4, "k": "b", "n": 2},
    {"id": 5, "k": "é", "n": -1},
    {"id": 6, "k": "", "n": 2},
]


def by(*keys):
    return {"by": [{"column": key} if isinstance(key, str) else key for key in keys]}


GOOD = [
    (by("n"), [5, 3, 1, 4, 6, 2]),
    (by({"column": "n", "descending": True}), [1, 4, 6, 3, 5, 2]),
    (by({"column": "n", "nulls": "first"}), [2, 5, 3, 1, 4, 6]),
    (by({"column": "n", "descending": True, "nulls": "first"}), [2, 1, 4, 6, 3, 5]),
    (by("k"), [6, 2, 1, 4, 5, 3]),
    (by("n", "k"), [5, 3, 6, 1, 4, 2]),
    (by("n", {"column": "id", "descending": True}), [5, 3, 6, 4, 1, 2]),
]


@pytest.mark.parametrize(("config", "ids"), GOOD)
def test_sorts(run, config, ids):
    assert [row[0] for row in run("sort", config, table=TABLE)] == ids


def test_nan_is_the_greatest(run):
    made = run("sort", by("x"), table={"x": [math.nan, 1.0, math.inf, None]})
    assert [str(x) for (x,) in made] == ["1.0", "inf", "nan", "None"]


def test_is_stable_and_leaves_columns_alone(run):
    table = "SELECT range % 3 AS k, range AS _row FROM range(200000)"
    made = run.relations("sort", by("k"), table=table)["result"]
    assert made.columns == ["k", "_row"]
    assert made.fetchall() == sorted([(n % 3, n) for n in range(200000)])


def test_does_nothing_where_nobody_sees_the_order(run, context):
    unseen = dataclasses.replace(context, keep_order=False)
    assert sorted(run("sort", by("n"), context=unseen, table=[{"n": 2}, {"n": 1}])) == [(1,), (2,)]


REFUSED = [
    (by(), "invalid_config", "/config/by"),
    (by("id", "g"), "type_mismatch", "/config/by/1/column"),
    (by({"column": "id", "nulls": "x"}), "invalid_config", "/config/by/0/nulls"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = "SELECT 1 AS id, NULL::GEOMETRY AS g"
    assert run.refuses("sort", config, table=table)[:2] == (code, path)

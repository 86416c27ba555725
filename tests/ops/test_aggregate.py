import dataclasses
import datetime as dt

import pytest

from orchestrator.ops.aggregate import Aggregate

TABLE = """
SELECT * FROM (VALUES
  (1, 'b', 10, 1.5, DATE '2024-01-03', 'x'), (2, 'a', NULL, 2.5, DATE '2024-01-01', NULL),
  (3, 'b', 20, 0.1, NULL, 'y'), (4, NULL, 5, NULL, DATE '2024-01-02', 'x'), (5, 'a', NULL, 0.2, NULL, NULL)
) v(id, k, n, x, d, t)
"""


def agg(function, column="*", **more):
    return {"function": function, "column": column, **more}


BY_K = [
    (agg("count"), "BIGINT", [2, 2, 1]),
    (agg("count", "n"), "BIGINT", [0, 2, 1]),
    (agg("count_distinct", "t"), "BIGINT", [0, 2, 1]),
    (agg("sum", "n"), "BIGINT", [None, 30, 5]),
    (agg("sum", "x"), "DECIMAL(38,1)", ["2.7", "1.6", None]),
    (agg("mean", "n"), "DOUBLE", [None, 15.0, 5.0]),
    (agg("mean", "x"), "DOUBLE", [1.35, 0.8, None]),
    (agg("min", "d"), "DATE", [dt.date(2024, 1, 1), dt.date(2024, 1, 3), dt.date(2024, 1, 2)]),
    (agg("max", "t"), "VARCHAR", [None, "y", "x"]),
    (agg("median", "n"), "DOUBLE", [None, 15.0, 5.0]),
    (agg("stddev", "n"), "DOUBLE", [None, 50**0.5, None]),
    (agg("first", "id"), "INTEGER", [2, 1, 4]),
    (agg("last", "id"), "INTEGER", [5, 3, 4]),
    (agg("first", "d"), "DATE", [dt.date(2024, 1, 1), dt.date(2024, 1, 3), dt.date(2024, 1, 2)]),
    (agg("last", "t"), "VARCHAR", [None, "y", "x"]),
    (agg("concat", "id"), "VARCHAR", ["2, 5", "1, 3", "4"]),
    (agg("concat", "t", separator="'|"), "VARCHAR", [None, "x'|y", "x"]),
]


@pytest.mark.parametrize(("aggregation", "kind", "expected"), BY_K)
def test_functions(run, aggregation, kind, expected):
    config = {"group_by": ["k"], "aggregations": [aggregation]}
    name = "count" if aggregation["column"] == "*" else f"{aggregation['function']}_{aggregation['column']}"
    assert run.columns("aggregate", config, table=TABLE) == [("k", "VARCHAR"), (name, kind)]
    assert run("aggregate", config, table=TABLE) == list(zip(["a", "b", None], expected, strict=True))


ALL = [
    (agg("count"), 5, 0),
    (agg("sum", "n"), 35, None),
    (agg("count_distinct", "k"), 2, 0),
    (agg("first", "n"), 10, None),
    (agg("concat", "k"), "b, a, b, a", None),
]


@pytest.mark.parametrize(("aggregation", "some", "none"), ALL)
def test_one_row_without_groups(run, aggregation, some, none):
    assert run("aggregate", {"aggregations": [aggregation]}, table=TABLE) == [(some,)]
    assert run("aggregate", {"aggregations": [aggregation]}, table=f"{TABLE} WHERE false") == [(none,)]
    grouped = {"group_by": ["k"], "aggregations": [aggregation]}
    assert run("aggregate", grouped, table=f"{TABLE} WHERE false") == []


def test_the_median_of_decimals_is_not_rounded(run):
    table = "SELECT unnest([0.01, 0.02])::DECIMAL(5,2) AS x"
    assert run("aggregate", {"aggregations": [agg("median", "x")]}, table=table) == [(0.015,)]


def test_several_groups_and_names(run):
    config = {"group_by": ["k", "t"], "aggregations": [agg("sum", "n", name="id"), agg("max", "id", name="n")]}
    assert run.columns("aggregate", config, table=TABLE) == [
        ("k", "VARCHAR"), ("t", "VARCHAR"), ("id", "BIGINT"), ("n", "INTEGER"),
    ]  # fmt: skip
    assert run("aggregate", config, table=TABLE) == [("a", None, None, 5), ("b", "x", 10, 1), ("b", "y", 20, 3), (None, "x", 5, 4)]  # fmt: skip  # noqa: E501


def test_floating_point_sums_do_not_depend_on_order(run):
    table = "SELECT CASE WHEN range % 2 = 0 THEN 0.1 ELSE 0.7 END::DOUBLE AS x FROM range(100001)"
    assert run("aggregate", {"aggregations": [agg("sum", "x"), agg("mean", "x")]}, table=table) == [
        (40000.1, 40000.1 / 100001)
    ]


SUMS = [
    ("1::TINYINT", "BIGINT"),
    ("1::UBIGINT", "BIGINT"),
    ("1::HUGEINT", "DECIMAL(38,0)"),
    ("1.50::DECIMAL(10,2)", "DECIMAL(38,2)"),
    ("1::FLOAT", "DOUBLE"),
]


@pytest.mark.parametrize(("value", "kind"), SUMS)
def test_type_of_a_sum(run, value, kind):
    config = {"aggregations": [agg("sum", "x")]}
    assert run.columns("aggregate", config, table=f"SELECT {value} AS x") == [("sum_x", kind)]


def test_geometries_are_united_by_group(run):
    table = """
    SELECT k, st_setcrs(g::GEOMETRY, 'OGC:CRS84') AS shape FROM (VALUES
      ('b', 'POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))'), (NULL, NULL), ('a', 'POINT (9 9)'),
      ('b', 'POLYGON ((1 0, 2 0, 2 1, 1 1, 1 0))')) v(k, g)
    """
    config = {"group_by": ["k"], "aggregations": [agg("union_geometry", "shape", name="g"), agg("count")]}
    made = run.relations("aggregate", config, table=table)["result"]
    assert made.columns == ["k", "g", "count"]
    assert "CRS84" in str(made.types[1])
    found = made.project("k, st_astext(g) AS g, count").fetchall()
    assert found[0] == ("a", "POINT (9 9)", 1)
    assert (found[1][0], found[1][2], found[1][1].count(",")) == ("b", 2, 6)
    assert found[2] == (None, None, 1)
    assert len(run("aggregate", {"aggregations": [agg("union_geometry", "shape")]}, table=table)) == 1


def test_groups_where_nobody_sees_the_order(run, context):
    config = {"group_by": ["k"], "aggregations": [agg("count")]}
    unseen = dataclasses.replace(context, keep_order=False)
    assert set(run("aggregate", config, context=unseen, table=TABLE)) == {("a", 2), ("b", 2), (None, 1)}


@pytest.mark.parametrize(("function", "ignored"), [("sum", True), ("count", True), ("first", False), ("concat", False)])
def test_says_whether_it_goes_by_order(function, ignored):
    assert Aggregate.configure({"aggregations": [agg(function, "x")]}).ignores_order() is ignored


def test_star_is_no_column():
    op = Aggregate.configure({"group_by": ["k"], "aggregations": [agg("count"), agg("sum", "n")]})
    assert op.columns_named == [("/group_by/0", "k", None), ("/aggregations/1/column", "n", None)]


def test_says_when_a_sum_is_too_great(run):
    table = "SELECT 9223372036854775807 AS x FROM range(2)"
    made = run.relations("aggregate", {"aggregations": [agg("sum", "x")]}, table=table)["result"]
    with pytest.raises(Exception, match="out of range"):
        made.fetchall()


REFUSED = [
    ({"aggregations": []}, "invalid_config", "/config/aggregations"),
    ({"aggregations": [agg("sum")]}, "invalid_config", "/config/aggregations/0/column"),
    ({"aggregations": [agg("total", "n")]}, "invalid_config", "/config/aggregations/0/function"),
    ({"aggregations": [agg("sum", "n"), agg("sum", "n")]}, "invalid_config", "/config/aggregations/1/name"),
    ({"group_by": ["k"], "aggregations": [agg("sum", "n", name="K")]}, "invalid_config", "/config/aggregations/0/name"),
    ({"group_by": ["k", "k"], "aggregations": [agg("count")]}, "invalid_config", "/config/group_by/1"),
    ({"aggregations": [agg("count"), agg("sum", "t")]}, "type_mismatch", "/config/aggregations/1/function"),
    ({"aggregations": [agg("mean", "d")]}, "type_mismatch", "/config/aggregations/0/function"),
    ({"aggregations": [agg("union_geometry", "n")]}, "type_mismatch", "/config/aggregations/0/function"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("aggregate", config, table=TABLE)[:2] == (code, path)

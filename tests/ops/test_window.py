import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, plain, quick
from test_against_pandas import run as call

TABLE = {
    "g": ["a", "b", "a", None, "a", "b", None, "a"],
    "d": [3, 1, 1, 5, 3, None, 5, 2],
    "v": [1, 2, None, 4, 5, 6, 7, 8],
}


def computed(run, function, *, table=TABLE, **more):
    config = {"partition_by": ["g"], "order_by": [{"column": "d"}]} | more.pop("config", {})
    made = run("window", {**config, "functions": [{"function": function, "name": "r", **more}]}, table=table)
    assert [row[:-1] for row in made] == list(zip(*table.values(), strict=True))
    return [row[-1] for row in made]


BY_INPUT, ALL = {"order_by": []}, {"partition_by": []}
CASES = [
    ("row_number", {}, [3, 1, 1, 1, 4, 2, 2, 2]),
    ("row_number", {"config": BY_INPUT}, [1, 1, 2, 1, 3, 2, 2, 4]),
    ("row_number", {"config": BY_INPUT | ALL}, [1, 2, 3, 4, 5, 6, 7, 8]),
    ("rank", {}, [3, 1, 1, 1, 3, 2, 1, 2]),
    ("rank", {"config": BY_INPUT}, [1, 1, 2, 1, 3, 2, 2, 4]),
    ("rank", {"config": {"order_by": [{"column": "d", "descending": True}]}}, [1, 1, 4, 1, 1, 2, 1, 3]),
    ("rank", {"config": {"order_by": [{"column": "d", "nulls": "first"}]}}, [3, 2, 1, 1, 3, 1, 1, 2]),
    ("dense_rank", {"config": ALL}, [3, 1, 1, 4, 3, 5, 4, 2]),
    ("percent_rank", {}, [2 / 3, 0, 0, 0, 2 / 3, 1, 0, 1 / 3]),
    ("ntile", {"n": 3}, [2, 1, 1, 1, 3, 2, 2, 1]),
    ("lag", {"column": "v"}, [8, None, None, None, 1, 2, 4, None]),
    ("lag", {"column": "v", "n": 2}, [None, None, None, None, 8, None, None, None]),
    ("lead", {"column": "v"}, [5, 6, 8, 7, None, None, None, 1]),
    ("lead", {"column": "g", "config": BY_INPUT | ALL}, ["b", "a", None, "a", "b", None, "a", None]),
    ("first", {"column": "v"}, [None, 2, None, 4, None, 2, 4, None]),
    ("last", {"column": "v"}, [5, 6, 5, 7, 5, 6, 7, 5]),
    ("last", {"column": "v", "frame": "running"}, [1, 2, None, 4, 5, 6, 7, 8]),
    ("first", {"column": "v", "skip_nulls": True}, [8, 2, 8, 4, 8, 2, 4, 8]),
    ("last", {"column": "v", "frame": "running", "skip_nulls": True}, [1, 2, None, 4, 5, 6, 7, 8]),
    ("lag", {"column": "v", "skip_nulls": True}, [8, None, None, None, 1, 2, 4, None]),
    ("lag", {"column": "v", "n": 2, "skip_nulls": True}, [None, None, None, None, 8, None, None, None]),
    ("lead", {"column": "v", "skip_nulls": True}, [5, 6, 8, 7, None, None, None, 1]),
    ("sum", {"column": "v"}, [14, 8, 14, 11, 14, 8, 11, 14]),
    ("sum", {"column": "v", "frame": "running"}, [9, 2, None, 4, 14, 8, 11, 8]),
    ("mean", {"column": "v", "frame": "moving", "preceding": 1}, [4.5, 2, None, 4, 3, 4, 5.5, 8]),
    ("min", {"column": "v", "frame": "moving", "following": 1}, [1, 2, 8, 4, 5, 6, 7, 1]),
    ("max", {"column": "g", "frame": "running"}, ["a", "b", "a", None, "a", "b", None, "a"]),
    ("count", {"column": "v", "frame": "moving", "preceding": 1, "following": 1}, [3, 2, 1, 2, 2, 2, 2, 2]),
    ("count", {}, [4, 2, 4, 2, 4, 2, 2, 4]),
    ("count", {"frame": "running"}, [3, 1, 1, 1, 4, 2, 2, 2]),
]


@pytest.mark.parametrize(("function", "more", "expected"), CASES)
def test_functions(run, function, more, expected):
    assert computed(run, function, **more) == expected


def test_types(run):
    functions = [("rank", None), ("percent_rank", None), ("sum", "i"), ("mean", "i"), ("sum", "x"), ("lag", "t")]
    functions += [("sum", "d"), ("mean", "d"), ("count", "t"), ("min", "i")]
    made = [{"function": f, "name": f"r{n}"} | ({"column": c} if c else {}) for n, (f, c) in enumerate(functions)]
    table = "SELECT 1 AS i, 1.5::DOUBLE AS x, 'a' AS t, 1.5::DECIMAL(5,1) AS d"
    kinds = [kind for _, kind in run.columns("window", {"functions": made}, table=table)[4:]]
    assert kinds == [
        "BIGINT", "DOUBLE", "BIGINT", "DOUBLE", "DOUBLE", "VARCHAR", "DECIMAL(38,1)", "DOUBLE", "BIGINT", "INTEGER",
    ]  # fmt: skip


def test_the_sum_of_large_numbers(run):
    table = {"g": [1, 1], "d": [1, 2], "v": [2**62, 2**62 - 1]}
    assert computed(run, "sum", table=table, column="v") == [2**63 - 1] * 2
    with pytest.raises(Exception, match="range"):
        computed(run, "sum", table={**table, "v": [2**62, 2**62]}, column="v")


def test_names_with_as_in_them(run):
    table = {"a AS b": [1, 2]}
    functions = [{"function": f, "column": "a AS b", "name": f} for f in ("sum", "min", "mean")]
    assert run("window", {"functions": functions}, table=table) == [(1, 3, 1, 1.5), (2, 3, 1, 1.5)]


def test_an_empty_table(run):
    assert run("window", {"functions": [{"function": "rank", "name": "r"}]}, table="SELECT 1 AS a WHERE false") == []


REFUSED = [
    ({"function": "rank", "column": "a"}, {}, "invalid_config", "/config/functions/0/column"),
    ({"function": "lag"}, {}, "invalid_config", "/config/functions/0/column"),
    ({"function": "rank", "frame": "running"}, {}, "invalid_config", "/config/functions/0/frame"),
    ({"function": "count", "following": 1}, {}, "invalid_config", "/config/functions/0/following"),
    ({"function": "count", "n": 2}, {}, "invalid_config", "/config/functions/0/n"),
    ({"function": "sum", "column": "a", "skip_nulls": True}, {}, "invalid_config", "/config/functions/0/skip_nulls"),
    ({"function": "sum", "column": "t"}, {}, "type_mismatch", "/config/functions/0/function"),
    ({"function": "max", "column": "g"}, {}, "type_mismatch", "/config/functions/0/function"),
    ({"function": "count", "name": "A"}, {}, "duplicate_column", "/config/functions/0/name"),
    ({"function": "count"}, {"order_by": [{"column": "g"}]}, "type_mismatch", "/config/order_by/0/column"),
]


@pytest.mark.parametrize(("function", "more", "code", "path"), REFUSED)
def test_refuses(run, function, more, code, path):
    table = "SELECT 1 AS a, 'x' AS t, 'POINT (1 2)'::GEOMETRY AS g"
    config = {"functions": [{"name": "r", **function}], **more}
    assert run.refuses("window", config, table=table)[:2] == (code, path)


@quick
@given(TABLES, st.integers(0, 3))
def test_against_pandas(context, frame, before):
    """pandas keeps null out of groups of ranks, so partitions are of numbers."""
    functions = [
        {"function": "row_number", "name": "a"},
        {"function": "dense_rank", "name": "b"},
        {"function": "lag", "column": "id", "name": "c"},
        {"function": "sum", "column": "x", "frame": "moving", "preceding": before, "name": "d"},
        {"function": "max", "column": "x", "frame": "running", "name": "e"},
    ]
    config = {"functions": functions, "partition_by": ["t"], "order_by": [{"column": "k"}]}
    made = call(context, "window", config, table=frame)["result"]
    ordered = frame.sort_values("k", kind="stable", na_position="last")
    groups = ordered.groupby("t", dropna=False, sort=False)
    results = {}
    for _, part in groups:
        ranks = part.k.fillna(99).rank(method="dense").astype(int).tolist()
        for place in range(len(part)):
            window = part.x.iloc[max(0, place - before) : place + 1].dropna()
            running = part.x.iloc[: place + 1].dropna()
            results[part.id.iloc[place]] = plain((
                place + 1, ranks[place], part.id.iloc[place - 1] if place else None,
                window.sum() if len(window) else None, running.max() if len(running) else None,
            ))  # fmt: skip
    assert {row[3]: row[4:] for row in made} == results
    assert [row[3] for row in made] == frame.id.tolist()

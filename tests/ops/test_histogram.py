import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, plain, quick
from test_against_pandas import run as call

TABLE = {
    "x": [0.0, 1.0, 2.5, 10.0, None, float("nan"), float("inf"), 5.0],
    "g": ["b", "a", "b", "b", "c", "c", "a", "b"],
}


def counts(run, table=TABLE, **config):
    made = run("histogram", {"column": "x", **config}, table=table)
    return [row[0] for row in made], [row[3] for row in made]


def test_bins_with_their_labels_and_shares(run):
    assert run("histogram", {"column": "x", "bins": 4}, table=TABLE) == [
        (0.0, 2.5, "0 – 2.5", 2, 0.4), (2.5, 5.0, "2.5 – 5", 1, 0.2), (5.0, 7.5, "5 – 7.5", 1, 0.2),
        (7.5, 10.0, "7.5 – 10", 1, 0.2),
    ]  # fmt: skip


BINS = [
    ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 1, 0, 0, 1, 0, 0, 0, 1]),
    ({"width": 5}, [0, 5], [3, 2]),
    ({"width": 4}, [0, 4, 8], [3, 1, 1]),
    ({"width": 4, "from": -1}, [-1, 3, 7], [3, 1, 1]),
    ({"bins": 2, "from": 1, "to": 5}, [1, 3], [2, 1]),
    ({"bins": 2, "from": 20}, [20, 20.5], [0, 0]),
    ({"bins": 2, "to": -1}, [-2, -1.5], [0, 0]),
    ({"width": 2, "from": 20, "to": 24}, [20, 22], [0, 0]),
]


@pytest.mark.parametrize(("config", "lower", "count"), BINS)
def test_bins(run, config, lower, count):
    assert counts(run, **config) == (lower, count)


def test_one_value_has_a_bin_around_it(run):
    assert counts(run, {"x": [3, 3]}, bins=2) == ([2.5, 3.0], [0, 2])
    assert counts(run, {"x": [3, 3]}, width=2) == ([2.0], [2])


def test_steps_that_are_no_binary_numbers(run):
    table = {"x": [n / 10 for n in range(11)]}
    assert counts(run, table, bins=10)[1] == [1] * 9 + [2]
    assert counts(run, table, width=0.1)[1] == [1] * 9 + [2]


NEAR = [
    ([1700000000000001, 1700000000000002, 1700000000000003, 1700000000000004], {"bins": 4}, [1, 1, 1, 1]),
    ([1 + 1e-15, 1 + 3e-15], {"bins": 2}, [1, 1]),
    ([-1e308, 1e308, 1e307], {"bins": 2}, [1, 2]),
]


@pytest.mark.parametrize(("values", "config", "count"), NEAR)
def test_values_of_many_digits(run, values, config, count):
    made = run("histogram", {"column": "x", **config}, table={"x": values})
    assert [row[3] for row in made] == count
    assert all(row[0] < row[1] for row in made)
    assert len({row[2] for row in made}) == len(made)


def test_every_group_has_every_bin(run):
    made = run("histogram", {"column": "x", "bins": 2, "group_by": ["g"]}, table=TABLE)
    assert [(row[0], row[1], row[4], row[5]) for row in made] == [
        ("b", 0.0, 2, 0.5), ("b", 5.0, 2, 0.5), ("a", 0.0, 1, 1.0), ("a", 5.0, 0, 0.0), ("c", 0.0, 0, None),
        ("c", 5.0, 0, None),
    ]  # fmt: skip


def test_of_each_value(run):
    table = {"x": ["b", "", None, "b", "B"], "g": [1, 1, 1, None, None]}
    assert run("histogram", {"column": "x", "by": "values"}, table=table) == [
        ("", "", 1, 0.25), ("B", "B", 1, 0.25), ("b", "b", 2, 0.5),
    ]  # fmt: skip
    assert run("histogram", {"column": "x", "by": "values", "group_by": ["g"]}, table=table) == [
        (1, "", "", 1, 0.5), (1, "b", "b", 1, 0.5), (None, "B", "B", 1, 0.5), (None, "b", "b", 1, 0.5),
    ]  # fmt: skip


def test_columns(run):
    table = "SELECT 1 AS g, 2::DECIMAL(5,1) AS x"
    assert run.columns("histogram", {"column": "x", "group_by": ["g"]}, table=table) == [
        ("g", "INTEGER"), ("lower", "DOUBLE"), ("upper", "DOUBLE"), ("label", "VARCHAR"), ("count", "BIGINT"),
        ("share", "DOUBLE"),
    ]  # fmt: skip
    assert run.columns("histogram", {"column": "x", "by": "values"}, table=table) == [
        ("value", "DECIMAL(5,1)"), ("label", "VARCHAR"), ("count", "BIGINT"), ("share", "DOUBLE"),
    ]  # fmt: skip


EMPTY = [
    ({}, []),
    ({"width": 2}, []),
    ({"bins": 2, "from": 0}, []),
    ({"bins": 2, "from": 0, "to": 2}, [(0.0, 1.0, "0 – 1", 0, None), (1.0, 2.0, "1 – 2", 0, None)]),
    ({"group_by": ["g"], "from": 0, "to": 2}, []),
    ({"by": "values"}, []),
]


@pytest.mark.parametrize(("config", "expected"), EMPTY)
def test_an_empty_table(run, config, expected):
    assert run("histogram", {"column": "x", **config}, table="SELECT 1 AS g, 1 AS x WHERE false") == expected


def test_as_many_bins_as_there_may_be(run):
    made = run("histogram", {"column": "x", "bins": 100_000, "from": 0, "to": 1}, table={"x": [0.25, 1.0]})
    assert len(made) == 100_000
    assert [row for row in made if row[3]] == [
        (0.25, 0.25001, "0.25 – 0.25001", 1, 0.5), (0.99999, 1.0, "0.99999 – 1", 1, 0.5),
    ]  # fmt: skip


def test_too_many_bins(run):
    with pytest.raises(Exception, match="makes more than 100,000 bins"):
        counts(run, {"x": [0, 1e9]}, width=1)


REFUSED = [
    ({"column": "t"}, "type_mismatch", "/config/column"),
    ({"column": "p", "by": "values"}, "type_mismatch", "/config/column"),
    ({"bins": 2, "width": 1}, "invalid_config", "/config/width"),
    ({"by": "values", "from": 1}, "invalid_config", "/config/from"),
    ({"from": 1, "to": 1}, "invalid_config", "/config/to"),
    ({"from": 0, "to": 1, "width": 1e-9}, "invalid_config", "/config/width"),
    ({"group_by": ["Count"]}, "invalid_config", "/config/group_by/0"),
]


@pytest.mark.parametrize(("more", "code", "path"), REFUSED)
def test_refuses(run, more, code, path):
    table = "SELECT 1 AS x, 'x' AS t, 2 AS Count, 'POINT (1 2)'::GEOMETRY AS p"
    assert run.refuses("histogram", {"column": "x", **more}, table=table)[:2] == (code, path)


@quick
@given(TABLES, st.integers(1, 7))
def test_against_numpy(context, frame, bins):
    made = call(context, "histogram", {"column": "x", "bins": bins}, table=frame)["result"]
    values = frame.x.dropna().astype(float).to_numpy()
    if not len(values):
        assert made == []
        return
    count, edges = np.histogram(values, bins)
    assert [row[3] for row in made] == count.tolist()
    assert [row[0] for row in made] == pytest.approx(edges[:-1])
    assert [row[1] for row in made] == pytest.approx(edges[1:])


@quick
@given(TABLES, st.sampled_from(["k", "t"]))
def test_values_against_pandas(context, frame, column):
    made = call(context, "histogram", {"column": column, "by": "values"}, table=frame)["result"]
    counted = frame[column].value_counts().sort_index()
    assert [(row[0], row[2]) for row in made] == [plain(pair) for pair in counted.items()]

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, plain, quick, rows
from test_against_pandas import run as call

TABLE = {"k": ["b", None, "a", "b", "", None], "x": [4, None, 3, 1, None, 7], "t": ["u", "v", "", "v", None, "u"]}
EVERY = ["count", "value_count", "null_count", "min", "max", "range", "sum", "mean", "median"]


def test_of_groups_in_the_order_of_first_appearance(run):
    made = run("statistics", {"columns": ["x"], "statistics": EVERY, "group_by": ["k"]}, table=TABLE)
    groups = {
        "b": (2, 2, 0, 1, 4, 3, 5, 2.5, 2.5),
        None: (2, 1, 1, 7, 7, 0, 7, 7.0, 7.0),
        "a": (1, 1, 0, 3, 3, 0, 3, 3.0, 3.0),
        "": (1, 0, 1, None, None, None, None, None, None),
    }
    assert made["summary"] == [(key, *results) for key, results in groups.items()]
    given = list(zip(*TABLE.values(), strict=True))
    assert made["complete"] == [(*row, *groups[row[0]]) for row in given]


def test_names_and_types(run):
    config = {"columns": ["i", "d"], "statistics": ["sum", "mean", "range", "mode"], "percentiles": [5, 99.9]}
    config["group_by"] = ["k"]
    table = "SELECT 1 AS k, 2::TINYINT AS i, 1.5::DECIMAL(5,2) AS d"
    made = [
        ("i_sum", "BIGINT"), ("i_mean", "DOUBLE"), ("i_range", "BIGINT"), ("i_mode", "TINYINT"), ("i_p5", "DOUBLE"),
        ("i_p99.9", "DOUBLE"), ("d_sum", "DECIMAL(38,2)"), ("d_mean", "DOUBLE"), ("d_range", "DECIMAL(6,2)"),
        ("d_mode", "DECIMAL(5,2)"), ("d_p5", "DOUBLE"), ("d_p99.9", "DOUBLE"),
    ]  # fmt: skip
    assert run.columns("statistics", config, "summary", table=table) == [("k", "INTEGER"), *made]
    assert [name for name, _ in run.columns("statistics", config, "complete", table=table)][3:] == [n for n, _ in made]


def summary(run, table, *statistics, percentiles=()):
    config = {"columns": ["v"], "statistics": list(statistics), "percentiles": list(percentiles)}
    return run("statistics", config, table=table)["summary"]


CASES = [
    ([3, 1, 2, 4], ["stddev", "stddev_population"], [], (math.sqrt(5 / 3), math.sqrt(1.25))),
    ([3], ["stddev", "stddev_population"], [], (None, 0.0)),
    ([1, 2, 3, 4, 5], ["median"], [0, 25, 90, 100], (3.0, 1.0, 2.0, 4.6, 5.0)),
    (["b", "a", "a", "b", None, None, None], ["mode", "count", "null_count"], [], ("b", 7, 3)),
    (["b", "", ""], ["mode", "min", "max", "value_count"], [], ("", "", "b", 3)),
    ([None, None, 1.5], ["sum", "mean", "mode"], [], (1.5, 1.5, 1.5)),
    ([dt.date(2024, 1, 1), dt.date(2024, 1, 4)], ["range", "median"], [], (3, dt.datetime(2024, 1, 2, 12))),
    ([2**62, 2**62 - 1, -(2**62)], ["sum", "range"], [], None),
    ([127, -128], ["range", "sum"], [], (255, -1)),
]


@pytest.mark.parametrize(("values", "statistics", "percentiles", "expected"), CASES)
def test_statistics(run, values, statistics, percentiles, expected):
    if expected is None:
        with pytest.raises(Exception, match="range"):
            summary(run, {"v": values}, *statistics)
    else:
        (found,) = summary(run, {"v": values}, *statistics, percentiles=percentiles)
        assert found == (expected if isinstance(expected[-1], dt.datetime) else pytest.approx(expected))


def test_small_whole_numbers_do_not_overflow(run):
    table = "SELECT v::TINYINT AS v FROM (VALUES (127), (-128), (127)) t(v)"
    assert summary(run, table, "sum", "range") == [(126, 255)]


def test_an_empty_table(run):
    empty = "SELECT 1 AS k, 1.5 AS v WHERE false"
    assert summary(run, empty, "count", "sum", "mode", percentiles=[5]) == [(0, None, None, None)]
    made = run("statistics", {"columns": ["v"], "group_by": ["k"]}, table=empty)
    assert made == {"complete": [], "summary": []}


REFUSED = [
    ({"columns": []}, "invalid_config", "/config/columns"),
    ({"columns": ["x"], "statistics": []}, "invalid_config", "/config/statistics"),
    ({"columns": ["x"], "percentiles": [101]}, "invalid_config", "/config/percentiles/0"),
    ({"columns": ["x", "x"]}, "invalid_config", "/config/columns/1"),
    ({"columns": ["x"], "percentiles": [95, 95.0]}, "invalid_config", "/config/percentiles/1"),
    ({"columns": ["x"], "statistics": ["mean", "mean"]}, "invalid_config", "/config/statistics/1"),
    ({"columns": ["x", "t"], "statistics": ["mean"]}, "type_mismatch", "/config/columns/1"),
    ({"columns": ["t"], "statistics": ["range"]}, "type_mismatch", "/config/columns/0"),
    ({"columns": ["t"], "statistics": [], "percentiles": [5]}, "type_mismatch", "/config/columns/0"),
    ({"columns": ["d"], "statistics": ["stddev"]}, "type_mismatch", "/config/columns/0"),
    ({"columns": ["g"], "statistics": ["mode"]}, "type_mismatch", "/config/columns/0"),
    ({"columns": ["x"], "statistics": ["min"]}, "duplicate_column", "/config/columns/0"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = "SELECT 1 AS x, 'a' AS t, DATE '2024-01-01' AS d, 'POINT (1 2)'::GEOMETRY AS g, 1 AS X_min"
    assert run.refuses("statistics", config, table=table)[:2] == (code, path)


@quick
@given(TABLES, st.sampled_from([["t"], ["t", "k"]]), st.sampled_from(["x", "id"]))
def test_against_pandas(context, frame, group_by, of):
    frame = frame.assign(v=frame[of])
    config = {"columns": ["v"], "group_by": group_by, "percentiles": [25],
              "statistics": ["count", "value_count", "min", "max", "sum", "mean", "median", "stddev"]}  # fmt: skip
    made = call(context, "statistics", config, table=frame)
    groups = frame.groupby(group_by, dropna=False, sort=False)["v"]
    expected = [(*key, *_results(part)) for key, part in groups]
    assert made["summary"] == [pytest.approx(plain(row)) for row in expected]
    found = {row[: len(group_by)]: row[len(group_by) :] for row in made["summary"]}
    places = [frame.columns.get_loc(name) for name in group_by]
    assert made["complete"] == [(*row, *found[tuple(row[p] for p in places)]) for row in rows(frame)]


def _results(part):
    values = part.dropna().astype(float)
    if values.empty:
        return len(part), 0, *[None] * 7
    spread = values.std() if len(values) > 1 else pd.NA
    return (
        len(part), len(values), values.min(), values.max(), values.sum(), values.mean(), values.median(), spread,
        values.quantile(0.25),
    )  # fmt: skip

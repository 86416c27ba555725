import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import as_node_error
from running import table as table_of
from test_against_pandas import TABLES, plain, quick
from test_against_pandas import run as call

from orchestrator.errors import UnknownColumns
from orchestrator.registry import node_type

TABLE = {
    "g": ["b", "a", "b", None, "a", "b"],
    "y": [2023, 2023, 2024, 2024, None, 2023],
    "v": [1, 2, 3, None, 5, 6],
}
WIDE = {"group_by": ["g"], "column": "y", "values_from": "v", "function": "sum"}
BY_YEAR = [2023, {"value": 2024, "name": "last"}, {"value": None, "name": "none"}]


CASES = [
    ({}, [("b", 7, 3, None), ("a", 2, None, 5), (None, None, None, None)]),
    ({"function": "count"}, [("b", 2, 1, 0), ("a", 1, 0, 1), (None, 0, 0, 0)]),
    ({"function": "count", "values_from": "*"}, [("b", 2, 1, 0), ("a", 1, 0, 1), (None, 0, 1, 0)]),
    ({"function": "first"}, [("b", 1, 3, None), ("a", 2, None, 5), (None, None, None, None)]),
    ({"function": "last"}, [("b", 6, 3, None), ("a", 2, None, 5), (None, None, None, None)]),
    ({"function": "concat"}, [("b", "1, 6", "3", None), ("a", "2", None, "5"), (None, None, None, None)]),
    ({"group_by": []}, [(9, 3, 5)]),
]


@pytest.mark.parametrize(("more", "expected"), CASES)
def test_from_long_to_wide(run, more, expected):
    assert run("pivot", {**WIDE, "values": BY_YEAR, **more}, table=TABLE) == expected


def test_names_and_types(run):
    config = {**WIDE, "values": [*BY_YEAR, 1]}
    kinds = [("g", "VARCHAR"), ("2023", "BIGINT"), ("last", "BIGINT"), ("none", "BIGINT"), ("1", "BIGINT")]
    assert run.columns("pivot", config, table=TABLE) == kinds


def test_an_empty_table(run):
    empty = "SELECT 'a' AS g, 1 AS y, 2 AS v WHERE false"
    assert run("pivot", {**WIDE, "values": [1, 2]}, table=empty) == []
    assert run("pivot", {**WIDE, "group_by": [], "values": [1, 2]}, table=empty) == [(None, None)]


VALUES = [
    (["a", "A ", "", None], ["a", {"value": "", "name": "empty"}], [(1, 1)]),
    ([1.5, 1.0, None], [1, "1.5"], [(1, 1)]),
    ([dt.date(2024, 1, 2)], ["2024-01-02", "2024-01-03"], [(1, 0)]),
    ([True, False, True], [True, False], [(2, 1)]),
]


@pytest.mark.parametrize(("column", "values", "expected"), VALUES)
def test_values_of_many_types(run, column, values, expected):
    config = {"column": "c", "values": values, "function": "count"}
    assert run("pivot", config, table={"c": column}) == expected


def found(run, context, table, **more):

    op = node_type("pivot").configure({**WIDE, **more})
    given = {"table": table_of(run.session, table)}
    with pytest.raises(UnknownColumns):
        op.call(given, run.design)
    result = op.call(given, context)["result"]
    return result.columns, result.fetchall()


def test_all_values_of_the_data_in_their_order(run, context):
    columns, rows = found(run, context, {**TABLE, "y": [2023, 10, 9, 9, None, 10]})
    assert columns == ["g", "9", "10", "2023"]
    assert rows == [("b", 3, 6, 1), ("a", None, 2, None), (None, None, None, None)]
    assert found(run, context, {"{x}": ["a"], "y": [1]}, group_by=["{x}"], values_from="*", function="count") == (
        ["{x}", "1"],
        [("a", 1)],
    )
    columns, rows = found(run, context, {"g": ["x", "y"], "y": [0.1, -1e300], "v": [1, 2]})
    assert columns == ["g", "-1e+300", "0.1"]
    assert rows == [("x", None, 1), ("y", 2, None)]


WRONG = [
    ({"max_columns": 1}, {}, "too_large", "/config/max_columns"),
    ({"group_by": []}, {"y": [None] * 6}, "no_rows", "/config/column"),
    ({}, {"y": ["", "a", "b", "c", "d", "e"]}, "invalid_value", "/config/column"),
    ({}, {"y": ["b" * 1001, "a", "b", "c", "d", "e"]}, "invalid_name", "/config/column"),
    ({}, {"y": [float("nan"), 1, 2, 3, 4, 5]}, "type_mismatch", "/config/column"),
    ({}, {"y": ["G", "a", "b", "c", "d", "e"]}, "duplicate_column", "/config/column"),
    ({}, {"y": ["a", "A", "b", "c", "d", "e"]}, "duplicate_column", "/config/column"),
]


@pytest.mark.parametrize(("more", "table", "code", "path"), WRONG)
def test_data_that_cannot_be_columns(run, context, more, table, code, path):
    with pytest.raises(Exception, match=r"\.") as caught:
        found(run, context, {**TABLE, **table}, **more)
    assert (as_node_error(caught.value).code, as_node_error(caught.value).path) == (code, path)


REFUSED = [
    ({"values": [[1]]}, "invalid_config", "/config/values/0/value"),
    ({"values": [None]}, "invalid_config", "/config/values/0/name"),
    ({"values": [1, "1"]}, "invalid_config", "/config/values/1"),
    ({"values": ["G"]}, "invalid_config", "/config/values/0"),
    ({"values": ["x"]}, "type_mismatch", "/config/values/0"),
    ({"values": [1], "function": "sum", "values_from": "*"}, "invalid_config", "/config/values_from"),
    ({"values": [1], "values_from": "g"}, "type_mismatch", "/config/function"),
    ({"values_from": "g"}, "type_mismatch", "/config/function"),
    ({"values": [1], "function": "union_geometry"}, "invalid_config", "/config/function"),
    ({"values": [1], "column": "p"}, "type_mismatch", "/config/column"),
]


@pytest.mark.parametrize(("more", "code", "path"), REFUSED)
def test_refuses(run, more, code, path):
    table = "SELECT 'a' AS g, 1 AS y, 2 AS v, 'POINT (1 2)'::GEOMETRY AS p"
    assert run.refuses("pivot", {**WIDE, **more}, table=table)[:2] == (code, path)


@quick
@given(TABLES, st.sampled_from(["sum", "count", "min", "max", "last"]))
def test_against_pandas(context, frame, function):
    values = [-1, 0, 1]
    config = {"group_by": ["t"], "column": "k", "values": values, "values_from": "x", "function": function}
    made = call(context, "pivot", config, table=frame)["result"]
    expected = []
    for key, part in frame.groupby("t", dropna=False, sort=False):
        cells = [part[part.k == value].x.dropna() for value in values]
        one = {"last": lambda cell: cell.iloc[-1]}.get(function, lambda cell: getattr(cell, function)())
        empty = 0 if function == "count" else pd.NA
        expected.append(plain((key, *(empty if cell.empty else one(cell) for cell in cells))))
    assert made == expected

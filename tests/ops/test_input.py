import dataclasses
import datetime as dt

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import UnknownColumns
from orchestrator.ops.input import Input

DAYS = {"name": "orders", "columns": [{"name": "day", "type": "DATE"}], "sample": [{"day": "2024-01-01", "n": 1}]}


def given(context, *rows):
    return dataclasses.replace(context, given=rows)


def test_sample_where_nothing_is_given(run):
    assert run.columns("input", DAYS) == [("day", "DATE"), ("n", "BIGINT")]
    assert run("input", DAYS) == [(dt.date(2024, 1, 1), 1)]


GIVEN = [
    (DAYS, [{"day": "2024-05-06", "n": "7"}, {}], [(dt.date(2024, 5, 6), 7), (None, None)]),
    (DAYS, [], []),
    ({"columns": [{"name": "a", "type": "DOUBLE"}]}, [{"a": 1}], [(1.0,)]),
    ({"sample": [{"a": 1, "b": [1]}]}, [{"b": [2, 3]}], [(None, [2, 3])]),
    ({"sample": [{"a": {"x": 1}}]}, [{"a": {"x": 2}}], [({"x": 2},)]),
]


@pytest.mark.parametrize(("config", "rows", "expected"), GIVEN)
def test_given_rows_take_the_types_of_the_design(run, context, config, rows, expected):
    assert run("input", config, context=given(context, *rows)) == expected


def test_without_columns_and_sample(context):
    op = Input.configure({"name": "orders"})
    with pytest.raises(UnknownColumns):
        op.call({}, dataclasses.replace(context, design=True))
    with pytest.raises(NodeError, match="No rows were given for input 'orders', and it has no columns and no sample"):
        op.call({}, context)
    assert op.call({}, given(context, {"a": 1}))["result"].fetchall() == [(1,)]


def test_columns_alone_are_a_table_without_rows(run):
    assert run("input", {"columns": [{"name": "day", "type": "DATE"}]}) == []


REFUSED = [
    ({"day": "soon"}, "type_mismatch", "Column 'day', row 2: 'soon' cannot become DATE."),
    ({"n": 1.5}, "type_mismatch", "Column 'n', row 2: 1.5 cannot become BIGINT."),
    ({"other": 1}, "unknown_column", "Row 2 has 'other', which is none of the columns day, n."),
]


@pytest.mark.parametrize(("row", "code", "message"), REFUSED)
def test_given_rows_must_fit(context, row, code, message):
    with pytest.raises(NodeError) as caught:
        Input.configure(DAYS).call({}, given(context, {"n": 1}, row))
    assert (caught.value.code, caught.value.message, caught.value.row) == (code, message, 1)
    assert str(caught.value.path).startswith("/input_data/1")


def test_sample_must_fit(run):
    assert run.refuses("input", {"sample": [{"a": 1}, {"a": "x"}]})[:2] == ("mixed_types", "/config/sample/1/a")

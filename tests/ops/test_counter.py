import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, quick, rows
from test_against_pandas import run as run_on

TABLE = {"k": ["b", None, "a", "b", None, ""], "v": [1, 1, 1, 1, 2, 1]}
CASES = [
    ({}, [1, 2, 3, 4, 5, 6]),
    ({"start": 0}, [0, 1, 2, 3, 4, 5]),
    ({"start": 10, "step": -5}, [10, 5, 0, -5, -10, -15]),
    ({"step": 0}, [1, 1, 1, 1, 1, 1]),
    ({"group_by": ["k"]}, [1, 1, 1, 2, 2, 1]),
    ({"group_by": ["k", "v"], "start": 5, "step": 2}, [5, 5, 5, 7, 5, 5]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_counts(run, config, expected):
    made = run("counter", config, table=TABLE)
    assert [row[:2] for row in made] == list(zip(*TABLE.values(), strict=True))
    assert [row[2] for row in made] == expected
    assert run.columns("counter", config, table=TABLE)[2] == ("count", "BIGINT")


def test_a_stored_table_keeps_its_columns(run, session, tmp_path):
    session.store(session.connection.sql("SELECT 7 AS _row, 'a' AS k"), tmp_path / "t.parquet")
    assert run("counter", {"group_by": ["k"]}, table=session.parquet(tmp_path / "t.parquet")) == [(7, "a", 1)]


def test_refuses_a_name_that_is_there(run):
    found = run.refuses("counter", {"name": "K"}, table=TABLE)
    assert found[:2] == ("duplicate_column", "/config/name")


@quick
@given(TABLES, st.sampled_from([["k"], ["t"], ["k", "x"]]), st.integers(-3, 3), st.integers(-3, 3))
def test_as_pandas(context, frame, keys, start, step):
    config = {"group_by": keys, "start": start, "step": step, "name": "n"}
    expected = frame.assign(n=frame.groupby(keys, dropna=False).cumcount() * step + start)
    assert run_on(context, "counter", config, table=frame)["result"] == rows(expected)

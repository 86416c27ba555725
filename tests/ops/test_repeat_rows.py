import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import ROWS, relation, said
from test_against_pandas import quick

TABLE = {"id": [1, 2, 3, 4, 5], "n": [2, 0, None, -1, 3]}
CASES = [
    ({"column": "n", "copy_number": "copy"}, [(1, 2, 1), (1, 2, 2), (5, 3, 1), (5, 3, 2), (5, 3, 3)]),
    ({"column": "n"}, [(1, 2), (1, 2), (5, 3), (5, 3), (5, 3)]),
    ({"times": 1}, [(1, 2), (2, 0), (3, None), (4, -1), (5, 3)]),
    ({"times": 1, "copy_number": "c"}, [(1, 2, 1), (2, 0, 1), (3, None, 1), (4, -1, 1), (5, 3, 1)]),
    ({"times": 0}, []),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_repeats(run, config, expected):
    assert run("repeat_rows", config, table=TABLE) == expected


@pytest.mark.parametrize("kind", ["TINYINT", "UBIGINT", "DECIMAL(38,0)", "DECIMAL(5,0)"])
def test_any_whole_number(run, kind):
    made = run("repeat_rows", {"column": "n", "copy_number": "c"}, table=f"SELECT 2::{kind} AS n")
    assert [row[-1] for row in made] == [1, 2]


def test_a_column_that_is_all_null(run):
    assert run("repeat_rows", {"column": "n"}, table="SELECT NULL AS n") == []


def test_awkward_names_and_the_copy_that_nobody_sees(run):
    table = {"_copy": ["x"], 'a"b': [2]}
    assert run("repeat_rows", {"column": 'a"b'}, table=table) == [("x", 2), ("x", 2)]


def test_order_with_many_rows(run):
    table = "SELECT range AS id, range % 3 AS n FROM range(100000)"
    made = run("repeat_rows", {"column": "n", "copy_number": "c"}, table=table)
    assert made == [(i, i % 3, c + 1) for i in range(100000) for c in range(i % 3)]


def test_a_row_that_says_too_much_fails_the_run(run):
    made = run.relations("repeat_rows", {"column": "n", "maximum": 3}, table={"n": [3, 4]})["result"]
    with pytest.raises(duckdb.InvalidInputException, match=r"A row is to come out 4 times; 'maximum' allows 3\."):
        made.fetchall()
    assert len(run("repeat_rows", {"column": "n", "maximum": 4}, table={"n": [3, 4]})) == 7


REFUSED = [
    ({}, "1 AS n", "invalid_config", "/config/times"),
    ({"times": 1, "column": "n"}, "1 AS n", "invalid_config", "/config/times"),
    ({"times": -1}, "1 AS n", "invalid_config", "/config/times"),
    ({"column": "n"}, "1.5 AS n", "type_mismatch", "/config/column"),
    ({"column": "n"}, "1.5::DOUBLE AS n", "type_mismatch", "/config/column"),
    ({"column": "n"}, "'2' AS n", "type_mismatch", "/config/column"),
    ({"times": 1, "copy_number": "N"}, "1 AS n", "duplicate_column", "/config/copy_number"),
]


@pytest.mark.parametrize(("config", "columns", "code", "path"), REFUSED)
def test_refuses(run, config, columns, code, path):
    assert run.refuses("repeat_rows", config, table=f"SELECT {columns}")[:2] == (code, path)


@quick
@given(ROWS, st.none() | st.integers(0, 3), st.booleans())
def test_as_plain_python(run, rows, times, numbered):
    rows = [{**row, "n": row["n"] and row["n"] % 7 - 2} for row in rows]
    config = {"column": "n"} if times is None else {"times": times}
    config = {**config, **({"copy_number": "日"} if numbered else {})}
    expected = [
        [*row.values(), copy] if numbered else row
        for row in rows
        for copy in range(1, (row["n"] or 0 if times is None else times) + 1)
    ]
    assert said(run("repeat_rows", config, table=relation(run, rows))) == said(expected)

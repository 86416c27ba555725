import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import KINDS, ROWS, relation, said
from test_against_pandas import quick

TABLE = {"a": ["x", None, "", None, "é"], "n": [1, 2, None, None, 5], "d": [0.5, 1.0, None, None, None]}
CASES = [
    ({}, ["x10.5", "21.0", "", None, "é5"]),
    ({"separator": "-"}, ["x-1-0.5", "2-1.0", "", None, "é-5"]),
    ({"separator": "-", "nulls": "empty"}, ["x-1-0.5", "-2-1.0", "--", "--", "é-5-"]),
    ({"separator": "'{}", "nulls": "null"}, ["x'{}1'{}0.5", None, None, None, None]),
    ({"separator": "|", "columns": ["a", "a"]}, ["x|x", None, "|", None, "é|é"]),
    ({"columns": ["n"]}, ["1", "2", None, None, "5"]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_joins(run, config, expected):
    config = {"columns": ["a", "n", "d"], "name": "r", **config}
    made = run("concat_columns", config, table=TABLE)
    assert [row[:3] for row in made] == list(zip(*TABLE.values(), strict=True))
    assert [row[3] for row in made] == expected
    assert run.columns("concat_columns", config, table=TABLE)[3] == ("r", "VARCHAR")


def test_columns_may_go_and_leave_their_name(run):
    made = run.columns("concat_columns", {"columns": ["n", "a"], "keep": False, "name": "A"}, table=TABLE)
    assert made == [("d", "DOUBLE"), ("A", "VARCHAR")]


REFUSED = [
    ({"columns": []}, "invalid_config", "/config/columns"),
    ({"columns": ["a"], "name": "D"}, "duplicate_column", "/config/name"),
    ({"columns": ["a"], "name": "A"}, "duplicate_column", "/config/name"),
    ({"columns": ["a"], "name": "d", "keep": False}, "duplicate_column", "/config/name"),
    ({"columns": ["a", "g"]}, "type_mismatch", "/config/columns/1"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("concat_columns", config, table="SELECT 'a' AS a, 1 AS d, NULL::GEOMETRY AS g")[:2] == (
        code,
        path,
    )


@quick
@given(
    ROWS, st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4), st.sampled_from(["", "-", "'", "😀"]),
    st.sampled_from(["skip", "empty", "null"]), st.booleans(),
)  # fmt: skip
def test_as_plain_python(run, rows, columns, separator, nulls, keep):
    config = {"columns": columns, "separator": separator, "nulls": nulls, "keep": keep, "name": "r"}
    expected = []
    for row in rows:
        texts = [None if row[name] is None else text(row[name]) for name in columns]
        texts = ["" if each is None else each for each in texts] if nulls == "empty" else texts
        present = [each for each in texts if each is not None]
        gone = not present or (nulls == "null" and None in texts)
        kept = [value for name, value in row.items() if keep or name not in columns]
        expected.append([*kept, None if gone else separator.join(present)])
    assert said(run("concat_columns", config, table=relation(run, rows))) == said(expected)


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import CONDITIONS, TABLES, mask, quick, rows, sql

ROWS = [{"n": 1, "t": "a"}, {"n": None, "t": "b"}, {"n": 3, "t": None}, {"n": 4, "t": ""}, {"n": 1, "t": "a"}]


def branch(port, condition=None, *, match="all", **clause):
    return {"port": port, "condition": condition} if condition else {"port": port, "clauses": [clause], "match": match}


CASES = [
    ([branch("low", "n < 3")], {"low": [1, 1], "rest": [None, 3, 4]}),
    ([branch("low", "n < 4"), branch("lower", "n < 3")], {"low": [1, 3, 1], "lower": [], "rest": [None, 4]}),
    ([branch("b", "t = 'b'"), branch("all", "true")], {"b": [None], "all": [1, 3, 4, 1], "rest": []}),
    ([branch("none", "NULL"), branch("not", "NOT (n > 3)")], {"none": [], "not": [1, 3, 1], "rest": [None, 4]}),
    (
        [branch("null", column="t", operator="is_null"), branch("x", column="t", operator="is_empty")],
        {"null": [3], "x": [4], "rest": [1, None, 1]},
    ),
    ([branch("a -- b", "n = 1 -- a comment")], {"a -- b": [1, 1], "rest": [None, 3, 4]}),
    # Each row goes once.
    ([branch("t", "n <> 4"), branch("4", "t = '' AND n = 4")], {"t": [1, 3, 1], "4": [4], "rest": [None]}),
]  # fmt: skip


@pytest.mark.parametrize(("branches", "expected"), CASES)
def test_the_first_true_condition_takes_a_row(run, branches, expected):
    made = run("route", {"branches": branches}, table=ROWS)
    assert {port: [row[0] for row in found] for port, found in made.items()} == expected
    assert list(made) == list(expected)


def test_every_row_goes_to_one_port(run):
    branches = [branch(f"p{number}", f"n % {number} = 0") for number in range(9, 1, -1)]
    made = run("route", {"branches": branches}, table="SELECT range AS n FROM range(1000)")
    assert sorted(n for found in made.values() for (n,) in found) == list(range(1000))
    assert [n for (n,) in made["p7"]] == [n for n in range(1000) if n % 7 == 0 and n % 8 and n % 9]


def test_only_wanted_ports_are_computed(run, context):
    import dataclasses

    fused = dataclasses.replace(context, scratch=context.root / "scratch", unused=frozenset({"rest"}))
    made = run("route", {"branches": [branch("a", "n = 1"), branch("b", "n = 3")]}, fused, table=ROWS)
    assert [made["a"], made["b"]] == [[(1, "a"), (1, "a")], [(3, None)]]


REFUSED = [
    ([], "invalid_config", "/config/branches"),
    ([branch("a", "n")], "type_mismatch", "/config/branches/0/condition"),
    ([branch("a", "true"), branch("b", "m = 1")], "unknown_column", "/config/branches/1/condition"),
    ([branch("a", "true"), branch("b", "n =")], "invalid_expression", "/config/branches/1/condition"),
    ([branch("a", "random() > 0.5")], "invalid_expression", "/config/branches/0/condition"),
    ([{"port": "a"}], "invalid_config", "/config/branches/0/condition"),
    ([branch("a", "true"), branch("A", "true")], "invalid_config", "/config/branches/1/port"),
    ([branch("Rest", "true")], "invalid_config", "/config/branches/0/port"),
    ([branch("rejected", "true")], "invalid_config", "/config/branches/0/port"),
    ([branch("", "true")], "invalid_config", "/config/branches/0/port"),
    ([branch("日" * 200, "true")], "invalid_config", "/config/branches/0/port"),
    ([branch("a", column="n", operator="=", value="x")], "type_mismatch", "/config/branches/0/clauses/0/value"),
]


@pytest.mark.parametrize(("branches", "code", "path"), REFUSED)
def test_refuses(run, branches, code, path):
    assert run.refuses("route", {"branches": branches}, table=ROWS)[:2] == (code, path)


@quick
@given(TABLES, st.lists(CONDITIONS, min_size=1, max_size=3))
def test_as_pandas(run, frame, conditions):
    branches = [branch(f"p{number}", sql(each)) for number, each in enumerate(conditions)]
    made = run("route", {"branches": branches}, table=run.session.from_frame(frame))
    left = frame
    for number, each in enumerate(conditions):
        taken = mask(each, left).fillna(False)
        assert made[f"p{number}"] == rows(left[taken])
        left = left[~taken]
    assert made["rest"] == rows(left)

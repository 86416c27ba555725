import dataclasses

import pytest
from hypothesis import given
from running import as_node_error
from test_against_pandas import TABLES, quick, rows
from test_against_pandas import run as call

LEFT, RIGHT = {"a": [2, None], "b": ["x", ""]}, {"A": [3, 1, None]}


def test_left_by_left(run):
    assert run("cross_join", {}, left=LEFT, right=RIGHT) == [
        (2, "x", 3), (2, "x", 1), (2, "x", None), (None, "", 3), (None, "", 1), (None, "", None),
    ]  # fmt: skip


NAMES = [
    (["a"], ["b"], ["a", "b"]),
    (["a"], ["A"], ["a", "A_right"]),
    (["a", "a_right"], ["a"], ["a", "a_right", "a_right_2"]),
    (["a"], ["a_right", "a"], ["a", "a_right", "a_right_2"]),
]


@pytest.mark.parametrize(("left", "right", "columns"), NAMES)
def test_names_stay_unique(run, left, right, columns):
    tables = ({name: [1] for name in each} for each in (left, right))
    made = run.columns("cross_join", {}, **dict(zip(("left", "right"), tables, strict=True)))
    assert [name for name, _ in made] == columns


@pytest.mark.parametrize("empty", ["left", "right"])
def test_one_side_empty(run, empty):
    tables = {"left": LEFT, "right": RIGHT} | {empty: "SELECT 1 AS a WHERE false"}
    assert run("cross_join", {}, **tables) == []


def test_too_many_rows(run):
    assert len(run("cross_join", {"max_rows": 6}, left=LEFT, right=RIGHT)) == 6
    with pytest.raises(Exception, match="allows") as caught:
        run("cross_join", {"max_rows": 5}, left=LEFT, right=RIGHT)
    error = as_node_error(caught.value)
    assert (error.code, error.path) == ("too_large", "/config/max_rows")
    assert error.message == "2 × 3 rows are 6; 'max_rows' allows 5."


def test_it_fails_before_it_explodes(run):
    table = "SELECT range AS a FROM range(1000000)"
    with pytest.raises(Exception, match="1,000,000 × 1,000,000 rows are 1,000,000,000,000"):
        run("cross_join", {}, left=table, right=table)


def test_what_is_counted_is_what_is_joined(run, context, tmp_path):
    fused = dataclasses.replace(context, scratch=tmp_path / "scratch", keep_order=False)
    assert len(run("cross_join", {}, context=fused, left=LEFT, right=RIGHT)) == 6


@quick
@given(TABLES, TABLES)
def test_against_pandas(context, left, right):
    made = call(context, "cross_join", {}, left=left, right=right)["result"]
    assert made == rows(left.merge(right, how="cross"))

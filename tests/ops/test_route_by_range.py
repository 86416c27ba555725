import datetime as dt
import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import ROWS, VALUES, by_port, posted, relation, said
from test_against_pandas import quick

NUMBERS = [None, -5.0, 0.0, 5.0, 9.99, 10.0, 100.0, float("nan"), float("inf")]
TABLE = {
    "id": list(range(9)), "x": NUMBERS, "n": [None, -5, 0, 5, 9, 10, 100, 7, 2**62],
    "d": [None, *(dt.date(2024, month, 1) for month in range(1, 9))],
}  # fmt: skip


def ids(made):
    return {port: [row[0] for row in found] for port, found in made.items() if found}


CASES = [
    ("x", [{"from": 0, "to": 10}], {}, {"0..10": [2, 3, 4], "rest": [0, 1, 5, 6, 7, 8]}),
    ("x", [{"from": 0, "to": 10}], {"closed": "to"}, {"0..10": [3, 4, 5], "rest": [0, 1, 2, 6, 7, 8]}),
    ("x", [{"from": 0, "to": 10}], {"closed": "both"}, {"0..10": [2, 3, 4, 5], "rest": [0, 1, 6, 7, 8]}),
    ("x", [{"to": 0}, {"from": 10}], {}, {"under 0": [1], "from 10": [5, 6, 8], "rest": [0, 2, 3, 4, 7]}),
    ("n", [{"to": 9, "port": "a"}, {"from": 0, "port": "b"}], {}, {"a": [1, 2, 3, 7], "b": [4, 5, 6, 8], "rest": [0]}),
    ("n", [{"from": 5, "to": 5, "port": "five"}], {}, {"rest": [0, 1, 2, 3, 4, 5, 6, 7, 8]}),
    ("n", [{"from": 5, "to": 5, "port": "five"}], {"closed": "both"}, {"five": [3], "rest": [0, 1, 2, 4, 5, 6, 7, 8]}),
    ("d", [{"from": "2024-02-01", "to": "2024-04-01", "port": "q"}], {}, {"q": [2, 3], "rest": [0, 1, 4, 5, 6, 7, 8]}),
    ("d", [{"from": "2024-06-30 12:00", "port": "q"}], {}, {"q": [7, 8], "rest": [0, 1, 2, 3, 4, 5, 6]}),
]  # fmt: skip


@pytest.mark.parametrize(("column", "ranges", "more", "expected"), CASES)
def test_a_range_has_a_port(run, column, ranges, more, expected):
    assert ids(run("route_by_range", {"column": column, "ranges": ranges, **more}, table=TABLE)) == expected


def test_times(run):
    table = "SELECT TIME '08:30' AS t UNION ALL SELECT TIME '17:00'"
    made = run("route_by_range", {"column": "t", "ranges": [{"to": "12:00", "port": "morning"}]}, table=table)
    assert made == {"morning": [(dt.time(8, 30),)], "rest": [(dt.time(17),)]}


REFUSED = [
    ("x", [], "invalid_config", "/config/ranges"),
    ("x", [{}], "invalid_config", "/config/ranges/0/from"),
    ("x", [{"from": 1, "to": 2}, {"from": 3, "to": 2}], "invalid_config", "/config/ranges/1/to"),
    ("x", [{"from": "low"}], "type_mismatch", "/config/ranges/0/from"),
    ("x", [{"to": True}], "invalid_config", "/config/ranges/0/to"),
    ("x", [{"to": [1]}], "invalid_config", "/config/ranges/0/to"),
    ("x", [{"to": 1}, {"to": 1}], "invalid_config", "/config/ranges/1/port"),
    ("x", [{"to": 1, "port": "REST"}], "invalid_config", "/config/ranges/0/port"),
    ("d", [{"from": 1}], "type_mismatch", "/config/ranges/0/from"),
    ("t", [{"from": 1}], "type_mismatch", "/config/column"),
    ("b", [{"from": 1}], "type_mismatch", "/config/column"),
]


@pytest.mark.parametrize(("column", "ranges", "code", "path"), REFUSED)
def test_refuses(run, column, ranges, code, path):
    table = "SELECT 'a' AS t, 1.5::DOUBLE AS x, true AS b, DATE '2024-01-01' AS d"
    assert run.refuses("route_by_range", {"column": column, "ranges": ranges}, table=table)[:2] == (code, path)


CLOSED = {"from": (operator.ge, operator.lt), "to": (operator.gt, operator.le), "both": (operator.ge, operator.le)}


@quick
@given(ROWS, st.sampled_from("nxcds"), st.sampled_from(list(CLOSED)), st.data())
def test_as_plain_python(run, rows, column, closed, data):
    finite = VALUES[column].filter(lambda value: column in "ds" or math.isfinite(value))
    end = finite | st.just(0.5) if column == "n" else finite
    pairs = st.tuples(st.none() | end, st.none() | end).filter(any_end)
    ranges = [
        pair if None in pair else tuple(sorted(pair)) for pair in data.draw(st.lists(pairs, min_size=1, max_size=4))
    ]
    above, below = CLOSED[closed]
    expected = {}
    for row in rows:
        value = row[column]
        known = value is not None and value == value
        inside = [
            f"p{number}" for number, (low, high) in enumerate(ranges)
            if known and (low is None or above(value, low)) and (high is None or below(value, high))
        ]  # fmt: skip
        expected.setdefault([*inside, "rest"][0], []).append(row)
    posted_ranges = [
        {"from": posted_end(low), "to": posted_end(high), "port": f"p{n}"} for n, (low, high) in enumerate(ranges)
    ]
    config = {"column": column, "closed": closed, "ranges": posted_ranges}
    made = run("route_by_range", config, table=relation(run, rows))
    assert by_port(made) == {port: said(each) for port, each in expected.items()}


def any_end(pair):
    return pair != (None, None)


def posted_end(value):
    return value if value is None else posted(value)

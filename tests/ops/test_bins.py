import datetime as dt
import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, quick
from test_against_pandas import run as run_on

TABLE = {
    "x": [None, -5.0, 0.0, 9.99, 10.0, 100.0, float("nan"), float("inf")], "n": [None, -5, 0, 9, 10, 100, 7, 2**62],
    "d": [None, *(dt.date(2024, month, 1) for month in range(1, 8))],
}  # fmt: skip
LOW, HIGH = {"from": 0, "to": 10, "label": "low"}, {"from": 10, "label": "high"}

CASES = [
    ("x", {"ranges": [LOW, HIGH]}, "VARCHAR", [None, None, "low", "low", "high", "high", None, "high"]),
    ("x", {"ranges": [HIGH, LOW], "default": "?"}, "VARCHAR", [None, "?", "low", "low", "high", "high", "?", "high"]),
    ("x", {"ranges": [LOW, HIGH], "closed": "to"}, "VARCHAR", [None, None, None, "low", "low", "high", None, "high"]),
    ("x", {"ranges": [{"to": 0}, {"from": 10}]}, "VARCHAR",
     [None, "under 0", None, None, "from 10", "from 10", None, "from 10"]),
    ("n", {"ranges": [{"to": 0.5, "label": 1}, {"from": 9, "to": 10, "label": 2}]}, "BIGINT",
     [None, 1, 1, 2, None, None, None, None]),
    ("n", {"ranges": [{"to": 0, "label": 1}], "default": 0.5}, "DOUBLE", [None, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
    ("n", {"ranges": [{"to": 0, "label": 1}], "default": "b"}, "VARCHAR", [None, "1", *"bbbbbb"]),
    ("n", {"ranges": [{"from": 9, "to": 9, "label": "none"}]}, "VARCHAR", [None] * 8),
    ("d", {"ranges": [{"to": "2024-02-01 12:00", "label": 1}]}, "BIGINT", [None, 1, 1, *[None] * 5]),
    ("d", {"ranges": [{"from": "2024-02-01", "to": "2024-04-01"}]}, "VARCHAR",
     [None, None, "2024-02-01..2024-04-01", "2024-02-01..2024-04-01", None, None, None, None]),
]  # fmt: skip


@pytest.mark.parametrize(("column", "config", "kind", "expected"), CASES)
def test_labels(run, column, config, kind, expected):
    config = {"column": column, **config}
    assert run.columns("bins", config, table=TABLE)[-1] == ("bin", kind)
    assert [row[-1] for row in run("bins", config, table=TABLE)] == expected


def ranges(*ends):
    return {"column": "x", "ranges": [{"from": low, "to": high} for low, high in ends]}


REFUSED = [
    (ranges(), "invalid_config", "/config/ranges"),
    (ranges((None, None)), "invalid_config", "/config/ranges/0/from"),
    (ranges((0, 10), (20, 15)), "invalid_config", "/config/ranges/1/to"),
    (ranges((0, 10), (5, 15)), "invalid_config", "/config/ranges/1"),
    (ranges((5, 15), (20, 30), (0, 5.5)), "invalid_config", "/config/ranges/2"),
    (ranges((0, 100), (5, 6), (50, 51)), "invalid_config", "/config/ranges/1"),
    (ranges((None, 10), (None, 5)), "invalid_config", "/config/ranges/1"),
    (ranges((5, None), (6, 7)), "invalid_config", "/config/ranges/1"),
    (ranges((0, 10), (0, 10)), "invalid_config", "/config/ranges/1"),
    (ranges(("a", 10)), "type_mismatch", "/config/ranges/0/from"),
    (ranges(("2024-01-01", None)) | {"column": "t"}, "type_mismatch", "/config/column"),
    (ranges((0, 10)) | {"name": "X"}, "duplicate_column", "/config/name"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("bins", config, table="SELECT 1.5::DOUBLE AS x, 'a' AS t")[:2] == (code, path)


@quick
@given(TABLES, st.lists(st.integers(-10, 10).map(lambda n: n / 4), min_size=2, max_size=5, unique=True).map(sorted))
def test_as_pandas(context, frame, edges):
    config = ranges(*itertools.pairwise(edges))
    labels = [f"{low}..{high}" for low, high in itertools.pairwise(edges)]
    expected = pd.cut(frame["x"].astype(float), edges, right=False, labels=labels).astype(object)
    made = run_on(context, "bins", config, table=frame)["result"]
    assert [row[-1] for row in made] == expected.where(expected.notna(), None).tolist()

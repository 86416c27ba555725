"""Sums of DOUBLEs are the same whatever the order of the rows and the number of threads."""

import json
import math
import random

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from running import Runner

from orchestrator.ops._exact_sum import LEAST, MOST, exact_sum
from orchestrator.tables import Session

ANY = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
USUAL = st.floats(LEAST, MOST) | st.floats(-MOST, -LEAST) | st.just(0.0)


@pytest.fixture(scope="module")
def total(tmp_path_factory):
    with Session([tmp_path_factory.mktemp("data")]) as session:
        yield (
            lambda values: (
                session.arrow(pa.table({"x": pa.array(values, pa.float64())}))
                .query("t", f"SELECT {exact_sum('t.x')} FROM t")
                .fetchall()[0][0]
            )
        )


@settings(max_examples=60, deadline=None)
@example([0.1] * 10)
@example([1e16, 1.0, -1e16])
@example([LEAST, MOST, math.nextafter(LEAST, 0), math.nextafter(MOST, math.inf)])
@example([1e300, 1e-300, 5e-324, -1e300])
@given(st.lists(USUAL, min_size=1) | st.lists(ANY, min_size=1))
def test_is_the_true_sum_and_knows_no_order(total, values):
    found = total(values)
    assert math.isclose(found, math.fsum(values), rel_tol=1e-15, abs_tol=max(map(abs, values)) * 1e-15)
    assert total(random.sample(values, len(values))) == found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([0.0, None], 0.0),
        ([0.1] * 10, 1.0),
        ([0.1, 0.2, -0.3], math.fsum([0.1, 0.2, -0.3])),
        ([-0.25, -0.5], -0.75),
        ([1e300, 1.0, -1e300], 1.0),
        ([math.inf, 1.0], math.inf),
        ([-math.inf, 1e-300], -math.inf),
    ],
)
def test_values(total, values, expected):
    assert total(values) == expected


def test_what_is_no_number_stays_none(total):
    assert math.isnan(total([1.0, math.nan]))
    assert math.isnan(total([math.inf, -math.inf]))


SUMS = [{"function": each, "column": "x"} for each in ("sum", "mean", "stddev")]
STATISTICS = {"columns": ["x"], "statistics": ["sum", "mean", "stddev", "stddev_population"]}
NODES = [
    ("aggregate", {"group_by": ["g"], "aggregations": SUMS}),
    ("aggregate", {"aggregations": SUMS}),
    ("statistics", {**STATISTICS, "group_by": ["g"]}),
    ("pivot", {"group_by": ["h"], "column": "g", "values_from": "x", "function": "sum", "values": [0, 1, 2]}),
    ("window", {"functions": [{"function": "sum", "column": "x", "frame": "all", "name": "s"}]}),
    ("window", {"functions": [{"function": "mean", "column": "x", "frame": "running", "name": "s"}]}),
]


@pytest.fixture(scope="module")
def rows():
    with Session([]) as session:
        made = "(hash(i) / 1e9) * (1 - i % 2 * 2) AS x, (hash(i) / 1e9)::FLOAT AS y, i % 3 AS g, i % 2 AS h"
        return session.connection.sql(f"SELECT {made} FROM range(500000) t(i)").to_arrow_table()


@pytest.mark.parametrize("column", ["x", "y"])
@pytest.mark.parametrize(("type_", "config"), NODES)
def test_the_number_of_threads_does_not_show(rows, tmp_path, type_, config, column):
    config = json.loads(json.dumps(config).replace('"x"', f'"{column}"'))
    found = []
    for threads in (1, 2, 4):
        with Session([tmp_path], threads=threads) as session:
            made = Runner(session, tmp_path).relations(type_, config, table=session.arrow(rows))
            found.append([each.to_arrow_table() for each in made.values()])
    assert found[0] == found[1] == found[2]

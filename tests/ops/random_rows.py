"""Tables of the plain kinds of values for hypothesis: rows as dicts of Python's own values, and what a node makes."""

import datetime as dt
import decimal

import pyarrow as pa
from hypothesis import strategies as st

KINDS = {
    "id": pa.int64(), "n": pa.int64(), "t": pa.string(), "x": pa.float64(), "c": pa.decimal128(9, 2), "d": pa.date32(),
    "s": pa.timestamp("us"), "b": pa.bool_(),
}  # fmt: skip
TEXTS = ["", " ", "\u00a0\t", "a", "A", "b", "é", "É", "e\u0301", "it's", "日本", "😀", "1", "a-b", "null"]
VALUES = {
    "n": st.sampled_from([0, 1, 2, -1, -7, 2**53 + 1, -(2**62), 2**63 - 1]),
    "t": st.sampled_from(TEXTS),
    "x": st.sampled_from([0.0, 1.0, -0.25, 2.5, 0.1, 1e300, float("inf"), float("nan")]),
    "c": st.sampled_from(["0.00", "-0.25", "1.00", "2.50", "9999999.99"]).map(decimal.Decimal),
    "d": st.integers(0, 6).map(lambda days: dt.date(1999, 12, 29) + dt.timedelta(days)),
    "s": st.sampled_from([0, 1, 86_400 * 10**6, 10**9]).map(
        lambda us: dt.datetime(1999, 12, 31) + dt.timedelta(0, 0, us)
    ),
    "b": st.booleans(),
}
ROW = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})
ROWS = st.lists(ROW, max_size=12).map(
    lambda rows: [{"id": number, **{name: row[name] for name in VALUES}} for number, row in enumerate(rows)]
)


def relation(run, rows, kinds=KINDS):
    """A table of these rows; a column that `kinds` does not have is left out."""
    return run.session.arrow(pa.table({name: pa.array([r[name] for r in rows], kind) for name, kind in kinds.items()}))


def said(rows):
    """Rows to compare: 1, 1.0 and true differ, and NaN is NaN."""
    values = (row.values() if isinstance(row, dict) else row for row in rows)
    return [repr(tuple(str(v) if isinstance(v, decimal.Decimal) else v for v in row)) for row in values]


def by_port(made):
    """What a node with several ports made, to compare: ports without rows are left out."""
    return {port: said(rows) for port, rows in made.items() if rows}


def posted(value):
    """A value as the JSON of a setting has it."""
    return str(value) if isinstance(value, dt.date | decimal.Decimal) else value

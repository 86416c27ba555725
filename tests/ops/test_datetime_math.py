import datetime as dt

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.expressions import connection
from orchestrator.ops._calendar import Dates

D, T, TS, UTC = dt.date, dt.time, dt.datetime, dt.UTC


def computed(run, values, name="made", **config):
    table = {"v": values} if isinstance(values, list) else values
    return [row[-1] for row in run("datetime_math", {"column": "v", "name": name, **config}, table=table)]


MOVED = [
    ([D(2024, 1, 31), None], 1, "month", [D(2024, 2, 29), None]),
    ([D(2024, 2, 29)], 1, "year", [D(2025, 2, 28)]),
    ([D(2024, 1, 31)], 1, "quarter", [D(2024, 4, 30)]),
    ([D(2024, 1, 31)], -2, "week", [D(2024, 1, 17)]),
    ([D(2024, 1, 31)], 36, "hour", [TS(2024, 2, 1, 12)]),
    ([TS(2024, 1, 31, 10, 30)], 1, "month", [TS(2024, 2, 29, 10, 30)]),
    ([TS(2024, 1, 31, 10, 30)], 1500, "millisecond", [TS(2024, 1, 31, 10, 30, 1, 500_000)]),
    ([T(23, 30), T(1), None], 45, "minute", [T(0, 15), T(1, 45), None]),
    ([TS(2024, 3, 30, 12, tzinfo=UTC)], 1, "day", [TS(2024, 3, 31, 12, tzinfo=UTC)]),
]


@pytest.mark.parametrize(("values", "amount", "unit", "expected"), MOVED)
def test_adds_and_subtracts(run, values, amount, unit, expected):
    assert computed(run, values, operation="add", amount=amount, unit=unit) == expected
    assert computed(run, values, operation="subtract", amount=-amount, unit=unit) == expected


def test_days_of_a_zone(run):
    values = [TS(2024, 3, 30, 12, tzinfo=UTC), None]
    config = {"operation": "add", "zone": "Europe/Zurich"}
    assert computed(run, values, amount=1, unit="day", **config) == [TS(2024, 3, 31, 11, tzinfo=UTC), None]
    assert computed(run, values, amount=24, unit="hour", **config) == [TS(2024, 3, 31, 12, tzinfo=UTC), None]


def test_amounts_of_a_column(run):
    table = {"v": [D(2024, 1, 1)] * 3, "n": [1, None, -1]}
    expected = [D(2024, 1, 2), None, D(2023, 12, 31)]
    assert computed(run, table, operation="add", amount_column="n", unit="day") == expected


TRUNCATED = [
    ([D(2024, 5, 31), None], "quarter", [D(2024, 4, 1), None]),
    ([D(2024, 5, 31)], "week", [D(2024, 5, 27)]),
    ([TS(2024, 5, 31, 10, 31, 5)], "hour", [TS(2024, 5, 31, 10)]),
    ([TS(2024, 5, 31, 10, 31, 5)], "day", [TS(2024, 5, 31)]),
    ([T(10, 31, 5, 7)], "minute", [T(10, 31)]),
    ([TS(2024, 5, 31, 23, 31, tzinfo=UTC)], "day", [TS(2024, 5, 31, 22, tzinfo=UTC)]),
    # Both show 02:20 in Zurich.
    ([TS(2024, 10, 27, 0, 20, tzinfo=UTC)], "hour", [TS(2024, 10, 27, 0, tzinfo=UTC)]),
    ([TS(2024, 10, 27, 1, 20, tzinfo=UTC)], "hour", [TS(2024, 10, 27, 1, tzinfo=UTC)]),
]


@pytest.mark.parametrize(("values", "unit", "expected"), TRUNCATED)
def test_truncates(run, values, unit, expected):
    assert computed(run, values, operation="truncate", unit=unit, zone="Europe/Zurich") == expected


DIFFERENCES = [
    (D(2024, 3, 1), D(2024, 2, 1), "day", 29),
    (D(2024, 2, 29), D(2024, 1, 31), "month", 1),
    (D(2024, 2, 28), D(2024, 1, 31), "month", 0),
    (D(2024, 1, 1), D(2024, 1, 31), "day", -30),
    (D(2024, 1, 2), TS(2024, 1, 1, 13), "hour", 11),
    (TS(2024, 1, 2, 12), TS(2024, 1, 1, 13), "day", 0),
    (TS(2024, 1, 1), TS(2024, 1, 2, 23), "day", -1),
    (T(12, 10), T(10, 20), "hour", 1),
    (TS(2024, 3, 31, 22, tzinfo=UTC), TS(2024, 3, 30, 23, tzinfo=UTC), "day", 1),
    (TS(2024, 3, 31, 22, tzinfo=UTC), TS(2024, 3, 30, 23, tzinfo=UTC), "hour", 23),
]


@pytest.mark.parametrize(("value", "other", "unit", "expected"), DIFFERENCES)
def test_differences(run, value, other, unit, expected):
    table = {"v": [value, None], "o": [other, other]}
    made = computed(run, table, operation="difference", other="o", unit=unit, zone="Europe/Zurich")
    assert made == [expected, None]


MOMENT = TS(2024, 12, 30, 23, 5, 6, 70_008)
EXTRACTED = {
    "year": 2024, "quarter": 4, "month": 12, "week": 1, "iso_year": 2025, "day": 30, "weekday": 1, "day_of_year": 365, 
    "hour": 23, "minute": 5, "second": 6, "millisecond": 70, "epoch": int(MOMENT.replace(tzinfo=UTC).timestamp()),
}  # fmt: skip


@pytest.mark.parametrize("part", list(EXTRACTED))
def test_extracts(run, part):
    config = {"operation": "extract", "part": part}
    assert computed(run, [MOMENT, None], **config) == [EXTRACTED[part], None]
    local = TS(2024, 12, 30, 22, 5, 6, 70_008, tzinfo=UTC)
    expected = EXTRACTED[part] - 3600 if part == "epoch" else EXTRACTED[part]
    assert computed(run, [local], zone="Europe/Zurich", **config) == [expected]
    if part in ("hour", "minute", "second", "millisecond"):
        assert computed(run, [MOMENT.time()], **config) == [EXTRACTED[part]]
    elif part != "epoch":
        assert computed(run, [MOMENT.date()], **config) == [EXTRACTED[part]]


def test_before_1970_the_epoch_is_whole(run):
    assert computed(run, [TS(1969, 12, 31, 23, 59, 59, 500_000)], operation="extract", part="epoch") == [-1]


KINDS = [
    ({"operation": "add", "amount": 1, "unit": "day"}, "DATE", [("v", "DATE"), ("n", "BIGINT")]),
    ({"operation": "truncate", "unit": "day", "name": "N"}, "TIMESTAMPTZ", 
     [("v", "TIMESTAMP WITH TIME ZONE"), ("N", "TIMESTAMP WITH TIME ZONE")]),
    ({"operation": "extract", "part": "second", "name": "s"}, "TIMESTAMP", 
     [("v", "TIMESTAMP"), ("n", "BIGINT"), ("s", "BIGINT")]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "kind", "columns"), KINDS)
def test_columns(run, config, kind, columns):
    table = f"SELECT NULL::{kind} AS v, 1::BIGINT AS n"
    assert run.columns("datetime_math", {"column": "v", **config}, table=table) == columns


def test_now_is_one_time_for_a_run(run, session):
    config = {"operation": "now", "name": "at"}
    first = run("datetime_math", config, table={"a": [1, 2]})
    assert run("datetime_math", config, table={"a": [1, 2]}) == first
    assert first == [(1, session.opened), (2, session.opened)]
    assert abs(session.opened - dt.datetime.now(UTC)) < dt.timedelta(minutes=5)


REFUSED = [
    ({"operation": "add", "amount": 1}, "invalid_config", "/config/unit"),
    ({"operation": "add", "unit": "day"}, "invalid_config", "/config/amount"),
    ({"operation": "add", "unit": "year", "amount": 10**9}, "invalid_config", "/config/amount"),
    ({"operation": "subtract", "unit": "day", "amount": -(10**9)}, "invalid_config", "/config/amount"),
    ({"operation": "add", "unit": "day", "amount": 1, "amount_column": "n"}, "invalid_config", "/config/amount"),
    ({"operation": "truncate", "unit": "day", "amount": 1}, "invalid_config", "/config/amount"),
    ({"operation": "add", "unit": "day", "amount": 1, "part": "day"}, "invalid_config", "/config/part"),
    ({"operation": "difference", "unit": "day", "name": "x"}, "invalid_config", "/config/other"),
    ({"operation": "extract", "part": "day"}, "invalid_config", "/config/name"),
    ({"operation": "now", "name": "x"}, "invalid_config", "/config/column"),
    ({"operation": "add", "unit": "dya", "amount": 1}, "invalid_config", "/config/unit"),
    ({"column": "n", "operation": "truncate", "unit": "day"}, "type_mismatch", "/config/column"),
    ({"operation": "add", "unit": "day", "amount_column": "f"}, "type_mismatch", "/config/amount_column"),
    ({"operation": "truncate", "unit": "hour"}, "type_mismatch", "/config/unit"),
    ({"column": "t", "operation": "truncate", "unit": "day"}, "type_mismatch", "/config/unit"),
    ({"column": "t", "operation": "add", "unit": "day", "amount": 1}, "type_mismatch", "/config/unit"),
    ({"operation": "extract", "part": "hour", "name": "x"}, "type_mismatch", "/config/part"),
    ({"column": "t", "operation": "extract", "part": "epoch", "name": "x"}, "type_mismatch", "/config/part"),
    ({"operation": "difference", "other": "n", "unit": "day", "name": "x"}, "type_mismatch", "/config/other"),
    ({"operation": "difference", "other": "z", "unit": "day", "name": "x"}, "type_mismatch", "/config/other"),
    ({"operation": "truncate", "unit": "day", "zone": "Mars"}, "invalid_config", "/config/zone"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = [{"v": D(2024, 1, 1), "t": T(1), "n": 1, "f": 1.5, "z": TS(2024, 1, 1, tzinfo=UTC)}]
    assert run.refuses("datetime_math", {"column": "v", **config}, table=table)[:2] == (code, path)


MOMENTS = st.datetimes(TS(1950, 1, 1), TS(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
FREQUENCY = {"year": "Y", "quarter": "Q", "month": "M", "week": "W-SUN", "day": "D", "hour": "h", "minute": "min"}


@settings(deadline=None, max_examples=60)
@given(MOMENTS, st.integers(-500, 500), st.sampled_from(["year", "month", "week", "day", "hour", "minute", "second"]))
def test_agrees_with_pandas(moment, amount, unit):
    dates = Dates("v", "TIMESTAMP", "UTC")
    later = pandas.Timestamp(moment) + pandas.DateOffset(**{f"{unit}s": amount})
    query = f"SELECT {dates.moved('+', f'({amount})', unit)}, {dates.truncated(unit)} FROM (SELECT ?::TIMESTAMP AS v)"
    moved, begun = connection().execute(query, [moment]).fetchall()[0]
    assert moved == later.to_pydatetime()
    if unit in FREQUENCY:
        assert begun == pandas.Timestamp(moment).to_period(FREQUENCY[unit]).start_time.to_pydatetime()

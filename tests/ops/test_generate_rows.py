import datetime as dt

import pytest

D, TS = dt.date, dt.datetime
NUMBERS = [
    ({"count": 3}, [1, 2, 3]),
    ({"count": 0}, []),
    ({"count": 3, "start": 0, "step": -10}, [0, -10, -20]),
    ({"count": 2, "start": 7, "step": 0}, [7, 7]),
]


@pytest.mark.parametrize(("config", "numbers"), NUMBERS)
def test_numbers(run, config, numbers):
    assert run("generate_rows", config) == [(n,) for n in numbers]


def dates(first, last, unit="day", step=1):
    return {"dates": {"first": first, "last": last, "unit": unit, "step": step}}


DATES = [
    (dates("2024-02-28", "2024-03-01"), "DATE", [D(2024, 2, 28), D(2024, 2, 29), D(2024, 3, 1)]),
    (dates("2024-02-28", "2024-02-28"), "DATE", [D(2024, 2, 28)]),
    (dates("2024-01-31", "2024-04-30", "month"), "DATE", 
     [D(2024, 1, 31), D(2024, 2, 29), D(2024, 3, 31), D(2024, 4, 30)]),
    (dates("2024-01-31", "2024-04-29", "month"), "DATE", [D(2024, 1, 31), D(2024, 2, 29), D(2024, 3, 31)]),
    (dates("2020-02-29", "2024-02-29", "year", 2), "DATE", [D(2020, 2, 29), D(2022, 2, 28), D(2024, 2, 29)]),
    (dates("2024-01-01", "2024-01-20", "week", 2), "DATE", [D(2024, 1, 1), D(2024, 1, 15)]),
    (dates("2024-01-01", "2024-01-02", "hour", 10), "TIMESTAMP", 
     [TS(2024, 1, 1), TS(2024, 1, 1, 10), TS(2024, 1, 1, 20)]),
    (dates("2024-01-01T12:00:00", "2024-01-02 11:59"), "TIMESTAMP", [TS(2024, 1, 1, 12)]),
    (dates("2024-01-01", "2024-01-01T00:00:00.002", "millisecond"), "TIMESTAMP", 
     [TS(2024, 1, 1, 0, 0, 0, 1000 * n) for n in range(3)]),
    (dates("0001-01-01", "9999-12-31", "year", 10**9), "DATE", [D(1, 1, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "kind", "days"), DATES)
def test_dates(run, config, kind, days):
    config = {**config, "column": "a day"}
    assert run.columns("generate_rows", config) == [("a day", kind)]
    assert run("generate_rows", config) == [(day,) for day in days]


def test_every_day_month_and_year_of_a_century(run):
    for unit, count in (("day", 36525), ("month", 1200), ("year", 100), ("quarter", 400)):
        made = [day for (day,) in run("generate_rows", dates("1901-01-01", "2000-12-31", unit))]
        assert (len(made), made[0]) == (count, D(1901, 1, 1))
        assert made == sorted(set(made))


def test_further_columns(run):
    columns = [{"name": "b", "expression": "n + 1"}, {"name": "c", "expression": "b * n", "type": "DOUBLE"}]
    assert run("generate_rows", {"count": 2, "columns": columns}) == [(1, 2, 2.0), (2, 3, 6.0)]
    assert run.columns("generate_rows", {"count": 2, "columns": columns})[0] == ("n", "BIGINT")


REFUSED = [
    ({}, "invalid_config", "/config/count"),
    ({"count": 1, **dates("2024-01-01", "2024-01-01")}, "invalid_config", "/config/count"),
    ({"count": -1}, "invalid_config", "/config/count"),
    (dates("2024-01-02", "2024-01-01"), "invalid_config", "/config/dates/last"),
    (dates("yesterday", "2024-01-01"), "invalid_config", "/config/dates/first"),
    (dates("2024-01-01T00:00:00Z", "2024-01-02"), "invalid_config", "/config/dates/first"),
    (dates(5, "2024-01-01"), "invalid_config", "/config/dates/first"),
    (dates("0001-01-01", "2024-01-01", "second"), "invalid_config", "/config/dates/step"),
    (dates("2024-01-01", "2024-01-01", step=0), "invalid_config", "/config/dates/step"),
    ({"count": 1, "columns": [{"name": "b", "expression": "m"}]}, "unknown_column", "/config/columns/0/expression"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("generate_rows", config)[:2] == (code, path)

import datetime as dt

import pytest

MOMENT = dt.datetime(2024, 7, 1, 22, 5, 6, 70, tzinfo=dt.UTC)
WALL = MOMENT.replace(tzinfo=None)
CASES = [
    ([dt.date(2024, 2, 9), None], {"format": "%d.%m.%y %-d %%z"}, ["09.02.24 9 %z", None]),
    ([dt.date(2024, 2, 9)], {"format": "%H:%M, %A"}, ["00:00, Friday"]),
    ([dt.date(2024, 12, 30)], {"format": "%G-W%V-%u"}, ["2025-W01-1"]),
    ([WALL, None], {"format": "%Y-%m-%dT%H:%M:%S.%f"}, ["2024-07-01T22:05:06.000070", None]),
    ([WALL], {"format": 'it\'s {} "%Y"'}, ['it\'s {} "2024"']),
    ([dt.time(9, 5), None], {"format": "%-I.%M %p"}, ["9.05 AM", None]),
    ([MOMENT, None], {"format": "%H:%M%z"}, ["22:05+00:00", None]),
    ([MOMENT, None], {"format": "%d %H:%M %z %Z", "zone": "Europe/Zurich"}, ["02 00:05 +02:00 Europe/Zurich", None]),
    ([MOMENT], {"format": "%z%z", "zone": "America/St_Johns"}, ["-02:30-02:30"]),
    ([MOMENT], {"format": "%Z", "zone": "asia/kolkata"}, ["Asia/Kolkata"]),
    ([MOMENT, None], {"format": "x%%z", "zone": "Asia/Kolkata"}, ["x%z", None]),
    ([dt.datetime(1888, 1, 1, tzinfo=dt.UTC)], {"format": "%Y", "zone": "Europe/Zurich"}, ["1888"]),
]


@pytest.mark.parametrize(("values", "config", "expected"), CASES)
def test_writes(run, values, config, expected):
    table = {"v": values}
    assert [row[0] for row in run("format_datetime", {"columns": ["v"], **config}, table=table)] == expected
    named = run("format_datetime", {"columns": ["v"], "name": "text", **config}, table=table)
    assert [row[1] for row in named] == expected
    assert run.columns("format_datetime", {"columns": ["v"], **config}, table=table) == [("v", "VARCHAR")]


def test_several_columns(run):
    table = [{"a": dt.date(2024, 1, 2), "n": 1, "b": MOMENT}]
    config = {"columns": ["b", "a"], "format": "%d %H", "zone": "Asia/Tokyo"}
    assert run("format_datetime", config, table=table) == [("02 00", 1, "02 07")]


REFUSED = [
    ({"columns": ["d", "n"]}, "type_mismatch", "/config/columns/1"),
    ({"columns": ["t"]}, "type_mismatch", "/config/columns/0"),
    ({"format": "%Q"}, "invalid_config", "/config/format"),
    ({"format": ""}, "invalid_config", "/config/format"),
    ({"format": "%H%z"}, "type_mismatch", "/config/format"),
    ({"columns": ["c"]}, "type_mismatch", "/config/format"),
    ({"zone": "UTC"}, "type_mismatch", "/config/zone"),
    ({"zone": "Mars"}, "invalid_config", "/config/zone"),
    ({"columns": ["d", "c"], "name": "x"}, "invalid_config", "/config/name"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = [{"d": dt.date(2024, 1, 1), "c": dt.time(1), "n": 1, "t": "2024-01-01"}]
    config = {"columns": ["d"], "format": "%Y", **config}
    assert run.refuses("format_datetime", config, table=table)[:2] == (code, path)

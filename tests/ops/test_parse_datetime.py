import datetime as dt

import pytest
from feeds import ROWS

FEED = {"table": f"SELECT * REPLACE (day::VARCHAR AS day) FROM ({ROWS})"}
UTC = dt.UTC


def parsed(run, formats, values, type_="TIMESTAMP", **config):
    """The values read, and the texts that were rejected."""
    made = run("parse_datetime", {"columns": ["t"], "formats": formats, "to": type_, **config}, table={"t": values})
    return [row[0] for row in made["result"]], [row[0] for row in made["rejected"]]


DAY, MOMENT = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 15, 30)
CASES = [
    (["%Y-%m-%d"], "DATE", {}, ["2024-02-29", None], [DAY, None], []),
    (["%d.%m.%Y"], "DATE", {}, ["29.02.2024", "30.02.2024", "2024-02-29", "", " "], [DAY], 
     ["30.02.2024", "2024-02-29", "", " "]),
    (["%d.%m.%Y", "%m/%d/%y", "%Y"], "DATE", {}, ["2024", "02/29/24", "29.2.2024"], 
     [dt.date(2024, 1, 1), DAY, DAY], []),
    (["%d/%m/%Y", "%m/%d/%Y"], "DATE", {}, ["03/02/2024", "02/29/2024"], [dt.date(2024, 2, 3), DAY], []),
    (["%H.%M", "%I:%M %p"], "TIME", {}, ["15.30", "03:30 PM"], [dt.time(15, 30)] * 2, []),
    (["%H:%M"], "TIMESTAMP", {}, ["15:30"], [dt.datetime(1900, 1, 1, 15, 30)], []),
    (["%Y%m%dT%H%M"], "TIMESTAMP", {}, ["20240229T1530"], [MOMENT], []),
    (["%Y%m%d"], "TIMESTAMP", {}, ["infinity", "-Infinity", " epoch ", "20240229"], [dt.datetime(2024, 2, 29)], 
     ["infinity", "-Infinity", " epoch "]),
    (["%Y%m%d %H%M"], "TIMESTAMPTZ", {}, ["20240229 1530"], [MOMENT.replace(tzinfo=UTC)], []),
    (["%Y%m%d %H%M"], "TIMESTAMPTZ", {"zone": "Europe/Zurich"}, ["20240229 1630", "20240729 1630"], 
     [MOMENT.replace(tzinfo=UTC), dt.datetime(2024, 7, 29, 14, 30, tzinfo=UTC)], []),
    (["%Y%m%d %H%M"], "TIMESTAMPTZ", {"zone": "Europe/Zurich"}, ["20240331 0230", "20241027 0230"], 
     [dt.datetime(2024, 3, 31, 1, 30, tzinfo=UTC), dt.datetime(2024, 10, 27, 1, 30, tzinfo=UTC)], []),
    (["%Y%m%d %H%M%z", "%Y%m%d %H%M", "%Y%m%d %H%M %Z"], "TIMESTAMPTZ", {"zone": "Asia/Tokyo"}, 
     ["20240229 1730+02:00", "20240301 0030", "20240229 1630 Europe/Zurich"], [MOMENT.replace(tzinfo=UTC)] * 3, []),
    (["%Y%m%d %H%M%z"], "TIMESTAMP", {"zone": "Asia/Tokyo"}, ["20240229 0830+0200"], [MOMENT], []),
    (["%Y%m%d %H%M%z"], "DATE", {"zone": "Asia/Tokyo"}, ["20240228 1730+0000"], [DAY], []),
    (["%Y-%m-%dT%H%z"], "TIMESTAMPTZ", {}, ["2024-02-29T15Z", "2024-02-29T17+02:00", "2024-02-29T17-99:99"],
     [dt.datetime(2024, 2, 29, 15, tzinfo=UTC)] * 2, ["2024-02-29T17-99:99"]),
    (["%Y-%j"], "DATE", {}, ["2024-60", "2024-060", "2023-366"], [DAY, DAY], ["2023-366"]),
    (["%G-W%V-%u"], "DATE", {}, ["2024-W09-4", "2023-W53-1"], [DAY], ["2023-W53-1"]),
    (["%a %Y-%m-%d"], "DATE", {}, ["thu 2024-2-29", "Fri 2024-02-29"], [DAY], ["Fri 2024-02-29"]),
    (["%A, %d %B %Y"], "DATE", {}, ["Thursday,  29 February 2024"], [DAY], []),
    (["%Y 'x' {} %%"], "DATE", {}, ["2024 'x' {} %"], [dt.date(2024, 1, 1)], []),
]  # fmt: skip


@pytest.mark.parametrize(("formats", "type_", "config", "values", "expected", "rejected"), CASES)
def test_reads(run, formats, type_, config, values, expected, rejected):
    assert parsed(run, formats, values, type_, **config) == (expected, rejected)


TYPES = [("DATE", "DATE"), ("TIME", "TIME"), ("TIMESTAMP", "TIMESTAMP"), ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")]


@pytest.mark.parametrize(("type_", "kind"), TYPES)
@pytest.mark.parametrize("formats", [["%Y"], ["%Y%z"], ["%Y", "%H%Z"], ["%Y.%n"]])
def test_columns(run, type_, kind, formats):
    config = {"columns": ["t"], "formats": formats, "to": type_}
    assert run.columns("parse_datetime", config, table=[{"t": "x", "n": 1}]) == [("t", kind), ("n", "BIGINT")]
    named = {**config, "name": "made"}
    assert run.columns("parse_datetime", named, table=[{"t": "x"}]) == [("t", "VARCHAR"), ("made", kind)]
    assert run.columns("parse_datetime", named, "rejected", table=[{"t": "x"}])[0] == ("t", "VARCHAR")


def test_says_what_was_rejected(run):
    table = [{"a": "2024", "b": "x" * 200}, {"a": "y", "b": None}, {"a": None, "b": "2024"}]
    made = run("parse_datetime", {"columns": ["a", "b"], "formats": ["%Y"], "to": "DATE"}, table=table)
    assert made["result"] == [(None, dt.date(2024, 1, 1))]
    assert [row[2:] for row in made["rejected"]] == [
        ("not_a_datetime", f"b: {'x' * 100} fits none of the formats."),
        ("not_a_datetime", "a: y fits none of the formats."),
    ]


REFUSED = [
    ({"columns": ["t", "n"]}, "type_mismatch", "/config/columns/1"),
    ({"formats": ["%Y", "%Q"]}, "invalid_config", "/config/formats/1"),
    ({"formats": []}, "invalid_config", "/config/formats"),
    ({"formats": [""]}, "invalid_config", "/config/formats/0"),
    ({"to": "VARCHAR"}, "invalid_config", "/config/to"),
    ({"zone": "Europe/Zürich"}, "invalid_config", "/config/zone"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    config = {"columns": ["t"], "formats": ["%Y"], **config}
    assert run.refuses("parse_datetime", config, table=[{"t": "a", "n": 1}])[:2] == (code, path)


def test_names_the_nearest_zone(run):
    config = {"columns": ["t"], "formats": ["%Y"], "zone": "Europe/Zürich"}
    message = run.refuses("parse_datetime", config, table=[{"t": "a"}])[2]
    assert message == "There is no time zone 'Europe/Zürich'. Did you mean 'Europe/Zurich'?"

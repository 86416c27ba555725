import pytest
from spatial_tables import geo

ALL = {"code": "c", "name": "n", "unit": "u"}
CASES = [
    ("EPSG:4326", ALL, ["EPSG:4326", "WGS 84", "degree"]),
    ("EPSG:3857", {}, ["EPSG:3857"]),
    ("EPSG:2263", {"code": None, "unit": "u"}, ["US survey foot"]),
    ("+proj=laea +lat_0=50 +lon_0=10 +ellps=GRS80", {"code": "c"}, ["unknown"]),
    (None, ALL, [None, None, None]),
]


@pytest.mark.parametrize(("crs", "config", "expected"), CASES)
def test_is_in_every_row(run, crs, config, expected):
    made = run("crs_of", config, table=geo("POINT (1 2)", None, crs=crs))
    assert [list(row[2:]) for row in made] == [expected] * 2


def test_the_definition_is_read_again(run):
    (row,) = run("crs_of", {"definition": "wkt"}, table=geo("POINT (1 2)", crs="EPSG:25832"))
    assert run("set_crs", {"crs": row[-1]}, table=geo("POINT (1 2)", crs=None))
    assert row[-1].startswith("PROJCRS[")


REFUSED = [
    ({"code": None}, geo(), "invalid_config", "/config/code"),
    ({"code": "ID"}, geo(), "duplicate_column", "/config/code"),
    ({"code": "a", "name": "A"}, geo(), "duplicate_column", "/config/name"),
    ({}, "SELECT 1 AS a", "missing_geometry", None),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses(run, config, table, code, path):
    assert run.refuses("crs_of", config, table=table)[:2] == (code, path)

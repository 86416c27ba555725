import pytest
from spatial_tables import geo, shapes

from orchestrator.schema import columns

CASES = [
    ("EPSG:4326", "EPSG:25832", "EPSG:25832"),
    (None, "EPSG:4326", "EPSG:4326"),
    ("EPSG:4326", None, None),
    (None, None, None),
    ("EPSG:3857", "+proj=longlat +ellps=WGS84", "unknown"),
]


@pytest.mark.parametrize(("before", "crs", "after"), CASES)
def test_says_another(run, before, crs, after):
    made = run.relations("set_crs", {"crs": crs}, table=geo("POINT (1 2)", None, "POINT EMPTY", crs=before))["result"]
    assert [(each.name, each.crs) for each in columns(made)] == [("id", None), ("geometry", after)]
    assert [None if each is None else each.wkt for each in shapes(made)] == ["POINT (1 2)", None, "POINT EMPTY"]


def test_the_first_geometry_column_alone(run):
    table = f"SELECT *, geometry AS other FROM ({geo('POINT (1 2)')})"
    made = run.relations("set_crs", {"crs": "EPSG:4326"}, table=table)["result"]
    assert [each.crs for each in columns(made)] == [None, "EPSG:4326", "EPSG:3857"]


REFUSED = [
    ({"crs": "EPSG:99999"}, geo(), "invalid_crs", "/config/crs"),
    ({}, geo(), "invalid_config", "/config/crs"),
    ({"crs": "EPSG:4326"}, "SELECT 1 AS a", "missing_geometry", None),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses(run, config, table, code, path):
    assert run.refuses("set_crs", config, table=table)[:2] == (code, path)

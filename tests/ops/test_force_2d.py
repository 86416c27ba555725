import pytest
import shapely
from spatial_tables import geo, shapes

from orchestrator.schema import columns

FORCED = [
    ({}, "POINT Z (1 2 3)", "POINT (1 2)"),
    ({}, "POINT (1 2)", "POINT (1 2)"),
    ({}, "LINESTRING ZM (0 0 1 2, 3 4 5 6)", "LINESTRING (0 0, 3 4)"),
    ({}, "POLYGON Z EMPTY", "POLYGON EMPTY"),
    ({}, None, None),
    ({"dimensions": 3, "z": 5}, "LINESTRING (0 0, 1 1)", "LINESTRING Z (0 0 5, 1 1 5)"),
    ({"dimensions": 3}, "POINT (1 2)", "POINT Z (1 2 0)"),
    ({"dimensions": 3, "z": 5}, "POINT Z (1 2 3)", "POINT Z (1 2 3)"),
    ({"dimensions": 3, "z": 5}, "POINT ZM (1 2 3 4)", "POINT Z (1 2 3)"),
    ({"dimensions": 3, "z": 5}, "POINT M (1 2 4)", "POINT Z (1 2 5)"),
    ({"dimensions": 3, "z": 5, "replace": True}, "POINT ZM (1 2 3 4)", "POINT Z (1 2 5)"),
    ({"dimensions": 3, "z": 5}, None, None),
]


@pytest.mark.parametrize(("config", "shape", "expected"), FORCED)
def test_forces(run, config, shape, expected):
    made = run.relations("force_2d", config, table=geo(shape))["result"]
    (found,) = shapes(made)
    assert getattr(found, "wkt", None) == (expected and shapely.from_wkt(expected).wkt)
    assert columns(made)[1].crs == "EPSG:3857"


def test_heights_in_a_column(run):
    heights = "[1, NULL, 'nan'::DOUBLE, 4, 5][id + 1] AS h"
    table = f"SELECT *, {heights} FROM ({geo(*['POINT (0 0)'] * 3, 'POINT Z (0 0 9)', None)})"
    made = run.relations("force_2d", {"dimensions": 3, "z": "H"}, table=table)["result"]
    assert [each and each.wkt for each in shapes(made)] == [
        "POINT Z (0 0 1)", "POINT (0 0)", "POINT (0 0)", "POINT Z (0 0 9)", None,
    ]  # fmt: skip
    assert made.columns == ["id", "geometry", "h"]


REFUSED = [
    ({}, "SELECT 1 AS a", "missing_geometry", None),
    ({"dimensions": 3, "z": "h"}, geo("POINT (1 2)"), "unknown_column", "/config/z"),
    ({"dimensions": 3, "z": "geometry"}, geo("POINT (1 2)"), "type_mismatch", "/config/z"),
    ({"dimensions": 4}, geo("POINT (1 2)"), "invalid_config", "/config/dimensions"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("force_2d", config, table=table)[:2] == (code, path)

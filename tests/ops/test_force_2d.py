import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from random_shapes import SHAPES, same, stored, told
from spatial_tables import geo, shapes

from orchestrator.ops.base import Context
from orchestrator.ops.force_2d import Force2d
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
    (
        {"dimensions": 3, "z": 5},
        "GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), MULTIPOINT EMPTY, POINT (1 1))",
        "GEOMETRYCOLLECTION Z (POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5)), MULTIPOINT Z EMPTY, POINT Z (1 1 5))",
    ),
    (
        {"dimensions": 3, "z": 5},
        "GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POINT (1 2), MULTIPOINT EMPTY), GEOMETRYCOLLECTION EMPTY)",
        "GEOMETRYCOLLECTION Z (GEOMETRYCOLLECTION Z (POINT Z (1 2 5), MULTIPOINT Z EMPTY), GEOMETRYCOLLECTION Z EMPTY)",
    ),
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


@settings(max_examples=100, deadline=None)
@given(SHAPES, st.sampled_from([2, 3]), st.booleans(), st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6)))
def test_against_shapely(opened, shapes, dimensions, replace, z):
    def forced(shape):
        if dimensions == 3 and shape.has_z and not replace:
            return shape
        flat = shapely.force_2d(shape)
        return flat if dimensions == 2 else shapely.force_3d(flat, z)

    node = Force2d(dimensions=dimensions, z=z, replace=replace)
    made = node.call({"table": stored(opened, shapes)}, Context(opened, None))["result"]
    found = told(made)
    assert [number for number, _ in found] == list(range(len(shapes)))
    for shape, (_, other) in zip(shapes, found, strict=True):
        assert same(other, None if shape is None else forced(shape))

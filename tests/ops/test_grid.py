import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from random_shapes import NUMBER, SHAPES, SIDE, stored
from running import as_node_error
from spatial_tables import geo, shapes

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.grid import Grid
from orchestrator.registry import node_type
from orchestrator.schema import columns

BOUNDS = [0, 0, 10, 5]


def made(run, config, table=None):
    given = {"table": table and run.session.connection.sql(table)}
    return node_type("grid").configure(config).call(given, run.context)["result"]


def test_squares(run):
    found = made(run, {"size": 5, "bounds": BOUNDS, "crs": "EPSG:3857"})
    assert [(each.name, each.type, each.crs) for each in columns(found)] == [
        ("row", "BIGINT", None), ("column", "BIGINT", None), ("geometry", "GEOMETRY", "EPSG:3857"),
    ]  # fmt: skip
    assert found.project('"row", "column"').fetchall() == [(0, 0), (0, 1)]
    assert [each.bounds for each in shapes(found)] == [(0, 0, 5, 5), (5, 0, 10, 5)]


COUNTS = [(5, 2), (4.9, 6), (100, 1), (0.1, 5000), (10 / 3, 6)]


@pytest.mark.parametrize(("size", "count"), COUNTS)
def test_how_many(run, size, count):
    assert len(made(run, {"size": size, "bounds": BOUNDS}).fetchall()) == count


@pytest.mark.parametrize("shape", ["squares", "hexagons"])
@pytest.mark.parametrize("size", [0.7, 1, 3.3, 5, 40])
@pytest.mark.parametrize("bounds", [BOUNDS, [-3, 2, -2, 40]])
def test_covers_all_without_overlap(run, shape, size, bounds):
    cells = shapes(made(run, {"size": size, "shape": shape, "bounds": bounds}))
    whole = shapely.union_all(cells)
    assert whole.buffer(1e-9).covers(shapely.box(*bounds))
    assert whole.area == pytest.approx(shapely.area(cells).sum())
    assert all(each.is_valid and shapely.is_ccw(each.exterior) for each in cells)
    across = cells[0].bounds[2] - cells[0].bounds[0]
    assert across == pytest.approx(size)
    assert cells[0].area == pytest.approx(size**2 * (1 if shape == "squares" else 3**0.5 / 2))


@pytest.mark.parametrize("shape", ["squares", "hexagons"])
def test_neighbours_share_their_vertices(run, shape):
    """To the last bit: of these GEOS lost a hexagon when it merged them, while there were gaps between."""
    bounds = [-2.5271525961167396, 2.573620123571221, 2.726163503831625, 3.4595734393204065]
    cells = shapes(made(run, {"size": 0.6689604212939787, "shape": shape, "bounds": bounds}))
    assert shapely.coverage_is_valid(cells)
    assert shapely.union_all(cells).area == pytest.approx(shapely.area(cells).sum(), rel=1e-12)


def test_hexagons_are_numbered_by_row_and_column(run):
    found = made(run, {"size": 2, "shape": "hexagons", "bounds": [0, 0, 3, 3]})
    places = found.project('"row", "column"').fetchall()
    assert places == sorted(places)
    first, second, above = (shapes(found)[places.index(at)].centroid for at in [(0, 0), (0, 1), (1, 0)])
    assert (first.x, first.y) == pytest.approx((0, 0), abs=1e-12)
    assert (second.x, above.x, above.y) == pytest.approx((2, 1, 3**0.5))


def test_the_extent_of_the_geometry(run):
    found = made(run, {"size": 2}, geo("POINT (1 1)", None, "POINT EMPTY", "LINESTRING (3 2, 4 4)", crs="EPSG:25832"))
    assert columns(found)[2].crs == "EPSG:25832"
    assert [each.bounds for each in shapes(found)] == [(1, 1, 3, 3), (3, 1, 5, 3), (1, 3, 3, 5), (3, 3, 5, 5)]


@pytest.mark.parametrize("table", [geo(), geo(None), geo("POINT EMPTY")])
@pytest.mark.parametrize("config", [{"size": 1}, {"size": 1, "touching": True}])
def test_nothing_to_cover(run, table, config):
    assert run("grid", config, table=table) == []


def test_a_point_alone(run):
    assert [each.bounds for each in shapes(made(run, {"size": 2}, geo("POINT (1 1)")))] == [(1, 1, 3, 3)]


TOUCHING = [
    ("LINESTRING (0.5 0.5, 2.5 0.5)", [(0, 0), (0, 1), (0, 2)]),
    ("POINT (1 1)", [(0, 0), (0, 1), (1, 0), (1, 1)]),
    ("POLYGON ((2.2 2.2, 2.8 2.2, 2.8 2.8, 2.2 2.2))", [(2, 2)]),
    ("POINT (9 9)", []),
]


@pytest.mark.parametrize(("shape", "cells"), TOUCHING)
def test_only_cells_that_a_shape_touches(run, shape, cells):
    config = {"size": 1, "bounds": [0, 0, 3, 3], "touching": True}
    assert made(run, config, geo(shape, None)).project('"row", "column"').fetchall() == cells


REFUSED = [
    ({"size": 0, "bounds": BOUNDS}, None, "invalid_config", "/config/size"),
    ({"size": 1}, None, "invalid_config", "/config/bounds"),
    ({"size": 1, "bounds": [0, 0, 0, 0]}, None, "invalid_config", "/config/bounds"),
    ({"size": 1, "bounds": BOUNDS, "touching": True}, None, "invalid_config", "/config/touching"),
    ({"size": 1, "crs": "EPSG:4326"}, geo(), "invalid_config", "/config/crs"),
    ({"size": 1}, "SELECT 1 AS a", "missing_geometry", None),
    ({"size": 0.001, "bounds": BOUNDS}, None, "out_of_range", "/config/size"),
    ({"size": 1e-300, "bounds": BOUNDS}, None, "out_of_range", "/config/size"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses(run, config, table, code, path):
    with pytest.raises((NodeError, ValidationError)) as caught:
        made(run, config, table)
    problem = as_node_error(caught.value)
    assert (problem.code, problem.path) == (code, path)


EXTENT = st.one_of(
    st.none(), st.builds(lambda x, y, wide, high: [x, y, x + wide, y + high], NUMBER, NUMBER, SIDE, SIDE)
)


@settings(max_examples=100, deadline=None)
@given(SHAPES, EXTENT, st.sampled_from([0.5, 1, 1.5, 4, 7]), st.sampled_from(["squares", "hexagons"]), st.booleans())
def test_against_shapely(opened, given_shapes, bounds, size, shape, touching):
    there = [each for each in given_shapes if each is not None and not each.is_empty]
    extent = bounds or (shapely.total_bounds(there) if there else None)

    def cells(**more):
        node = Grid(size=size, shape=shape, bounds=bounds, **more)
        made = node.call({"table": stored(opened, given_shapes)}, Context(opened, None))["result"]
        rows = made.project('"row", "column", st_aswkb(geometry)').fetchall()
        return {(row, column): shapely.from_wkb(bytes(cell)) for row, column, cell in rows}

    whole = cells()
    if extent is None:
        assert whole == {}
    else:
        x, y, right, top = extent
        if shape == "squares":
            rows, across = (max(math.ceil(length / size), 1) for length in (top - y, right - x))
            expected = {
                (n, m): shapely.box(x + m * size, y + n * size, x + (m + 1) * size, y + (n + 1) * size)
                for n in range(rows)
                for m in range(across)
            }
            assert list(whole) == list(expected)
            assert all(cell.equals(expected[at]) for at, cell in whole.items())
        assert shapely.union_all(list(whole.values())).buffer(1e-9).covers(shapely.box(*extent))
    if touching and all(each.is_valid for each in there):  # what is invalid has no inside that all agree on
        met = {at for at, cell in whole.items() if any(shapely.intersects(cell, each) for each in there)}
        assert list(cells(touching=True)) == [at for at in whole if at in met]

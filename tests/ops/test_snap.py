import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from running import as_node_error
from spatial_tables import SHAPE, geo, shapes, table

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.snap import Snap
from orchestrator.registry import node_type

TARGET = geo("LINESTRING (0 0, 10 0)", None, "POLYGON ((20 0, 30 0, 30 10, 20 0))", "POINT (5 5)")
CASES = [
    ("vertices", 1, "POINT (0.5 0.5)", "POINT (0 0)"),
    ("vertices", 1, "POINT (4 0.5)", "POINT (4 0.5)"),
    ("edges", 1, "POINT (4 0.5)", "POINT (4 0)"),
    ("edges", 1, "POINT (9.5 0.5)", "POINT (10 0)"),
    ("edges", 1, "POINT (29.5 5)", "POINT (30 5)"),
    ("edges", 1, "POINT (4 1)", "POINT (4 0)"),
    ("edges", 1, "POINT (4 1.001)", "POINT (4 1.001)"),
    ("vertices", 1, "POINT (5 4.2)", "POINT (5 5)"),
    ("vertices", 1, "LINESTRING (0.1 0, 0 0.1, 3 3)", "LINESTRING (0 0, 3 3)"),
    ("vertices", 1, "LINESTRING (3 3, 3 3, 4 4)", "LINESTRING (3 3, 3 3, 4 4)"),
    ("vertices", 1, "LINESTRING Z (0.1 0 7, 3 3 8)", "LINESTRING Z (0 0 7, 3 3 8)"),
    ("vertices", 6, "POINT (5 0)", "POINT (0 0)"),
    ("edges", 1, "POINT EMPTY", "POINT EMPTY"),
    ("edges", 1, None, None),
]


@pytest.mark.parametrize(("to", "tolerance", "shape", "expected"), CASES)
def test_to_a_target(run, to, tolerance, shape, expected):
    made = run.relations("snap", {"to": to, "tolerance": tolerance}, table=geo(shape), target=TARGET)["result"]
    assert made.project("st_astext(geometry)").fetchall() == [(expected,)]


@pytest.mark.parametrize("target", [geo(), geo(None), geo("POINT EMPTY")])
@pytest.mark.parametrize("to", ["vertices", "edges"])
def test_to_nothing(run, to, target):
    made = run.relations("snap", {"to": to, "tolerance": 1}, table=geo("POINT (1 1)"), target=target)["result"]
    assert shapes(made) == [shapely.Point(1, 1)]


GRID = [
    ("POINT (1.26 -0.24)", "POINT (1.5 0)"),
    ("POINT Z (1.26 0.1 3)", "POINT Z (1.5 0 3)"),
    ("POLYGON ((0 0, 0.1 0, 0.1 0.1, 0 0))", "POLYGON EMPTY"),
    (None, None),
]


@pytest.mark.parametrize(("shape", "expected"), GRID)
def test_to_a_grid(run, shape, expected):
    given = {"table": run.session.connection.sql(geo(shape))}
    made = node_type("snap").configure({"grid_size": 0.5}).call(given, run.context)["result"]
    assert shapes(made) == [None if expected is None else shapely.from_wkt(expected)]


REFUSED = [
    ({}, geo(), None, "invalid_config", "/config/grid_size"),
    ({"grid_size": 1}, geo(), geo(), "invalid_config", "/config/tolerance"),
    ({"tolerance": 0}, geo(), geo(), "invalid_config", "/config/tolerance"),
    ({"tolerance": 1}, geo(), geo(crs="EPSG:4326"), "crs_mismatch", None),
    ({"tolerance": 1}, "SELECT 1 AS a", geo(), "missing_geometry", None),
]


@pytest.mark.parametrize(("config", "given", "target", "code", "path"), REFUSED)
def test_refuses(run, session, config, given, target, code, path):
    tables = {"table": session.connection.sql(given), "target": target and session.connection.sql(target)}
    with pytest.raises((NodeError, ValidationError)) as caught:
        node_type("snap").configure(config).call(tables, run.design)
    problem = as_node_error(caught.value)
    assert (problem.code, problem.path) == (code, path)


PLACE = st.tuples(st.integers(-8, 24), st.integers(-8, 24)).map(lambda at: (at[0] / 4 + 0.03, at[1] / 4 - 0.01))


@settings(max_examples=60, deadline=None)
@given(st.lists(PLACE, max_size=6), st.lists(SHAPE, max_size=4), st.sampled_from(["vertices", "edges"]))
def test_against_a_loop_over_shapely(opened, places, target, to):
    solid = [each for each in target if each]
    corners = shapely.get_coordinates(solid)
    tables = {
        "table": table(opened, [shapely.Point(at) for at in places], "a"),
        "target": table(opened, target, "b"),
    }
    made = shapes(Snap(to=to, tolerance=0.5).call(tables, Context(opened, None))["result"])
    for at, found in zip(places, made, strict=True):
        point = shapely.Point(at)
        apart = np.hypot(*(corners - at).T) if len(corners) else np.array([np.inf])
        edges = shapely.union_all([shapely.boundary(e) if e.geom_type == "Polygon" else e for e in solid])
        if apart.min() <= 0.5:
            assert shapely.distance(point, found) == pytest.approx(apart.min())
            assert shapely.get_coordinates(found).tolist()[0] in corners.tolist()
        elif to == "edges" and edges and point.distance(edges) <= 0.5:
            assert found.distance(edges) == pytest.approx(0, abs=1e-9)
            assert point.distance(found) == pytest.approx(point.distance(edges))
        else:
            assert found == point

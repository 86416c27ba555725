import decimal
import warnings

import geopandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import geo, shapes

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.overlay import Overlay

BOX = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
LEFT = geo(BOX, None, "POLYGON EMPTY", "POLYGON ((9 9, 10 9, 10 10, 9 9))", first="a")
RIGHT = geo("POLYGON ((2 0, 6 0, 6 4, 2 4, 2 0))", "POLYGON ((4 0, 5 0, 5 4, 4 4, 4 0))", None, first="b")
HOW = {
    "intersection": [(0, 0, 8)],
    "identity": [(0, 0, 8), (0, None, 8), (3, None, 0.5)],
    "union": [(0, 0, 8), (0, None, 8), (3, None, 0.5), (None, 0, 8), (None, 1, 4)],
    "symmetric_difference": [(0, None, 8), (3, None, 0.5), (None, 0, 8), (None, 1, 4)],
}


@pytest.mark.parametrize(("how", "expected"), HOW.items())
def test_pieces(run, how, expected):
    made = run.relations("overlay", {"how": how}, left=LEFT, right=RIGHT)["result"]
    areas = [each.area for each in shapes(made)]
    assert [(*row, area) for row, area in zip(made.project("a, b").fetchall(), areas, strict=True)] == expected
    assert made.columns == ["a", "geometry", "b"]


def test_difference_has_the_left_columns_alone(run):
    made = run.relations("overlay", {"how": "difference"}, left=LEFT, right=RIGHT)["result"]
    assert made.columns == ["a", "geometry"]
    assert [each.area for each in shapes(made)] == [8, 0.5]


def test_types_are_kept(run):
    left = f"SELECT 1.50::DECIMAL(9,2) AS d, DATE '2024-02-29' AS t, * FROM ({LEFT})"
    right = f"SELECT b, [1, 2] AS list, geometry AS a FROM ({RIGHT})"
    made = run.relations("overlay", {"how": "union"}, left=left, right=right)["result"]
    kinds = dict(zip(made.columns, [str(each)[:12] for each in made.types], strict=True))
    assert list(kinds.items()) == [
        ("d", "DECIMAL(9,2)"), ("t", "DATE"), ("a", "INTEGER"), ("geometry", "GEOMETRY('{\""), ("b", "INTEGER"),
        ("list", "INTEGER[]"),
    ]  # fmt: skip
    assert made.project("d, list").fetchall()[:2] == [
        (decimal.Decimal("1.50"), [1, 2]),
        (decimal.Decimal("1.50"), None),
    ]


def test_lines_over_areas(run):
    lines = geo("LINESTRING (-1 1, 7 1)", "LINESTRING (2 -1, 2 5)", "LINESTRING (-2 0, 0 0, 0 -2)", first="line")
    made = run.relations("overlay", {}, left=lines, right=geo(BOX, first="area"))["result"]
    assert made.project("line").fetchall() == [(0,), (1,)]
    assert [each.wkt for each in shapes(made)] == ["LINESTRING (0 1, 4 1)", "LINESTRING (2 0, 2 4)"]


COLUMNS = [
    ({"columns": []}, ["a", "geometry"]),
    ({"columns": ["b"]}, ["a", "geometry", "b"]),
    ({"columns": ["geometry"]}, ["a", "geometry", "geometry_right"]),
]


@pytest.mark.parametrize(("config", "expected"), COLUMNS)
def test_columns(run, config, expected):
    assert [name for name, _ in run.columns("overlay", config, left=LEFT, right=RIGHT)] == expected


BOWTIE = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
BROKEN = [(geo(None, BOWTIE), RIGHT, "left"), (LEFT, geo(None, BOWTIE), "right")]


@pytest.mark.parametrize(("left", "right", "port"), BROKEN)
def test_names_the_row(run, left, right, port):
    with pytest.raises(NodeError, match=f"Row 2 of the table at '{port}' has invalid geometry: Self-intersection"):
        run("overlay", {}, left=left, right=right)


REFUSED = [
    ({}, "SELECT 1 AS a", RIGHT, "missing_geometry", None),
    ({}, LEFT, geo(crs="EPSG:4326"), "crs_mismatch", None),
    ({"columns": ["c"]}, LEFT, RIGHT, "unknown_column", "/config/columns/0"),
    ({"suffix": ""}, LEFT, LEFT, "duplicate_column", "/config/suffix"),
    ({"how": "minus"}, LEFT, RIGHT, "invalid_config", "/config/how"),
]


@pytest.mark.parametrize(("config", "left", "right", "code", "path"), REFUSED)
def test_refuses(run, config, left, right, code, path):
    assert run.refuses("overlay", config, left=left, right=right)[:2] == (code, path)


SIDE = st.integers(0, 6)
AREA = st.one_of(
    st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), SIDE, SIDE, st.integers(1, 4), st.integers(1, 4)),
    st.builds(lambda x, y, r: shapely.Point(x, y).buffer(r, quad_segs=2), SIDE, SIDE, st.integers(1, 3)),
)
AREAS = st.lists(AREA, min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(AREAS, AREAS, st.sampled_from([*HOW, "difference"]))
def test_against_geopandas(opened, left, right, how):
    tables = {
        "left": opened.connection.sql(geo(*left, first="a")),
        "right": opened.connection.sql(geo(*right, first="b")),
    }
    made = Overlay(how=how).call(tables, Context(opened, None))["result"]
    keys = "a, NULL" if how == "difference" else "a, b"
    ours = {key: shape for key, shape in zip(made.project(keys).fetchall(), shapes(made), strict=True)}  # noqa: C416
    frames = [geopandas.GeoDataFrame({n: range(len(g))}, geometry=g) for n, g in (("a", left), ("b", right))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of pieces that it drops
        found = geopandas.overlay(*frames, how=how)
    theirs = {}
    for row in found.to_dict("records"):
        key = tuple(None if row.get(n) is None or row[n] != row[n] else int(row[n]) for n in "ab")
        theirs[key] = row["geometry"]
    small = {key for made in (ours, theirs) for key, shape in made.items() if shape.area < 1e-9}
    assert ours.keys() - small == theirs.keys() - small
    for key in ours.keys() - small:
        assert shapely.area(shapely.symmetric_difference(ours[key], theirs[key])) == pytest.approx(0, abs=1e-9)

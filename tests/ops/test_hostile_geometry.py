"""Geometry that libraries fail on, or end the process for: a sentence, a rejected row, or the right answer."""

import math

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.ops.measure import Measure

NEST = "GEOMETRYCOLLECTION ("
EMPTY_PART = "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), EMPTY)"


def geo(*shapes, crs=None):
    made = [f"'{shape}'::GEOMETRY" for shape in shapes]
    made = [f"st_setcrs({each}, '{projjson(crs)}')" for each in made] if crs else made
    return " UNION ALL ".join(f"SELECT {number} AS id, {each} AS geom" for number, each in enumerate(made))


@pytest.mark.parametrize("crs", ["OGC:CRS84", "OGC:CRS83", "EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize(
    ("kind", "config"), [("buffer", {"distance": 1}), ("centroid", {}), ("measure", {"length": "l"}), ("hull", {})]
)
def test_every_coordinate_system_that_duckdb_knows_by_name(run, kind, config, crs):
    points = {"x": [1.0], "y": [2.0]}
    made = run.relations("points_from_xy", {"x": "x", "y": "y", "crs": crs}, table=points)["result"]
    assert len(run(kind, config, table=made)) == 1


def test_densify_leaves_out_parts_that_are_empty(run):
    made = run("densify", {"length": 0.5}, table=geo(EMPTY_PART, "MULTIPOLYGON (EMPTY)", "POLYGON EMPTY"))
    assert len(made) == 3


@pytest.mark.parametrize(
    "text",
    [
        NEST * 20_000 + "POINT (1 1)" + ")" * 20_000,
        "0107000000 01000000".replace(" ", "") * 20_000 + "0101000000000000000000F03F000000000000F03F",
        '{"type": "GeometryCollection", "geometries": [' * 20_000 + "]}" * 20_000,
        '{"type": "MultiPolygon", "coordinates": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "POLYGON " + "(" * 100_000,
        NEST * 16 + "POINT (1 1)" + ")" * 16,
    ],
    ids=["wkt", "wkb", "geojson", "arrays", "brackets", "sixteen"],
)
def test_what_is_nested_too_deeply_is_rejected(run, text):
    rows = {"t": [text, NEST * 15 + "POINT (1 1)" + ")" * 15]}
    made = run("geometry_from_text", {"column": "t"}, table=rows)
    assert len(made["result"]) == 1
    assert [each[-1] for each in made["rejected"]] == ["It is nested too deeply."]


def test_text_that_geos_cannot_even_quote_is_rejected(run):
    made = run("geometry_from_text", {"column": "t", "format": "geojson"}, table={"t": ["é", "ü" * 200]})
    assert (len(made["result"]), len(made["rejected"])) == (0, 2)


def test_the_only_column_may_be_dropped(run):
    made = run("geometry_from_text", {"column": "t", "drop": True}, table={"t": ["POINT (1 2)", "POINT (3 4)"]})
    assert len(made["result"]) == 2


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))", "360° wide"),
        ("POLYGON ((-180 -60, 180 -60, 180 60, -180 60, -180 -60))", "360° wide"),
        ("LINESTRING (-179 0, 179 0)", "358° wide"),
        ("POINT (600 0)", "600° is no longitude"),
        ("POINT (540 0)", "540° is no longitude"),
    ],
)
def test_metres_around_half_the_earth_are_refused(run, shape, message):
    with pytest.raises(NodeError, match=message) as caught:
        run("buffer", {"distance": 100_000, "unit": "metre"}, table=geo(shape, crs="EPSG:4326"))
    assert caught.value.code == "out_of_bounds"


@pytest.mark.parametrize("lon", [200, 350, -359])
def test_metres_around_a_place_over_the_antimeridian(run, lon):
    made = run("buffer", {"distance": 100_000, "unit": "metre"}, table=geo(f"POINT ({lon} 0)", crs="EPSG:4326"))
    assert len(made) == 1


@pytest.mark.parametrize(
    ("shape", "target", "tolerance", "area"),
    [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "POINT (0.5 0.5)", 5, 0.0),
        ("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (5 5, 5.1 5, 5.1 5.1, 5 5))", "POINT (5.05 5)", 0.4, 100.0),
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((9 9, 12 9, 12 12, 9 9)))", "POINT (0.5 0.5)", 2, 4.5),
    ],
)
def test_an_area_that_snaps_to_one_place_goes(run, shape, target, tolerance, area):
    made = run.relations("snap", {"tolerance": tolerance}, table=geo(shape), target=geo(target))
    arrow = [each.project("st_aswkb(geom) AS geom").to_arrow_table().column("geom") for each in made.values()]
    found = sum(shapely.area(shapely.from_wkb(each.to_pylist())).sum() for each in arrow)
    assert found == pytest.approx(area)


def test_a_ring_that_is_one_place_has_repeated_points(run):
    table = geo("POLYGON ((0 0, 0 0, 0 0, 0 0))", "POINT (1 1)")
    made = run("validate_geometry", {"checks": ["repeated_points"]}, table=table)
    assert (len(made["failed"]), len(made["passed"])) == (1, 1)


def test_what_has_a_vertex_that_is_no_number_is_near_nothing(run):
    made = run("nearest", {}, base=geo("LINESTRING (0 0, NaN 1)"), candidate=geo("POINT (0 5)"))
    assert sorted(len(each) for each in made.values()) == [0, 1]


@pytest.mark.parametrize("config", [{"vertex": "index", "index": 10**30}, {"vertex": "index", "index": -(10**30)}])
def test_no_vertex_has_such_a_number(run, config):
    with pytest.raises(ValidationError):
        run("coordinates", config, table=geo("POINT (1 2)"))


@pytest.mark.parametrize("multiplier", [1e200, -1, 0, math.inf, math.nan])
def test_lengths_are_multiplied_by_what_is_possible(multiplier):
    with pytest.raises(ValidationError):
        Measure(area="a", multiplier=multiplier)


@pytest.mark.parametrize(("x", "text"), [(1e300, "1e+300"), (2683000.123456789, "2683000.123456789"), (0.125, "0.125")])
def test_rounding_to_many_decimals_loses_none(run, x, text):
    made = run("geometry_to_text", {"precision": 15}, table=geo(f"POINT ({x!r} 2)"))
    (row,) = made
    assert any(isinstance(value, str) and value.startswith(f"POINT ({text} 2") for value in row)


@pytest.mark.parametrize("how", ["intersection", "union"])
@pytest.mark.parametrize(
    ("inside", "dimension"), [("POINT (1 1)", 0), ("LINESTRING (1 1, 3 1)", 1), ("POINT (2 1)", 0)]
)
def test_overlay_keeps_what_lies_in_an_area(run, how, inside, dimension):
    area = "SELECT 1 AS a, 'POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))'::GEOMETRY AS geom"
    made = run.relations("overlay", {"how": how}, left=area, right=f"SELECT 7 AS r, '{inside}'::GEOMETRY AS geom")
    found = made["result"].project("a, r, st_aswkb(geom)").fetchall()
    pairs = [shapely.from_wkb(bytes(geom)) for a, r, geom in found if a and r]
    assert [shapely.get_dimensions(each) for each in pairs] == [dimension]
    assert ([a for a, r, _ in found if not r] == [1]) == (how == "union")


@pytest.mark.parametrize("shapes", [["POINT (1 2)"], ["POINT (1 2)", "POINT (2 2)"], ["POINT (1 2)", "POINT (2 3)"]])
def test_cells_without_a_margin_are_areas(run, shapes):
    made = run.relations("voronoi", {"margin": 0}, table=geo(*shapes))
    cells = made["result"].project("st_aswkb(geom)").fetchall()
    assert all(shapely.from_wkb(bytes(each[0])).area > 0 for each in cells)
    assert len(cells) == len(shapes)


SHAPED = [
    ("centroid", {}), ("centroid", {"center": "bounding_box"}), ("point_on_surface", {}), ("hull", {}),
    ("simplify", {"tolerance": 1}), ("densify", {"length": 1}), ("buffer", {}), ("bounding_box", {}),
    ("buffer", {"distance_from": "id"}),
    ("bounding_box", {"output": "columns"}), ("bounding_box", {"per": "group"}),
]  # fmt: skip


@pytest.mark.parametrize("odd", ["POINT (1 NaN)", "LINESTRING (1 1, NaN 40, 2 2)", "MULTIPOINT (1 1, inf 1)"])
@pytest.mark.parametrize(("kind", "config"), SHAPED)
def test_what_is_made_of_a_vertex_that_is_no_number_names_its_row(run, kind, config, odd):
    with pytest.raises(NodeError, match=r"Row 2 .* a coordinate is no number") as caught:
        run(kind, config, table=geo("POINT (0 0)", odd))
    assert (caught.value.code, caught.value.row) == ("invalid_geometry", 2)


@pytest.mark.parametrize("about", ["centroid", "center", "origin"])
def test_what_has_a_vertex_that_is_no_number_is_not_moved(run, about):
    with pytest.raises(NodeError, match="a coordinate is no number") as caught:
        run("affine", {"dx": 1, "about": about}, table=geo("POINT (0 0)", "LINESTRING (0 0, NaN 1)"))
    assert caught.value.row == 2


@pytest.mark.parametrize("node", [True, False])
def test_a_line_without_length_is_rejected(run, node):
    made = run("polygons_from_lines", {"node": node}, table=geo("LINESTRING (5 5, 5 5)"))
    assert [len(each) for each in made.values()] == [0, 1]


@pytest.mark.parametrize("text", ["POINT Z (1 2 inf)", "POINT Z (1 2 NaN)", "LINESTRING Z (0 0 1, 1 1 inf)"])
def test_a_height_that_is_no_number_is_rejected(run, text):
    made = run("geometry_from_text", {"column": "t"}, table={"t": [text, "POINT Z (1 2 3)", "POINT (1 2)"]})
    assert (len(made["result"]), len(made["rejected"])) == (2, 1)


def test_areas_of_points_that_are_too_far_apart(run):
    with pytest.raises(NodeError, match=r"\(1e\+200, 5\) in row 4 lies too far away") as caught:
        run("voronoi", {}, table=geo("POINT (0 0)", "POINT EMPTY", "POINT (1 1)", "POINT (1e200 5)"))
    assert caught.value.row == 4


def test_a_height_that_is_no_number_has_no_place_elsewhere(run):
    shapes = geo("POINT Z (1 2 3)", "POINT Z (1 2 NaN)", crs="EPSG:3857")
    with pytest.raises(NodeError, match=r"\(1, 2\) has the height nan, which is no number") as caught:
        run("reproject", {"to": "EPSG:4326"}, table=shapes)
    assert (caught.value.row, caught.value.code) == (2, "out_of_bounds")


@pytest.mark.parametrize(("text", "written"), [("POINT (NaN 1)", None), ("LINESTRING Z (0 0 1, 1 1 inf)", None)])
def test_geojson_has_no_word_for_what_is_no_number(run, text, written):
    assert [row[-1] for row in run("geometry_to_text", {"format": "geojson"}, table=geo(text))] == [written]


@pytest.mark.parametrize("odd", ["POINT (inf 1)", "LINESTRING (1 1, NaN 40)", "POINT (-inf NaN)"])
def test_what_has_a_vertex_that_is_no_number_is_not_covered_by_a_grid(run, odd):
    made = run("grid", {"size": 1}, table=geo("POINT (0 0)", odd, "POINT (2 2)"))
    assert [row[:2] for row in made] == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize("at", [(0, 0), (2_600_000, 1_200_000)])
def test_areas_of_points_that_rounding_parts(run, at):
    spots = np.random.default_rng(0).random((40, 2)) * 10 + at
    near = np.nextafter(spots, np.inf)
    made = run.relations("voronoi", {}, table=geo(*map(shapely.Point, np.concatenate([spots, near]).tolist())))
    cells = [shapely.from_wkb(bytes(each[0])) for each in made["result"].project("st_aswkb(geom)").fetchall()]
    assert all(cell.distance(shapely.Point(spot)) < 1e-6 for cell, spot in zip(cells, [*spots, *near], strict=True))
    whole = shapely.box(*shapely.total_bounds(cells))
    assert shapely.union_all(cells).area == pytest.approx(whole.area)

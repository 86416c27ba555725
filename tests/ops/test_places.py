"""What is measured on the ellipsoid has a place there, and what is measured on a plane lies in one: for every node."""

import pytest
from spatial_tables import geo

from orchestrator.errors import NodeError
from orchestrator.registry import node_type

METRES = [
    ("measure", {"length": "l", "method": "geodesic"}, ["table"]),
    ("measure", {"area": "a", "method": "geodesic"}, ["table"]),
    ("buffer", {"unit": "metre"}, ["table"]),
    ("buffer", {"unit": "metre", "distance_from": "id"}, ["table"]),
    ("densify", {"unit": "metre", "length": 1e6}, ["table"]),
    ("distance", {"unit": "metre"}, ["table", "other"]),
    ("nearest", {"unit": "metre"}, ["base", "candidate"]),
    ("spatial_join", {"unit": "metre", "predicate": "dwithin", "distance": 1}, ["left", "right"]),
    ("spatial_filter", {"unit": "metre", "predicate": "dwithin", "distance": 1}, ["candidate", "filter"]),
]
NOWHERE = [
    ("POINT (5 95)", "EPSG:4326", "a latitude of 95° is beyond 90°"),
    ("POINT (400 5)", "EPSG:4326", "400° is no longitude"),
    ("POINT (1e12 5)", "EPSG:4326", "1e\\+12° is no longitude"),
    ("POINT (5 101)", "EPSG:4807", "a latitude of 90.9° is beyond 90°"),
]


@pytest.mark.parametrize(("shape", "crs", "said"), NOWHERE)
@pytest.mark.parametrize(("kind", "config", "ports"), METRES)
def test_what_is_nowhere_is_refused_with_its_row(run, kind, config, ports, shape, crs, said):
    fine, wrong = geo("POINT (0 0)", crs=crs), geo("POINT (0 0)", None, shape, crs=crs)
    for port in ports:
        with pytest.raises(NodeError, match=f"Row 3 of the table at '{port}': {said}") as caught:
            run(kind, config, **{each: wrong if each == port else fine for each in ports})
        assert (caught.value.code, caught.value.port, caught.value.row) == ("out_of_bounds", port, 3)


@pytest.mark.parametrize(("kind", "config", "ports"), METRES)
def test_over_the_antimeridian_is_somewhere(run, kind, config, ports):
    table = geo("POINT (-360 90)", None, "POINT EMPTY", "POINT (360 -90)", crs="EPSG:4326")
    run(kind, config, **dict.fromkeys(ports, table))


FLAT = [
    *METRES,
    ("measure", {"length": "l"}, ["table"]),
    ("buffer", {}, ["table"]),
    ("distance", {}, ["table", "other"]),
    ("distance", {"to": "geometry"}, ["table"]),
    ("nearest", {}, ["base", "candidate"]),
    ("spatial_join", {}, ["left", "right"]),
    ("spatial_filter", {}, ["candidate", "filter"]),
    ("clip", {}, ["table", "clipper"]),
    ("overlay", {}, ["left", "right"]),
    ("snap", {"tolerance": 1}, ["table", "target"]),
    ("densify", {"length": 1}, ["table"]),
    ("simplify", {"tolerance": 1}, ["table"]),
    ("centroid", {}, ["table"]),
    ("hull", {}, ["table"]),
    ("hull", {"per": "group"}, ["table"]),
    ("simplify", {"tolerance": 1, "method": "coverage"}, ["table"]),
    ("dissolve", {}, ["table"]),
    ("dissolve", {"parts": True}, ["table"]),
    ("polygons_from_lines", {}, ["table"]),
    ("voronoi", {}, ["table"]),
    ("snap", {"grid_size": 1}, ["table"]),
    ("grid", {"size": 1}, ["table"]),
    ("grid", {"size": 1, "bounds": [0, 0, 1, 1]}, ["table"]),
    ("bounding_box", {}, ["table"]),
    ("bounding_box", {"per": "group", "output": "both"}, ["table"]),
    ("force_2d", {}, ["table"]),
    ("point_on_surface", {}, ["table"]),
    ("validate_geometry", {}, ["table"]),
    ("aggregate", {"aggregations": [{"function": "union_geometry", "column": "geometry"}]}, ["table"]),
]


@pytest.mark.parametrize(("kind", "config", "ports"), FLAT)
def test_counted_from_the_centre_of_the_earth_is_refused_before_a_run(run, kind, config, ports):
    table = geo("POINT Z (4510731 4510731 0)", crs="EPSG:4978")
    code, _, message = run.refuses(kind, config, **dict.fromkeys(ports, table))
    assert (code, "EPSG:4978, whose x, y and z count from the centre" in message) == ("invalid_crs", True)


NO_MAP_NEEDED = [
    ("bounding_box", {"output": "columns"}),
    ("validate_geometry", {"checks": ["null", "empty", "not_finite"]}),
    ("geometry_filter", {"branches": ["point"]}),
    ("coordinates", {"z": "z"}),
    ("combine_parts", {}),
    ("explode_parts", {}),
    ("affine", {"dx": 1, "dy": 1, "dz": 1}),
    ("geometry_to_text", {}),
    ("aggregate", {"aggregations": [{"function": "count", "column": "geometry"}]}),
]


@pytest.mark.parametrize(("kind", "config"), NO_MAP_NEEDED)
def test_what_needs_no_map_takes_what_is_counted_from_the_centre_of_the_earth(run, kind, config):
    made = run.relations(kind, config, table=geo("POINT Z (4510731 4510731 0)", crs="EPSG:4978"))
    assert sum(len(each.fetchall()) for each in made.values()) == 1


def test_a_grid_is_on_a_map(run):
    node = node_type("grid").configure({"size": 1, "bounds": [0, 0, 1, 1], "crs": "EPSG:4978"})
    with pytest.raises(NodeError, match="EPSG:4978 counts x, y and z") as caught:
        node.call({"table": None}, run.design)
    assert (caught.value.code, caught.value.path) == ("invalid_crs", "/config/crs")


def test_counted_from_the_centre_of_the_earth_becomes_degrees(run):
    table = geo("POINT Z (4510731 4510731 0)", crs="EPSG:4978")
    made = run.relations("reproject", {"to": "EPSG:4326"}, table=table)["result"]
    (row,) = run("coordinates", {"z": "z"}, table=made)
    assert row[2:] == pytest.approx((45, 0, 1000), abs=1)


SITE = 'ENGCRS["site",EDATUM["x"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["foot",0.3048]]'


def test_a_plane_that_is_nowhere_on_earth_is_one(run):
    table, other = geo("POINT (0 0)", crs=SITE), geo("POINT (3 4)", crs=SITE)
    assert run("distance", {"unit": "metre"}, table=table, other=other)[0][2] == pytest.approx(5 * 0.3048)
    refused = run.refuses("measure", {"length": "l", "method": "geodesic"}, table=table)
    assert refused == ("invalid_crs", None, "site has no ellipsoid to measure on: use the method 'planar'.")

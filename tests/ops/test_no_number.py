"""What becomes of a vertex whose x or y is NaN or infinite in the nodes that make, merge, move or carry vertices."""

import pytest
import shapely
from spatial_tables import geo, shapes

from orchestrator.errors import NodeError

# GEOS complains of such numbers besides.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
LINES = ["POINT (1 NaN)", "POINT (-inf 1)", "LINESTRING (0 0, NaN 1, 2 2)", "LINESTRING (0 0, 2 inf)",
         "MULTIPOINT (1 1, NaN 2)", "MULTILINESTRING ((0 0, 5 5), (0 0, NaN 1))"]  # fmt: skip
AREAS = ["POLYGON ((0 0, NaN 1, 1 1, 0 0))", "POLYGON ((0 0, inf 1, 1 1, 0 0))",
         "POLYGON ((0 0, 9 0, 9 9, 0 0), (1 1, NaN 2, 2 2, 1 1))", "GEOMETRYCOLLECTION (POINT (1 NaN), POLYGON EMPTY)",
         "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0)), ((0 0, NaN 1, 1 1, 0 0)))"]  # fmt: skip
UNION = {"aggregations": [{"column": "geometry", "function": "union_geometry", "name": "u"}]}
REFUSED = [
    ("hull", {}, "invalid_geometry"),
    ("hull", {"kind": "concave"}, "invalid_geometry"),
    ("hull", {"per": "group"}, "invalid_geometry"),
    ("hull", {"per": "group", "kind": "concave"}, "invalid_geometry"),
    ("dissolve", {}, "invalid_geometry"),
    ("dissolve", {"parts": True}, "invalid_geometry"),
    ("dissolve", {"grid": 0.5}, "invalid_geometry"),
    ("aggregate", UNION, "invalid_geometry"),
    ("reproject", {"to": "EPSG:4326"}, "out_of_bounds"),
    ("reproject", {"to": "EPSG:4978"}, "out_of_bounds"),
]
TARGET = geo("LINESTRING (5 5.25, 8 8)")
KEPT = [
    ("combine_parts", {"group_by": ["id"]}, {}, [*LINES, *AREAS]),
    ("snap", {"tolerance": 0.5}, {"target": TARGET}, [*LINES, *AREAS]),
    ("snap", {"tolerance": 0.5, "to": "edges"}, {"target": TARGET}, [*LINES, *AREAS]),
    ("snap", {"grid_size": 1}, {}, LINES),
    ("reproject", {"to": "EPSG:3857"}, {}, [*LINES, *AREAS]),
]


@pytest.mark.parametrize("odd", [*LINES, *AREAS])
@pytest.mark.parametrize(("kind", "config", "code"), REFUSED)
def test_what_is_made_of_it_is_refused_with_its_row(run, kind, config, code, odd):
    with pytest.raises(NodeError, match="Row 3 ") as caught:
        run.relations(kind, config, table=geo("POLYGON ((5 5, 6 5, 6 6, 5 5))", None, odd, "POINT (1 1)"))
    assert (caught.value.code, caught.value.row) == (code, 3)


@pytest.mark.parametrize(("kind", "config", "ports", "odd"), KEPT)
def test_what_carries_it_keeps_it(run, kind, config, ports, odd):
    made = run.relations(kind, config, table=geo(*odd), **ports)
    (relation,) = made.values() if isinstance(made, dict) else [made]
    for given, kept in zip(odd, shapes(relation), strict=True):
        wanted = shapely.get_coordinates(shapely.from_wkt(given))
        assert shapely.get_coordinates(kept) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("odd", AREAS[:3])
def test_an_area_does_not_go_to_a_grid(run, odd):
    with pytest.raises(NodeError, match="Row 2 ") as caught:
        run.relations("snap", {"grid_size": 1}, table=geo("POINT (0 0)", odd))
    assert (caught.value.code, caught.value.row) == ("invalid_geometry", 2)


@pytest.mark.parametrize(("kind", "config", "code"), REFUSED)
def test_no_place_at_all_is_an_empty_point(run, kind, config, code):
    """WKB has no other word for it."""
    assert run.relations(kind, config, table=geo("POINT (NaN NaN)", "POINT (1 1)"))

from collections.abc import Callable

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.schema import columns

Load = Callable[..., Relation]
Save = Callable[..., int]
ENDINGS = pytest.mark.parametrize("path", ["a.tab", "a.mif"])


def rows(*shapes: str) -> str:
    return " UNION ALL ".join(f"SELECT 1 AS n, '{each}'::GEOMETRY('OGC:CRS84') AS geometry" for each in shapes)


@ENDINGS
@pytest.mark.parametrize(
    "empty", ["POINT EMPTY", "POINT Z EMPTY", "LINESTRING EMPTY", "POLYGON EMPTY", "MULTIPOINT EMPTY",
              "MULTIPOLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY"],
)  # fmt: skip
def test_an_empty_geometry_is_null(load: Load, save: Save, path: str, empty: str) -> None:
    assert save(rows(empty, "POINT (1 2)"), target_type="mapinfo", path=path) == 2
    found = load(source_type="mapinfo", path=path)
    assert [row[0] is None for row in found.project("geometry::VARCHAR").fetchall()] == [True, False]
    assert save(rows(empty), target_type="mapinfo", path=path) == 1
    assert load(source_type="mapinfo", path=path).fetchall() == [(1, None)]


@ENDINGS
@pytest.mark.parametrize(
    ("shape", "kind"),
    [("MULTIPOINT (1 1, 2 2)", "MultiPoint"), ("GEOMETRYCOLLECTION (POINT (1 2))", "GeometryCollection")],
)
def test_shapes_that_would_become_rows(context: Context, save: Save, path: str, shape: str, kind: str) -> None:
    with pytest.raises(NodeError, match=f"MapInfo would make a row of each part of {kind}") as error:
        save(rows("POINT (1 2)", shape), target_type="mapinfo", path=path)
    assert (error.value.code, error.value.port, error.value.hint) == (
        "geometry_mixed", "table", "explode_parts makes a row of each",
    )  # fmt: skip
    assert not list(context.root.iterdir())


@ENDINGS
def test_a_table_without_rows_has_its_geometry(load: Load, save: Save, path: str) -> None:
    save(f"FROM ({rows('POINT (1 2)')}) WHERE false", target_type="mapinfo", path=path)
    found = load(source_type="mapinfo", path=path)
    assert (found.columns, columns(found)[1].type, found.fetchall()) == (["n", "geometry"], "GEOMETRY", [])
    assert save(rows("POINT (1 2)"), target_type="mapinfo", path=path, mode="append") == 1
    assert columns(load(source_type="mapinfo", path=path))[1].crs == "EPSG:4326"


def test_an_interchange_file_needs_another_column(context: Context, load: Load, save: Save) -> None:
    query = "SELECT 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
    with pytest.raises(NodeError, match="An interchange file of MapInfo needs a column beside the geometry") as error:
        save(query, target_type="mapinfo", path="a.MIF")
    assert (error.value.code, error.value.port) == ("no_table", "table")
    assert not list(context.root.iterdir())
    save(query, target_type="mapinfo", path="a.tab")
    assert len(load(source_type="mapinfo", path="a.tab").fetchall()) == 1

from collections.abc import Callable

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]
FILE = {"target_type": "flatgeobuf", "path": "a.fgb"}
READ = {"source_type": "flatgeobuf", "path": "a.fgb"}


def rows(context: Context, *shapes: object) -> Relation:
    frame = geopandas.GeoDataFrame({"n": range(len(shapes))}, geometry=list(shapes), crs="EPSG:4326")
    return context.session.from_frame(frame)


@pytest.mark.parametrize(
    "shapes",
    [
        [shapely.Point(1, 2, 3), None, shapely.Point(1, 2, 3)],
        [None, shapely.Point(1, 2), shapely.box(0, 0, 1, 1), None],
        [None, None],
        [shapely.MultiPoint([(1, 2), (3, 4)]), shapely.Point(1, 2)],
        [shapely.GeometryCollection([shapely.Point(1, 2)])],
    ],
)
def test_geometry_comes_back(context: Context, load: Load, save: Save, shapes: list[object]) -> None:
    save(rows(context, *shapes), **FILE)
    made = context.session.frame(load(**READ))
    assert list(made["n"]) == list(range(len(shapes)))
    assert [each and each.normalize() for each in made.geometry] == [each and each.normalize() for each in shapes]  # type: ignore[attr-defined]


def test_heights_of_some_are_refused(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="these are mixed") as error:
        save(rows(context, shapely.Point(1, 2, 3), shapely.Point(1, 2)), **FILE)
    assert (error.value.code, error.value.port) == ("geometry_mixed", "table")
    assert not list(context.root.iterdir())


def test_an_index_puts_rows_in_its_order(context: Context, load: Load, save: Save) -> None:
    table = rows(context, *(shapely.Point(number * 37 % 101, number) for number in range(50)))
    save(table, **FILE, index=True)
    found = load(**READ)
    assert found.fetchall() != table.fetchall()
    assert sorted(found.fetchall()) == table.fetchall()
    with pytest.raises(NodeError, match="has nulls, which an index cannot hold") as error:
        save(rows(context, None, shapely.Point(1, 2)), **FILE, index=True)
    assert (error.value.code, error.value.path) == ("invalid_geometry", "/config/index")
    assert load(**READ).fetchall() == found.fetchall()


def test_needs_geometry(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="FlatGeobuf needs a geometry column") as error:
        save("SELECT 1 AS a", **FILE)
    assert error.value.code == "geometry_needed"


@pytest.mark.parametrize("shape", ["POINT M (1 2 3)", "POINT ZM (1 2 3 4)"])
def test_measures_are_refused(context: Context, save: Save, shape: str) -> None:
    with pytest.raises(NodeError, match="FlatGeobuf is written without measures") as error:
        save(f"SELECT 1 AS n, '{shape}'::GEOMETRY AS geometry", **FILE)
    assert (error.value.code, error.value.port) == ("invalid_geometry", "table")

"""Rows added to a layer as it is: ids, indexes, constraints and triggers stay."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]
CONFIG = {"target_type": "geopackage", "path": "a.gpkg", "mode": "append"}
OTHERS = "SELECT name FROM sqlite_master WHERE name IN ('u', 'told', 'notes') ORDER BY name"


def frame(context: Context, shapes: list[Any], crs: str | None = "EPSG:3857", **columns: list[Any]) -> Relation:
    return context.session.from_frame(geopandas.GeoDataFrame(columns, geometry=shapes, crs=crs))


def sql(context: Context, *queries: str) -> list[Any]:
    with closing(sqlite3.connect(context.root / "a.gpkg")) as connection:
        found: list[Any] = []
        for each in queries:
            found = connection.execute(each).fetchall()
        connection.commit()
        return found


@pytest.fixture
def layer(context: Context, save: Save) -> None:
    """Three points, one of which is deleted, so that ids have a gap; an index, a trigger and another table."""
    save(frame(context, [shapely.Point(n, n) for n in range(3)], a=[1, 2, 3]), **CONFIG)
    sql(
        context,
        "CREATE TABLE notes (said)",
        "CREATE UNIQUE INDEX u ON a (a)",
        "CREATE TRIGGER told AFTER INSERT ON a BEGIN INSERT INTO notes VALUES (new.a); END",
    )
    with closing(sqlite3.connect(context.root / "a.gpkg")) as connection:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda _: 0)
        connection.execute("DELETE FROM a WHERE a = 1")
        connection.commit()


@pytest.mark.usefixtures("layer")
def test_what_is_there_stays(context: Context, load: Load, save: Save) -> None:
    assert save(frame(context, [shapely.Point(9, 9), None], a=[4, 5], day=["2024-01-02", "x"]), **CONFIG) == 2
    assert sql(context, "SELECT fid, a, day FROM a") == [
        (2, 2, None), (3, 3, None), (4, 4, "2024-01-02"), (5, 5, "x"),
    ]  # fmt: skip
    assert sql(context, OTHERS) == [("notes",), ("told",), ("u",)]
    assert sql(context, "SELECT said FROM notes") == [(4,), (5,)]
    assert sql(context, "SELECT count(*) FROM rtree_a_geometry WHERE maxx > 8") == [(1,)]
    found = load(source_type="geopackage", path="a.gpkg", layer="a")
    assert found.project("a, st_astext(geometry)").fetchall()[-2:] == [(4, "POINT (9 9)"), (5, None)]
    assert len(geopandas.read_file(context.root / "a.gpkg", layer="a", bbox=(8, 8, 10, 10))) == 1


@pytest.mark.usefixtures("layer")
def test_a_constraint_changes_nothing(context: Context) -> None:
    rows = frame(context, [shapely.Point(9, 9)] * 2, a=[7, 2])
    with pytest.raises(NodeError, match="Layer 'a' does not take all of these rows"):
        DataWriter.configure(CONFIG).call({"table": rows}, context)
    assert sql(context, "SELECT a FROM a") == [(2,), (3,)]


@pytest.mark.parametrize(
    ("shape", "columns", "kind"),
    [
        (shapely.box(0, 0, 1, 1), {"a": [4]}, "GEOMETRY"),
        (shapely.Point(1, 2, 3), {"a": [4]}, "GEOMETRY"),
        (shapely.Point(1, 2), {"a": ["x"]}, "POINT"),
    ],
)
@pytest.mark.usefixtures("layer")
def test_what_does_not_fit_makes_the_layer_anew(
    context: Context, load: Load, save: Save, shape: Any, columns: dict[str, Any], kind: str
) -> None:
    assert save(frame(context, [shape], **columns), **CONFIG) == 1
    assert [row[0] for row in load(source_type="geopackage", path="a.gpkg", layer="a").fetchall()] == (
        [2, 3, 4] if columns["a"] == [4] else ["2", "3", "x"]
    )
    assert sql(context, "SELECT geometry_type_name FROM gpkg_geometry_columns") == [(kind,)]
    assert sql(context, "SELECT said FROM notes") == []


def test_a_layer_of_any_kind_takes_any(context: Context, save: Save) -> None:
    save(frame(context, [shapely.Point(0, 0), shapely.box(0, 0, 1, 1)], a=[1, 2]), **CONFIG)
    sql(context, "CREATE INDEX i ON a (a)")
    save(frame(context, [shapely.LineString([(0, 0), (1, 1)])], a=[3]), **CONFIG)
    assert sql(context, "SELECT name FROM sqlite_master WHERE name = 'i'") == [("i",)]
    assert sql(context, "SELECT fid FROM a") == [(1,), (2,), (3,)]


def test_rows_without_geometry(context: Context, load: Load, save: Save) -> None:
    save("SELECT 1 AS a", **CONFIG)
    sql(context, "CREATE INDEX i ON a (a)")
    save("SELECT 2 AS a, DATE '2024-01-02' AS day", **CONFIG)
    assert sql(context, "SELECT fid, a, day FROM a") == [(1, 1, None), (2, 2, "2024-01-02")]
    assert sql(context, "SELECT name FROM sqlite_master WHERE name = 'i'") == [("i",)]
    assert list(map(str, load(source_type="geopackage", path="a.gpkg").types)) == ["INTEGER", "DATE"]

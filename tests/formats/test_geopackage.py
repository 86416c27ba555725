from collections.abc import Callable
from contextlib import closing

import geopandas
import pyogrio
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns

Load = Callable[..., Relation]
Save = Callable[..., int]
POINTS = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=geopandas.points_from_xy([1, 2], [3, 4]), crs="EPSG:4326")


def test_layers(context: Context, load: Load, save: Save) -> None:
    rows = context.session.from_frame(POINTS)
    config = {"target_type": "geopackage", "path": "a.gpkg"}
    save(rows, **config)
    save(rows.limit(1), **config, mode="append", layer="few")
    save(rows, **config, mode="append", layer="few")
    assert [list(each) for each in pyogrio.list_layers(context.root / "a.gpkg")] == [["a", "Point"], ["few", "Point"]]
    counts = {
        layer: len(load(source_type="geopackage", path="a.gpkg", layer=layer).fetchall()) for layer in ("a", "few", 1)
    }
    assert counts == {"a": 2, "few": 3, 1: 3}
    assert len(load(source_type="geopackage", path="a.gpkg").fetchall()) == 2
    save(rows, **config, layer="only")
    assert [str(each[0]) for each in pyogrio.list_layers(context.root / "a.gpkg")] == ["only"]


def test_a_layer_alone_is_replaced(context: Context, load: Load, save: Save) -> None:
    rows, config = context.session.from_frame(POINTS), {"target_type": "geopackage", "path": "a.gpkg"}
    for _ in range(2):
        assert save(rows, **config, mode="replace_layer", layer="few") == 2
        assert save(rows.project("a::VARCHAR AS b, geometry").limit(1), **config, mode="replace_layer") == 1
    assert save(rows.project("a"), **config, mode="replace_layer", layer="few") == 2
    kinds = {str(name): kind for name, kind in pyogrio.list_layers(context.root / "a.gpkg")}
    assert kinds == {"a": "Point", "few": None}
    found = {layer: load(source_type="geopackage", path="a.gpkg", layer=layer) for layer in kinds}
    assert {layer: (each.columns, len(each)) for layer, each in found.items()} == {
        "a": (["b", "geometry"], 1), "few": (["a"], 2),
    }  # fmt: skip
    (context.root / "b.gpkg").write_text("no database")
    with pytest.raises(NodeError) as error:
        save(rows, target_type="geopackage", path="b.gpkg", mode="replace_layer")
    assert error.value.code == "unreadable_file"


def test_a_layer_that_is_not_there(context: Context, design: Context, save: Save) -> None:
    save(context.session.from_frame(POINTS), target_type="geopackage", path="a.gpkg", layer="cities")
    for layer, text in (("citys", "Did you mean 'cities'?"), (3, "3 is none of them"), (-1, "-1 is none")):
        for each in (context, design):
            with pytest.raises(NodeError, match=text.replace("?", r"\?")) as error:
                DataLoader.configure({"source_type": "geopackage", "path": "a.gpkg", "layer": layer}).call({}, each)
            assert (error.value.code, error.value.path) == ("unknown_layer", "/config/layer")


def test_names_and_kinds(context: Context, load: Load, save: Save) -> None:
    """The geometry keeps its name; a column called `fid` is a column."""
    shapes = [shapely.Point(1, 2, 3), shapely.box(0, 0, 1, 1), None]
    frame = geopandas.GeoDataFrame({"fid": [7, 7, 8]}, geometry=shapes, crs="EPSG:3857").rename_geometry("where")
    save(context.session.from_frame(frame), target_type="geopackage", path="a.gpkg")
    found = load(source_type="geopackage", path="a.gpkg")
    assert found.columns == ["fid", "where"]
    assert [row[0] for row in found.fetchall()] == [7, 7, 8]
    assert columns(found)[1].crs == "EPSG:3857"
    assert pyogrio.list_layers(context.root / "a.gpkg")[0][1] == "Unknown"


def test_a_table_without_geometry(context: Context, load: Load, save: Save) -> None:
    assert save("SELECT 1 AS a, 'x' AS b", target_type="geopackage", path="a.gpkg") == 1
    found = load(source_type="geopackage", path="a.gpkg")
    assert (found.columns, found.fetchall()) == (["a", "b"], [(1, "x")])


def test_append_in_another_system(context: Context, save: Save) -> None:
    config = {"target_type": "geopackage", "path": "a.gpkg", "mode": "append"}
    save(context.session.from_frame(POINTS), **config)
    with pytest.raises(NodeError, match="reproject them first") as error:
        save(context.session.from_frame(POINTS.to_crs("EPSG:3857")), **config)
    assert error.value.code == "crs_mismatch"
    assert save(context.session.from_frame(POINTS.set_crs("OGC:CRS84", allow_override=True)), **config) == 2


def test_another_database_is_refused(context: Context, design: Context) -> None:
    import sqlite3

    with closing(sqlite3.connect(context.root / "a.gpkg")) as made:
        made.execute("CREATE TABLE t (a)")
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "geopackage", "path": "a.gpkg"}).call({}, each)
        assert error.value.code in ("unreadable_file", "no_table")

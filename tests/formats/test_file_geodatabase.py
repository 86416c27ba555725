import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy
import pyogrio
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.layers import layers
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns

Load = Callable[..., Relation]


@pytest.fixture
def geodatabase(context: Context) -> Path:
    """Two feature classes, written by GDAL."""
    path = context.root / "a.gdb"
    shapes = [shapely.Point(1, 2, 3), None, shapely.Point(4, 5, 6)]
    values = {"n": numpy.array([1, 2, 3], "int32"), "text": ["é", None, ""]}
    frame = geopandas.GeoDataFrame(values, geometry=shapes, crs="EPSG:25832")
    pyogrio.write_dataframe(frame, path, layer="wells", driver="OpenFileGDB")
    pyogrio.write_dataframe(frame.head(1).to_crs(4326), path, layer="one", driver="OpenFileGDB", append=True)
    return path


def zipped(path: Path, inside: str) -> None:
    with zipfile.ZipFile(path.with_suffix(".gdb.zip"), "w") as packed:
        for each in path.iterdir():
            packed.write(each, f"{inside}{each.name}")
    shutil.rmtree(path)


@pytest.mark.parametrize("inside", [None, "a.gdb/", "deep/b.gdb/", "", "../../"])
def test_reads(context: Context, load: Load, geodatabase: Path, inside: str | None) -> None:
    name = "a.gdb"
    if inside is not None:
        zipped(geodatabase, inside)
        name = "a.gdb.zip"
    found = load(source_type="file_geodatabase", path=name)
    assert found.columns == ["n", "text", "SHAPE"]
    assert found.project("n, text").fetchall() == [(1, "é"), (2, None), (3, "")]
    shapes = list(context.session.frame(found).geometry)
    assert shapes == [shapely.Point(1, 2, 3), None, shapely.Point(4, 5, 6)]
    assert columns(found)[-1].crs == "EPSG:25832"
    assert len(load(source_type="file_geodatabase", path=name, layer="one").fetchall()) == 1
    listed = layers(context.root, name)
    assert [(each.name, each.geometry_type, each.crs, each.rows) for each in listed] == [
        ("wells", "Point Z", "EPSG:25832", 3), ("one", "Point Z", "EPSG:4326", 1),
    ]  # fmt: skip
    assert {each.name for each in context.root.parent.iterdir()} == {"data", "run"}


def test_what_it_is_not(context: Context, geodatabase: Path) -> None:
    (context.root / "b.gdb").mkdir()
    (context.root / "c.gdb").write_text("x")
    for name in ("b.gdb", "c.gdb"):
        with pytest.raises(NodeError, match="is not a file geodatabase") as error:
            DataLoader.configure({"source_type": "file_geodatabase", "path": name}).call({}, context)
        assert error.value.code == "unreadable_file"
    outside = context.root.parent / "secret"
    outside.write_text("x")
    (geodatabase / "a00000009.gdbtable").unlink(missing_ok=True)
    (geodatabase / "a00000009.gdbtable").symlink_to(outside)
    with pytest.raises(NodeError, match="leads out of the data root") as error:
        DataLoader.configure({"source_type": "file_geodatabase", "path": "a.gdb"}).call({}, context)
    assert error.value.code == "path_not_allowed"

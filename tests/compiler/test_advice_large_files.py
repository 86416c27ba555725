"""Warnings of large files whose rows are all in memory at once."""

import gzip
import zipfile

import geopandas
import pytest
import shapely
from compiler.advised import file, line, out, points, sort, warnings
from compiler.graphs import graph, keep, node

from orchestrator.compiler import held_rows
from orchestrator.settings import settings
from orchestrator.workflows import judge


@pytest.fixture
def large(monkeypatch, tmp_path):
    """A file that counts as large, though it is not."""
    monkeypatch.setattr(held_rows, "LARGE", 1000)
    monkeypatch.setenv("GRAPHMILL_DATA_ROOT", str(tmp_path))
    settings.cache_clear()
    text = "a,b,x,y\n" + "1,x,1.5,50.0\n" * 100
    tmp_path.joinpath("large.csv").write_text(text)
    for name in ("big1.csv", "big2.csv"):
        tmp_path.joinpath(name).write_text(text[:800])
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("large.csv", text)
        packed.writestr("little.csv", text[:100])
    tmp_path.joinpath("packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    shapefile(tmp_path / "parts.shp")
    yield reader("large.csv")
    settings.cache_clear()


def reader(path, **more):
    return node("in", "data_loader", {"source_type": "csv", "path": path, **more})


def shapefile(path):
    """One whose `.dbf` is large and whose `.shp` is not, on its own and in an archive."""
    made = {"text": ["x" * 200] * 9}
    geopandas.GeoDataFrame(made, geometry=[shapely.Point(1, 2)] * 9, crs="EPSG:4326").to_file(path)
    assert path.stat().st_size < 1000 < path.with_suffix(".dbf").stat().st_size
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for each in path.parent.glob("parts.*"):
            if each.suffix != ".zip":
                packed.write(each, f"in/{each.name}")
        packed.writestr("in/parts.txt", "x" * 9999)


def test_all_rows_of_a_large_file_in_memory(large, monkeypatch):
    nodes, edges = line(large, points(), keep("k"), node("z", "centroid"), file())
    (found,) = judge(graph(nodes, edges)).problems
    assert (found.severity, found.code, found.node_id) == ("warning", "holds_all_rows", "z")
    assert "'large.csv'" in found.message
    monkeypatch.setattr(held_rows, "LARGE", 10_000)
    assert judge(graph(nodes, edges)).problems == ()


READ = {
    "several files that are large together": ({"path": "big*.csv"}, True),
    "one of them": ({"path": "big[1].csv"}, False),
    "a file in an archive": ({"path": "packed.zip/large.csv"}, True),
    "the same, said beside": ({"path": "packed.zip", "inside": "large.csv"}, True),
    "a small file in an archive": ({"path": "packed.zip/little.csv"}, False),
    "a packed file": ({"path": "packed.csv.gz"}, True),
    "a few rows": ({"path": "large.csv", "limit": 5}, False),
}


@pytest.mark.parametrize("path", ["parts.shp", "parts.zip", "parts.zip/in/parts.shp"])
@pytest.mark.parametrize(("most", "warned"), [(1000, True), (5000, False)])
def test_the_files_of_a_dataset_are_counted_together(large, monkeypatch, path, most, warned):
    monkeypatch.setattr(held_rows, "LARGE", most)
    nodes = (reader(path, source_type="shapefile"), node("z", "centroid"), file())
    assert warnings(*line(*nodes)) == [("holds_all_rows", "z", None, None)] * warned


@pytest.mark.parametrize("name", READ)
def test_which_files_are_large(name, large):
    config, warned = READ[name]
    found = warnings(*line(reader(**config), points(), node("z", "centroid"), file()))
    assert found == [("holds_all_rows", "z", None, None)] * warned


def test_few_rows_of_a_large_file(large):
    made = {"column": "*", "function": "count", "name": "n"}
    grid = node("sum", "aggregate", {"group_by": ["x", "y"], "aggregations": [made]})
    nodes, edges = line(large, grid, points(), node("z", "centroid"), file())
    assert judge(graph(nodes, edges)).problems == ()
    assert warnings(*line(large, keep("k"), sort("s", "a"), out())) == []

"""Spatial work at size: points of a CSV in polygons, written as Shapefile; a spatial join beside plain GeoPandas."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.graphs import Graph, edge, node
from benchmarks.table import Row

POINTS, JOINED, AREAS, TIMES = 1_700_000, 1_000_000, 100, 3


def measure() -> list[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "data").mkdir()
        write_data(root / "data")
        seconds = statistics.median(_run(root, points_in_areas()) for _ in range(TIMES))
        pairs = [(_run(root, joined()), _geopandas(root / "data")) for _ in range(TIMES)]
    ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
    areas = f"{AREAS * AREAS:,}"
    return [
        Row(
            f"{POINTS / 1e6} M CSV points x 6 polygons, filtered, written as Shapefile",
            f"{seconds:.1f} s", "< 15 s", seconds < 15,
        ),
        Row(
            f"spatial join, {JOINED // 10**6} M points with {areas} polygons, Parquet to Parquet",
            f"{ours:.1f} s, {ours / theirs:.2f} times", "<= 1.5 times", ours <= 1.5 * theirs,
            f"GeoPandas {theirs:.1f} s",
        ),
    ]  # fmt: skip


def points_in_areas() -> Graph:
    """CSV -> points -> in one of six areas -> filter -> Shapefile."""
    nodes = [
        node("csv", "data_loader", source_type="csv", path="points.csv"),
        node("points", "points_from_xy", x="lon", y="lat"),
        node("areas", "data_loader", source_type="geoparquet", path="six.parquet"),
        node("inside", "spatial_join", predicate="within", columns=["area"]),
        node("some", "filter", condition="n % 10 = 0"),
        node("out", "data_writer", target_type="shapefile", path="out.shp", mode="overwrite"),
    ]
    edges = [
        edge("csv", "points"), edge("points", "inside", "result", "left"), edge("areas", "inside", None, "right"),
        edge("inside", "some", "joined"), edge("some", "out", "passed"),
    ]  # fmt: skip
    return {"name": "points in areas", "nodes": nodes, "edges": edges}


def joined() -> Graph:
    """Points and areas, both from Parquet, joined and written."""
    nodes = [
        node("points", "data_loader", source_type="geoparquet", path="points.parquet"),
        node("areas", "data_loader", source_type="geoparquet", path="areas.parquet"),
        node("inside", "spatial_join", predicate="within"),
        node("out", "data_writer", target_type="geoparquet", path="joined.parquet", mode="overwrite"),
    ]
    edges = [
        edge("points", "inside", None, "left"), edge("areas", "inside", None, "right"), edge("inside", "out", "joined")
    ]  # fmt: skip
    return {"name": "points with areas", "nodes": nodes, "edges": edges}


def write_data(data: Path) -> None:
    """Random points as CSV and as GeoParquet; six areas, and a field of many small ones."""
    import geopandas
    import numpy as np
    import pandas
    import shapely

    random = np.random.default_rng(1)
    lon, lat = random.uniform(0, 10, POINTS), random.uniform(40, 50, POINTS)
    table = pandas.DataFrame({"n": np.arange(POINTS), "lon": lon.round(6), "lat": lat.round(6)})
    table.to_csv(data / "points.csv", index=False)
    centres = shapely.points(random.uniform(2, 8, 6), random.uniform(42, 48, 6))
    six = geopandas.GeoDataFrame({"area": list("abcdef")}, geometry=shapely.buffer(centres, 1.5, 64), crs="EPSG:4326")
    six.to_parquet(data / "six.parquet")
    points = geopandas.GeoDataFrame(
        {"n": np.arange(JOINED)}, geometry=shapely.points(lon[:JOINED], lat[:JOINED]), crs="EPSG:4326"
    )
    points.to_parquet(data / "points.parquet")
    x, y = np.meshgrid(np.linspace(0, 10, AREAS), np.linspace(40, 50, AREAS))
    areas = shapely.buffer(shapely.points(x.ravel(), y.ravel()), 0.06, 8)
    made = geopandas.GeoDataFrame({"area": np.arange(AREAS * AREAS)}, geometry=areas, crs="EPSG:4326")
    made.to_parquet(data / "areas.parquet")


def _run(root: Path, graph: Graph) -> float:
    file = root / "graph.json"
    file.write_text(json.dumps(graph))
    return _seconds("benchmarks.one_run", str(file), GRAPHMILL_HOME=str(root))


def _geopandas(data: Path) -> float:
    return _seconds("benchmarks.one_sjoin", str(data))


def _seconds(module: str, *arguments: str, **env: str) -> float:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=os.environ | env, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])

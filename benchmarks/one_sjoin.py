"""The yardstick: the same spatial join in plain GeoPandas: `python -m benchmarks.one_sjoin DATA`."""

import json
import sys
import time
from pathlib import Path

import geopandas


def main(data: str) -> None:
    """Read, join, write."""
    folder = Path(data)
    started = time.perf_counter()
    points = geopandas.read_parquet(folder / "points.parquet")
    areas = geopandas.read_parquet(folder / "areas.parquet")
    found = geopandas.sjoin(points, areas, predicate="within").drop(columns="index_right")
    found.to_parquet(folder / "plain.parquet")
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])

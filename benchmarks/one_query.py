"""The yardstick: the same work as SQL in one DuckDB script: `python -m benchmarks.one_query ROOT`."""

import json
import os
import sys
import time

import duckdb

from benchmarks.graphs import SQL


def main(root: str) -> None:
    """Run it."""
    started = time.perf_counter()
    with duckdb.connect(config={"threads": os.cpu_count() or 2}) as connection:
        connection.execute(SQL.format(root=root))
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])

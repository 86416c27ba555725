"""`make bench`: every figure, or those of the modules named: `python -m benchmarks compiling data_plane`."""

import sys
from importlib import import_module

from benchmarks.table import Row, show

ALL = ("compiling", "data_plane", "texts", "spatial", "databases", "latency")


def main(names: list[str]) -> None:
    """Measure and print."""
    rows: list[Row] = []
    for name in names or ALL:
        rows += import_module(f"benchmarks.{name}").measure()
    print(show(rows))


if __name__ == "__main__":
    main(sys.argv[1:])

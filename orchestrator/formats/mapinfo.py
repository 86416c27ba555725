"""`mapinfo`: MapInfo's tables (`.tab` with `.dat`, `.map`, `.id`) and interchange files (`.mif` with `.mid`)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.arrow_features import free_name
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer
from orchestrator.formats.cut_short import dbase, has_bytes
from orchestrator.formats.in_parts import BESIDE
from orchestrator.formats.mapinfo_rows import check_rows
from orchestrator.formats.shapefile import text_widths
from orchestrator.formats.streams import batches
from orchestrator.formats.systems import crs_text
from orchestrator.formats.vector_reader import ASCII, VectorReader, apart, renamed, safe_names
from orchestrator.formats.vector_values import check_numbers, shapes_of
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

LONGEST_NAME = 31
KINDS = re.compile(rb"^\s*Type\s+(\w+)", re.MULTILINE | re.IGNORECASE)


class MapinfoReader(VectorReader):
    """A MapInfo table (`.tab`) or interchange file (`.mif`). Its times are read as TIMESTAMP.

    Where no row of a table has a shape, its coordinate system is not known. Tables that are made of others (views,
    seamless tables, dBASE) are refused.
    """

    name: ClassVar[str] = "mapinfo"
    label: ClassVar[str] = "MapInfo"
    extensions: ClassVar[tuple[str, ...]] = (".tab", ".mif")
    driver: ClassVar[str] = "MapInfo File"

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The files under plain names in a folder of their own.

        Raises NodeError: `unreadable_file`; `file_not_found` where the table beside is missing.
        """
        with path.open("rb") as file:
            start = file.read(1 << 20)
        if path.suffix.lower() == ".tab":
            kinds = {kind.lower() for kind in KINDS.findall(start)}
            good = b"!table" in start[:64].lower() and kinds and kinds <= {b"native", b"linked"}
            good = good and b"isseamless" not in start.lower()
        else:
            good = start.lstrip()[:8].lower().startswith(b"version")
        if not good:
            raise NodeError(f"'{self.path}' is not a MapInfo file that stands for itself.", code="unreadable_file")
        with apart(path, self.path, BESIDE.get(path.suffix.lower(), ()), context) as own:
            if not own.with_suffix(needed := ".dat" if own.suffix == ".tab" else ".mid").exists():
                name = f"{self.path[: -len(path.suffix)]}{needed}"
                message = f"'{self.path}' is not whole: its '{name}' is missing."
                raise NodeError(message, code="file_not_found", hint=name)
            if own.suffix == ".tab":
                self._check(own)
            yield str(own)

    def read(self, path: Path, context: Context) -> Relation:
        """All features, as many as the table beside has rows, the last whole. Raises NodeError, `unreadable_file`."""
        table = super().read(path, context)
        if not geometry_columns(table) and self._has_shapes(path, context):
            table = table.project(f"*, NULL::GEOMETRY AS {free_name('geometry', set(map(str.lower, table.columns)))}")
        if path.suffix.lower() == ".mif" and not context.design:
            with apart(path, self.path, BESIDE[".mif"], context) as own:
                check_rows(table, own, own.with_suffix(".mid"), self.path)
        return table

    def _has_shapes(self, path: Path, context: Context) -> bool:
        with apart(path, self.path, (".map",), context) as own:
            return own.with_suffix(".map").exists()

    def _check(self, own: Path) -> None:
        stem = self.path[: -len(own.suffix)]
        rows = dbase(own.with_suffix(".dat"), f"{stem}.dat")
        if (index := own.with_suffix(".id")).exists():
            has_bytes(index, f"{stem}.id", rows * 4, f"for {rows:,} rows it needs")


class MapinfoWriter(Writer):
    """A MapInfo table (`.tab`) or, by the name's ending, an interchange file (`.mif`).

    MapInfo has no null but for dates, times and geometry: a number becomes 0, a text empty, a truth value false. Names
    have 31 letters, digits and underscores; texts 254 bytes. Times are stored in UTC with milliseconds, nested values
    as JSON text, decimals as DOUBLE, further geometry columns as WKT. Heights and measures (M) are not kept, an empty
    geometry is null. In interchange files numbers have 15 digits, and a line end in a text becomes `\\n`. A coordinate
    system that MapInfo has no words for is refused.
    """

    name: ClassVar[str] = "mapinfo"
    label: ClassVar[str] = "MapInfo"
    extensions: ClassVar[tuple[str, ...]] = MapinfoReader.extensions
    loses: ClassVar[lossy.Losses] = lossy.MAPINFO
    becomes: ClassVar[Mapping[str, str]] = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
    geometry_as: ClassVar[GeometryAs] = "features"
    geometry_name: ClassVar[str] = "geometry"

    def files(self, path: Path) -> list[Path]:
        """The table last; indexes of the old one are removed."""
        beside = (*BESIDE.get(path.suffix.lower(), ()), *((".ind",) if path.suffix.lower() == ".tab" else ()))
        return [*(path.with_suffix(suffix) for suffix in beside), path]

    def check(self, table: Relation) -> None:
        """A geometry column is needed, and in an interchange file another one.

        Raises NodeError: `geometry_needed`, `no_table`.
        """
        vector.needs_geometry(table, "MapInfo")
        if len(table.columns) == 1 and self.path.lower().endswith(".mif"):
            message = "An interchange file of MapInfo needs a column beside the geometry, and this table has none."
            raise NodeError(message, code="no_table", port="table", hint="write a .tab, or add a column")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The files, within bounds that let a coordinate be as exact as it can be."""
        rows = self.prepare(table, context)
        system = crs_text(rows)
        own = path.with_suffix(path.suffix.lower())
        with vector.held(rows, context) as held:
            _check_kinds(held)
            widths = text_widths(held, "MapInfo")
            options: dict[str, Any] = {"crs": system, "layer_options": {"BOUNDS": _bounds(held)}}
            unknown = not vector.kinds(held)
            count = vector.write(held, own, driver="MapInfo File", geometry_type="Unknown", widths=widths, **options)
        if count and not unknown:
            vector.check_system(own, system, "MapInfo")
        own.rename(path)
        return count

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types and names that MapInfo has."""
        rows = vector.without_empty(vector.holdable(table, text=("BLOB",)))
        return renamed(rows, safe_names(rows.columns, longest=LONGEST_NAME, letters=ASCII))

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """The rows that are there, if there are any: a table without rows does not say its coordinate system."""
        old = super().existing_rows(table, context)
        return old if old is None or old.limit(1).fetchall() else None


def _check_kinds(rows: Relation) -> None:
    found = {kind for kind, _ in vector.kinds(rows)} & {"MultiPoint", "GeometryCollection"}
    if found:
        message = f"MapInfo would make a row of each part of {' and '.join(sorted(found))}."
        raise NodeError(message, code="geometry_mixed", port="table", hint="explode_parts makes a row of each")


def _bounds(rows: Relation) -> str:
    """Where the coordinates are, with some room: a `.map` stores them as integers between these."""
    import numpy
    import shapely

    column = quote(geometry_columns(rows)[0])
    found, count = [], 0
    with batches(rows.project(f"ST_AsWKB({column})::BLOB AS shape"), 65_536) as (_, parts):
        for part in parts:
            shapes = shapely.force_2d(shapes_of(part.column(0)))
            check_numbers(shapes, count)
            found.append(shapely.total_bounds(shapes))
            count += len(shapes)
    known = [each for each in found if not numpy.isnan(each).any()]
    if not known:
        return "-1000,-1000,1000,1000"
    least, most = numpy.min(known, axis=0)[:2], numpy.max(known, axis=0)[2:]
    room = numpy.maximum((most - least) * 0.01, 1.0)
    return ",".join(f"{each:.17g}" for each in (*(least - room), *(most + room)))

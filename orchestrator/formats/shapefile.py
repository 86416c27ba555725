"""`shapefile`: Esri's format of several files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.cut_short import cut_short, dbase, has_bytes
from orchestrator.formats.encodings import Encoding
from orchestrator.formats.gdal import gdal
from orchestrator.formats.in_parts import BESIDE
from orchestrator.formats.systems import crs_text
from orchestrator.formats.vector_reader import VectorReader, apart, begins_with
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

MAGIC = b"\0\0\x27\x0a"
NEEDED = (".shx", ".dbf")
INDEXES = (".qix", ".sbn", ".sbx", ".qpj", ".shp.xml")
ANSI = re.compile(r"(?:(?:ANSI|CP) )?(125\d|65001)", re.IGNORECASE)  # code pages as GDAL does not know them
UNKNOWN = "ISO-8859-1"  # what GDAL says then
LONGEST_NAME = 10
LONGEST_TEXT = 254
FAMILIES = {
    "Point": "Point", "MultiPoint": "MultiPoint", "LineString": "LineString", "MultiLineString": "LineString",
    "Polygon": "Polygon", "MultiPolygon": "Polygon",
}  # fmt: skip


class ShapefileReader(VectorReader):
    """A shapefile: `.shp` with its `.shx` and `.dbf`, and `.prj` for the coordinate system."""

    name: ClassVar[str] = "shapefile"
    label: ClassVar[str] = "Shapefile"
    extensions: ClassVar[tuple[str, ...]] = (".shp",)
    driver: ClassVar[str] = "ESRI Shapefile"

    encoding: Encoding = option(
        "auto", "Of the text; what the .cpg or .dbf says by default.", "windows-1252", "combobox"
    )

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The files under plain names in a folder of their own.

        Raises NodeError: `unreadable_file`; `file_not_found` where one of them is missing.
        """
        begins_with(path, self.path, MAGIC, "a shapefile")
        with apart(path, self.path, BESIDE[".shp"], context) as own:
            for suffix in NEEDED:
                if not own.with_suffix(suffix).exists():
                    name = f"{self.path[: -len(path.suffix)]}{suffix}"
                    message = f"'{self.path}' is not whole: its '{name}' is missing."
                    raise NodeError(message, code="file_not_found", hint=name)
            self._check(own, context)
            yield str(own)

    def _check(self, own: Path, context: Context) -> None:
        """Each file has the bytes that it says, and the encoding is one."""
        stem = self.path[: -len(own.suffix)]
        for suffix in (".shp", ".shx"):
            has_bytes(own.with_suffix(suffix), f"{stem}{suffix}", _length(own.with_suffix(suffix)), "it says it has")
        dbase(own.with_suffix(".dbf"), f"{stem}.dbf")
        system, encoding = (_text(own.with_suffix(suffix)) for suffix in (".prj", ".cpg"))
        if system.count("[") > system.count("]") or system.isalpha():
            raise cut_short(f"{stem}.prj", "a bracket is not closed")
        if encoding and encoding.upper() != "UTF-8" and "UTF-8".startswith(encoding.upper()):
            raise cut_short(f"{stem}.cpg", f"'{encoding}' is no encoding")
        if encoding and self.encoding == "auto" and _said(str(own)) == UNKNOWN and "LDID" not in encoding.upper():
            message = f"'{stem}.cpg' says '{encoding[:50]}', which is no encoding that is known: Latin-1 is read."
            context.warn(message, code="wrong_encoding", path="/config/encoding", hint="utf-8, windows-1252, cp850")

    def options(self, source: str, layer: str) -> dict[str, Any]:
        """The encoding that is wanted."""
        return {"encoding": _said(source) if self.encoding == "auto" else self.encoding}


def _length(path: Path) -> int:
    """How many bytes a `.shp` or `.shx` has, by its header, which alone has 100 and counts words of 16 bits."""
    with path.open("rb") as file:
        header = file.read(28)
    return max(int.from_bytes(header[24:28], "big") * 2, 100)


def _text(path: Path) -> str:
    return path.read_text("latin-1").strip() if path.exists() else ""


def _said(source: str) -> str | None:
    """The encoding that GDAL knows of and does not apply by itself; none where it does."""
    if page := ANSI.fullmatch(_text(Path(source).with_suffix(".cpg"))):
        return "UTF-8" if page[1] == "65001" else f"CP{page[1]}"
    with vector.quietly():
        found = str(gdal().read_info(source)["encoding"])
    return None if found.upper() == "UTF-8" else found


class ShapefileWriter(Writer):
    """A shapefile: one kind of geometry, names of ten letters, text of 254 bytes.

    Longer names are cut and numbered (`population`, `populati_1`). Times are written as ISO text, nested values as JSON
    text, decimals as DOUBLE. Measures (M) are not kept. Empty text comes back as null, blanks at its ends are lost.
    Text is UTF-8. Numbers have 15 digits after the point, integers at most 18.
    """

    name: ClassVar[str] = "shapefile"
    geometry_as: ClassVar[GeometryAs] = "features"
    label: ClassVar[str] = "Shapefile"
    extensions: ClassVar[tuple[str, ...]] = ShapefileReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.EMPTY, lossy.BLANKS, lossy.FRACTION)

    def files(self, path: Path) -> list[Path]:
        """`.shp` last; indexes of the old dataset are removed."""
        return [*(path.with_suffix(suffix) for suffix in (*BESIDE[".shp"], *INDEXES)), path]

    def check(self, table: Relation) -> None:
        """Geometry is needed, and bytes cannot be held. Raises NodeError: `geometry_needed`, `type_mismatch`."""
        vector.needs_geometry(table, "A shapefile")
        for name, kind in zip(table.columns, table.types, strict=True):
            if kind == "BLOB":
                message = f"Column '{name}' holds bytes, which a shapefile cannot: drop it or cast it."
                raise NodeError(message, code="type_mismatch", port="table")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The files, after a look at the rows: what does not fit is refused, not cut.

        Raises NodeError: `text_too_long`, `invalid_value`, `disk_full`; else as `vector.write`.
        """
        rows = self.prepare(table, context)
        system = crs_text(rows)
        with vector.held(rows, context) as held:
            _check_integers(held)
            widths, kind = text_widths(held, "a shapefile"), _kind(held)
            count = vector.write(
                held, path, driver="ESRI Shapefile", geometry_type=kind, crs=system, encoding="UTF-8", widths=widths
            )
        if _length(path) != path.stat().st_size:
            raise vector.torn(path)
        return count

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types and names that a shapefile has."""
        times = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
        rows = vector.holdable(table, text=times)
        (geometry, *_), fields = geometry_columns(rows), []
        names = [name for name in rows.columns if name != geometry]
        short = dict(zip(names, short_names(names), strict=True))
        free = next(each for each in ("geometry", "geometry_1", "geometry_2") if each not in short.values())
        for name in rows.columns:
            fields.append(f"{quote(name)} AS {quote(short.get(name, free))}")
        return rows.project(", ".join(fields))


def short_names(names: list[str]) -> list[str]:
    """Each name in at most ten bytes, all different whatever their case, in a way that depends on their order only."""
    made: list[str] = []
    taken = {name.lower() for name in names if len(name.encode()) <= LONGEST_NAME}
    for name in names:
        if len(name.encode()) <= LONGEST_NAME and name.lower() not in {each.lower() for each in made}:
            made.append(name)
            continue
        number = 0
        short = _cut(name, LONGEST_NAME)
        while short.lower() in taken or short.lower() in {each.lower() for each in made}:
            number += 1
            short = _cut(name, LONGEST_NAME - len(f"_{number}")) + f"_{number}"
        made.append(short)
    return made


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode("utf-8", "ignore")


def _kind(rows: Relation) -> str:
    found = vector.kinds(rows)
    families = {FAMILIES.get(kind, kind) for kind, _ in found}
    if len(families) > 1 or not families <= FAMILIES.keys():
        listed = " and ".join(sorted({kind for kind, _ in found}))
        message = f"A shapefile holds one kind of geometry, and these are {listed}."
        raise NodeError(
            message, code="geometry_mixed", port="table", hint="filter the kinds apart, or write a GeoPackage"
        )
    height = " Z" if any(z for _, z in found) else ""
    return next(iter(families), "Point") + height


def _check_integers(rows: Relation) -> None:
    found = [name for name, kind in zip(rows.columns, rows.types, strict=True) if kind == "BIGINT"]
    tests = ", ".join(f"bool_or({quote(name)} NOT BETWEEN {1 - 10**18} AND {10**18 - 1})" for name in found)
    for name, long in zip(found, rows.aggregate(tests).fetchall()[0] if found else (), strict=True):
        if long:
            message = f"Column '{name}' holds an integer of more than 18 digits, which a shapefile gives as others."
            raise NodeError(message, code="invalid_value", port="table", hint="cast it to VARCHAR")


def text_widths(rows: Relation, what: str) -> dict[str, int]:
    """The bytes of the longest text of each column of text.

    Raises:
        NodeError: `text_too_long`: more than 254.
    """
    text = [name for name, kind in zip(rows.columns, rows.types, strict=True) if kind == "VARCHAR"]
    if not text:
        return {}
    longest: Any = rows.aggregate(", ".join(f"max(strlen({quote(name)}))" for name in text)).fetchall()[0]
    for name, length in zip(text, longest, strict=True):
        if length and length > LONGEST_TEXT:
            message = f"Column '{name}' holds a text of {length:,} bytes, and {what} holds at most {LONGEST_TEXT}."
            raise NodeError(message, code="text_too_long", port="table", hint="write a GeoPackage")
    return {name: length or 1 for name, length in zip(text, longest, strict=True)}

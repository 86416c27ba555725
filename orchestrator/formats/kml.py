"""`kml`: places for Google Earth, in WGS 84; also zipped (`.kmz`)."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer
from orchestrator.formats.encodings import utf_8
from orchestrator.formats.kml_fields import MOMENTS, TEXTS, own_names, place_name
from orchestrator.formats.systems import WGS_84, reprojected
from orchestrator.formats.vector_reader import ASCII, QUOTED, LayerReader, has_root, renamed, safe_names
from orchestrator.schema import is_geometry
from orchestrator.sql import quote

LARGEST = 1 << 30
TIMES = (
    "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "BLOB",
)  # fmt: skip


class KmlReader(LayerReader):
    """One document or folder of a KML file, or of a KMZ.

    A geometry whose heights are all 0 has none. Each place has `Name`, `description`, `timestamp`, `begin` and `end`,
    then its own data. How it is drawn is left out, and links to other files are not followed.
    """

    name: ClassVar[str] = "kml"
    label: ClassVar[str] = "KML"
    extensions: ClassVar[tuple[str, ...]] = (".kml", ".kmz")
    driver: ClassVar[str] = "LIBKML"
    flat: ClassVar[bool] = True

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, if it is KML or a zip of it, not too large. Raises NodeError: `unreadable_file`, `too_large`."""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                if sum(each.file_size for each in packed.infolist()) > LARGEST:
                    raise NodeError(f"'{self.path}' is larger than {LARGEST >> 30} GiB unpacked.", code="too_large")
        else:
            utf_8(path, self.path, self.label, or_16=True)
            has_root(path, self.path, "kml", "KML")
        yield str(path)

    def shown(self, table: Relation) -> Relation:
        """The data of the places."""
        names = own_names(table.columns)
        return table.project(", ".join(f"{quote(old)} AS {quote(new)}" for old, new in names.items()))


class KmlWriter(Writer):
    """Places in WGS 84: geometry in another coordinate system is reprojected. `.kmz` is zipped.

    A column called `name`, `description` or `snippet` is what Google Earth shows, as text. `timestamp`, `begin` and
    `end` are a place's time, with milliseconds, where they are times, else they get an underscore; other times and
    dates are ISO text. KML has integers of 32 bits: larger types are text. DOUBLEs have 15 digits. Measures (M) are not
    kept. Empty text comes back as null, blanks at its ends are lost, carriage returns become line feeds; a column of
    nulls alone is left out. Nested values are JSON text, decimals DOUBLE, further geometry columns WKT. Quotes, `<`,
    `>` and `&` in names become underscores.
    """

    name: ClassVar[str] = "kml"
    label: ClassVar[str] = "KML"
    extensions: ClassVar[tuple[str, ...]] = KmlReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.EMPTY, lossy.KML_BLANKS, lossy.RETURNS, lossy.DIGITS, *lossy.KML_TIMES)
    becomes: ClassVar[Mapping[str, str]] = {
        "BIGINT": "VARCHAR", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    }  # fmt: skip
    geometry_as: ClassVar[GeometryAs] = "features"
    geometry_name: ClassVar[str] = "geometry"

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "KML")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Places as they come. Raises NodeError, `invalid_value`, for two kinds of times; else as `vector.write`."""
        rows = self.prepare(table, context)
        spans = [quote(name) for name in ("begin", "end") if name in rows.columns]
        if spans and "timestamp" in rows.columns:
            both = f"timestamp IS NOT NULL AND coalesce({', '.join(spans)}) IS NOT NULL"
            if rows.filter(both).limit(1).fetchall():
                message = "A place of KML has a timestamp, or a begin and an end, and a row has both: rename one."
                raise NodeError(message, code="invalid_value", port="table")
        (layer,) = safe_names([path.stem], letters=ASCII)  # in a KMZ it is the name of a file
        options: dict[str, Any] = {"layer": layer, "geometry_type": "Unknown", "degrees": True}
        count = vector.write(rows, path, driver="LIBKML", **options)
        if path.suffix.lower() == ".kmz":
            return vector.whole(path, count)
        vector.ended(path, b"</kml>")
        return count

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that KML has, in WGS 84."""
        fields, taken = [], {name.lower() for name in table.columns}
        for name, kind in zip(table.columns, map(str, table.types), strict=True):
            new = name if is_geometry(kind) else place_name(name, kind, taken)
            text = (kind in TIMES and new not in MOMENTS) or new in TEXTS.values()
            fields.append(f"{quote(name)}{'::VARCHAR' if text else ''} AS {quote(new)}")
        rows = vector.holdable(table.project(", ".join(fields)))
        rows = renamed(vector.without_empty(rows), safe_names(rows.columns, letters=QUOTED))
        return reprojected(rows, WGS_84, context)

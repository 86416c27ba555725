"""`kml`: places for Google Earth, in WGS 84; also zipped (`.kmz`)."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer
from orchestrator.formats.systems import WGS_84, reprojected
from orchestrator.formats.vector_reader import ASCII, QUOTED, LayerReader, has_root, renamed, safe_names
from orchestrator.sql import quote

LARGEST = 1 << 30
DRAWING = ("id", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon")
MOMENTS = ("timestamp", "begin", "end")
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
        """The file, if it is KML or a zip of it that is not too large."""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                if sum(each.file_size for each in packed.infolist()) > LARGEST:
                    raise NodeError(f"'{self.path}' is larger than {LARGEST >> 30} GiB unpacked.", code="too_large")
        else:
            has_root(path, self.path, "kml", "KML")
        yield str(path)

    def shown(self, table: Relation) -> Relation:
        """The data of the places."""
        return table.project(", ".join(quote(name) for name in table.columns if name not in DRAWING))


class KmlWriter(Writer):
    """Places in WGS 84: geometry in another coordinate system is reprojected. `.kmz` is zipped.

    A column called `name` or `description` is what Google Earth shows. `timestamp`, `begin` and `end` are a place's
    time where they are times; other times and dates are ISO text. KML has integers of 32 bits: larger types are text.
    Nested values are JSON text, decimals DOUBLE, further geometry columns WKT. Quotes, `<`, `>` and `&` in
    names become underscores.
    """

    name: ClassVar[str] = "kml"
    label: ClassVar[str] = "KML"
    extensions: ClassVar[tuple[str, ...]] = KmlReader.extensions
    becomes: ClassVar[Mapping[str, str]] = {"BIGINT": "VARCHAR"}
    geometry_as: ClassVar[GeometryAs] = "features"

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "KML")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Places as they come."""
        rows = self.prepare(table, context)
        (layer,) = safe_names([path.stem], letters=ASCII)  # in a KMZ it is the name of a file
        return vector.whole(path, vector.write(rows, path, driver="LIBKML", layer=layer, geometry_type="Unknown"))

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that KML has, in WGS 84."""
        fields = [
            f"{quote(name)}::VARCHAR AS {quote(name)}"
            if str(kind) in TIMES and not (name in MOMENTS and str(kind).startswith("TIMESTAMP"))
            else quote(name)
            for name, kind in zip(table.columns, table.types, strict=True)
        ]
        rows = vector.holdable(table.project(", ".join(fields)))
        return reprojected(renamed(rows, safe_names(rows.columns, letters=QUOTED)), WGS_84, context)

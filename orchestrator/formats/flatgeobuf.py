"""`flatgeobuf`: one layer in a binary file that can be read as a stream."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.cut_short import cut_short
from orchestrator.formats.gdal import gdal
from orchestrator.formats.systems import crs_text
from orchestrator.formats.vector_reader import VectorReader, begins_with
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote


class FlatgeobufReader(VectorReader):
    """The features of a FlatGeobuf file. Its times are UTC, read as TIMESTAMP; it has no dates. Curves are read as
    lines, with a point every four degrees."""

    name: ClassVar[str] = "flatgeobuf"
    label: ClassVar[str] = "FlatGeobuf"
    extensions: ClassVar[tuple[str, ...]] = (".fgb",)
    driver: ClassVar[str] = "FlatGeobuf"

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, if its first bytes are those of the format."""
        begins_with(path, self.path, b"fgb\x03fgb", "FlatGeobuf")
        yield str(path)

    def read(self, path: Path, context: Context) -> Relation:
        """All features that the header counts; one that was written as a stream does not count them.

        Raises NodeError, `unreadable_file`, where there are fewer.
        """
        table = super().read(path, context)
        if not context.design:
            with vector.quietly():
                counted = int(gdal().read_info(str(path))["features"])
            (found,) = table.count("*").fetchall()[0]
            if found < counted:
                raise cut_short(self.path, f"it has {counted:,} rows, and {found:,} of them are there")
        return table


class FlatgeobufWriter(Writer):
    """A FlatGeobuf file. Dates and times are stored as times in UTC with milliseconds, and read as TIMESTAMP.

    Without an index the rows keep their order. Either all geometries have heights and are of one kind, or none has.
    An empty geometry comes back as null. Further geometry columns are WKT, nested values JSON text, decimals DOUBLE.
    """

    name: ClassVar[str] = "flatgeobuf"
    label: ClassVar[str] = "FlatGeobuf"
    extensions: ClassVar[tuple[str, ...]] = FlatgeobufReader.extensions
    loses: ClassVar[lossy.Losses] = lossy.MICROSECONDS
    becomes: ClassVar[Mapping[str, str]] = {"DATE": "TIMESTAMP", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
    geometry_as: ClassVar[GeometryAs] = "features"
    geometry_name: ClassVar[str] = "geometry"

    index: bool = option(False, "Store a spatial index; the rows are put in its order.", True, "checkbox")

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "FlatGeobuf")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The features, with the kind of their geometry where there is one kind only.

        Raises NodeError, `invalid_geometry`, for nulls with an index; else as `vector.write`.
        """
        rows = self.prepare(table, context)
        name, system = geometry_columns(rows)[0], crs_text(rows)
        options: dict[str, Any] = {"SPATIAL_INDEX": "YES" if self.index else "NO"}
        with vector.held(rows, context) as held:
            kind = _kind(held)
            if self.index and held.filter(f"{quote(name)} IS NULL").limit(1).fetchall():
                message = f"Column '{name}' has nulls, which an index cannot hold."
                raise NodeError(message, code="invalid_geometry", path="/config/index", hint="index: false")
            options = {"geometry_type": kind, "crs": system, "layer_options": options}
            return vector.whole(path, vector.write(held, path, driver="FlatGeobuf", **options))

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that the format has."""
        return vector.holdable(table, text=("TIME",))


def _kind(rows: Relation) -> str:
    name = quote(geometry_columns(rows)[0])
    if rows.filter(f"hex(ST_AsWKB({name})::BLOB)[5:6] IN ('07', '0B')").limit(1).fetchall():
        message = "FlatGeobuf is written without measures (M), and a geometry here has them."
        raise NodeError(message, code="invalid_geometry", port="table", hint="write a GeoPackage")
    if len(vector.kinds(rows)) > 1 and any(height for _, height in vector.kinds(rows)):
        message = "FlatGeobuf holds heights where all geometries are of one kind and have them; these are mixed."
        raise NodeError(message, code="geometry_mixed", port="table", hint="write a GeoPackage")
    return vector.common_kind(rows)

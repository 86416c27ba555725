"""`geoparquet`: Parquet whose geometry columns say their coordinate system."""

from pathlib import Path
from typing import ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.parquet import Compression, ParquetReader, copy_parquet, written
from orchestrator.schema import geometry_columns


class GeoparquetReader(FileReader):
    """Parquet with geometry. Nothing but its footer is read before the run."""

    name: ClassVar[str] = "geoparquet"
    label: ClassVar[str] = "GeoParquet"
    extensions: ClassVar[tuple[str, ...]] = (".parquet", ".geoparquet")

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file. Raises NodeError, `geometry_needed`, where it has none."""
        table = ParquetReader(path=self.path).read(path, context)
        if not geometry_columns(table):
            message = f"'{self.path}' has no geometry column that can be read (encoding WKB)."
            raise NodeError(message, code="geometry_needed", hint="source_type parquet")
        return table


class GeoparquetWriter(Writer):
    """Parquet with geometry in WKB and its coordinate system as PROJJSON (GeoParquet 1.0).

    Other types are written as `parquet` writes them.
    """

    name: ClassVar[str] = "geoparquet"
    geometry_as: ClassVar[GeometryAs] = "features"
    label: ClassVar[str] = "GeoParquet"
    extensions: ClassVar[tuple[str, ...]] = GeoparquetReader.extensions

    compression: Compression = option("zstd", "How the file is packed.", "snappy", "select")

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "GeoParquet")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """COPY, so that a lazy input is computed here and once."""
        return copy_parquet(table, path, context.session, self.compression)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """What Parquet has no type for, in the nearest that it has."""
        return written(table)

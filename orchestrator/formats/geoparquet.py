"""`geoparquet`: Parquet whose geometry columns say their coordinate system."""

import json
from pathlib import Path
from typing import ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.parquet import Compression, ParquetReader, copy_parquet, written
from orchestrator.formats.reading import pattern
from orchestrator.schema import geometry_columns
from orchestrator.sql import literal


class GeoparquetReader(FileReader):
    """Parquet with geometry. Nothing but its footer is read before the run."""

    name: ClassVar[str] = "geoparquet"
    label: ClassVar[str] = "GeoParquet"
    extensions: ClassVar[tuple[str, ...]] = (".parquet", ".geoparquet")
    late: ClassVar[bool] = True

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file.

        Raises:
            NodeError: `geometry_needed`: it has none; `unreadable_file`: its primary column is none of the file.
        """
        table = ParquetReader(path=self.path).read(path, context)
        if not geometry_columns(table):
            message = f"'{self.path}' has no geometry column that can be read (encoding WKB)."
            raise NodeError(message, code="geometry_needed", hint="source_type parquet")
        self._check_primary(path, table, context)
        return table

    def _check_primary(self, path: Path, table: Relation, context: Context) -> None:
        metadata = f"parquet_kv_metadata({literal(pattern(path))})"
        said = f"SELECT decode(value) FROM {metadata} WHERE decode(key) = 'geo'"
        there = {name.lower() for name in table.columns}  # DuckDB gives two that differ in case other names
        for (value,) in context.session.connection.execute(said).fetchall():
            found = json.loads(value)
            primary, geometry = found.get("primary_column", ""), list(found["columns"])
            if "primary_column" in found and (primary not in geometry or primary.lower() not in there):
                message = f"'{self.path}' says that its primary geometry column is '{primary}', and has no such column."
                hint = f"write the file again with primary_column {geometry[0]}, or source_type parquet"
                raise NodeError(message, code="unreadable_file", hint=hint)


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

"""`parquet`: columns with their types, by DuckDB's reader and writer."""

from pathlib import Path
from typing import ClassVar, Literal

from orchestrator.exact import plain
from orchestrator.formats.base import Context, FileReader, Relation, Writer, option
from orchestrator.formats.reading import read
from orchestrator.formats.systems import geo_options
from orchestrator.sql import literal
from orchestrator.storable import storable
from orchestrator.tables import Session

Compression = Literal["zstd", "snappy", "lz4", "gzip", "uncompressed"]


class ParquetReader(FileReader):
    """Columns with the types that the file says. Nothing but its footer is read before the run."""

    name: ClassVar[str] = "parquet"
    label: ClassVar[str] = "Parquet"
    extensions: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    late: ClassVar[bool] = True

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the file."""
        return storable(context.session.connection.sql(read("read_parquet", path, {})))


class ParquetWriter(Writer):
    """Columns with their types; geometry is kept with its coordinate system, as in GeoParquet.

    What Parquet has no type for is written in the nearest that it has, inside of others too: integers of 128 bits as
    DECIMAL(38, 0), an ARRAY as LIST; ENUM, UNION, BIT, BIGNUM and INTERVAL as text: its intervals have no microseconds,
    and are never below zero. TIME with a time zone is in UTC.
    """

    name: ClassVar[str] = "parquet"
    label: ClassVar[str] = "Parquet"
    extensions: ClassVar[tuple[str, ...]] = ParquetReader.extensions

    compression: Compression = option("zstd", "How the file is packed.", "snappy", "select")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """COPY, so that a lazy input is computed here and once."""
        return copy_parquet(table, path, context.session, self.compression)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """What Parquet has no type for, in the nearest that it has."""
        return written(table)


def written(table: Relation) -> Relation:
    """The columns in types that Parquet keeps whole."""
    return plain(storable(table))


def copy_parquet(table: Relation, path: Path, session: Session, compression: str, *more: str) -> int:
    """Write rows as (Geo)Parquet, with more options of COPY; returns how many."""
    view = session.name(written(table))
    options = ["FORMAT parquet", f"COMPRESSION {compression}", *more, *geo_options(table)]
    query = f"COPY (FROM {view}) TO {literal(str(path))} ({', '.join(options)})"
    made = session.connection.execute(query).fetchall()
    return int(made[0][0])

"""`arrow`: Arrow IPC, as a file (Feather) or a stream."""

import re
from collections import deque
from pathlib import Path
from typing import Any, ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats.arrow_types import checked, distinct
from orchestrator.formats.base import Context, FileReader, Relation, Writer, option
from orchestrator.formats.casts import cast
from orchestrator.formats.streams import batches, stored
from orchestrator.storable import storable

MAGIC = b"ARROW1"
FEATHER_1 = b"FEA1"
JUDGED = re.compile(r"\b(date|time|decimal)\d")  # types of which Arrow would refuse values that are read, such as 24:00
Compression = Literal["zstd", "lz4", "uncompressed"]


class ArrowReader(FileReader):
    """Columns with the types that the file says, from an Arrow IPC file (Feather) or stream, told apart by itself.

    A file is seen to be whole, then read in parts while the run goes on; a stream is copied first where it is large.
    Nothing but the schema is read before the run. Dictionaries become text; a second column of one name, whatever its
    case, is called `a_1`.
    """

    name: ClassVar[str] = "arrow"
    label: ClassVar[str] = "Arrow"
    extensions: ClassVar[tuple[str, ...]] = (".arrow", ".feather", ".arrows", ".ipc")
    late: ClassVar[bool] = True

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over the memory-mapped file, or over the stream's rows. Raises NodeError, `unreadable_file`."""
        import pyarrow

        try:
            return storable(self._table(path, context))
        except (pyarrow.ArrowException, OSError) as error:
            raise NodeError(
                f"'{self.path}' is not Arrow, or damaged: {_reason(error)}.", code="unreadable_file"
            ) from None

    def _table(self, path: Path, context: Context) -> Relation:
        import pyarrow
        import pyarrow.dataset

        with path.open("rb") as file:
            start = file.read(len(MAGIC))
        if start.startswith(FEATHER_1):
            message = f"'{self.path}' is Feather of version 1, which is no longer read."
            raise NodeError(message, code="unreadable_file")
        with pyarrow.memory_map(str(path)) as source:
            opened: Any = pyarrow.ipc.open_file(source) if start == MAGIC else pyarrow.ipc.open_stream(source)
            found = checked(opened.schema, self.path, context)
            schema = distinct(found)
            if context.design:
                return context.session.arrow(schema.empty_table())
            rows = map(_whole, opened if start != MAGIC else map(opened.get_batch, range(opened.num_record_batches)))
            if start == MAGIC and len(set(found.names)) == len(found.names):
                deque(rows, maxlen=0)
                return context.session.arrow(pyarrow.dataset.dataset(str(path), schema=found, format="ipc"))
            # A dataset finds its columns by name: a file with one name twice is read as a stream.
            return stored(schema, (each.rename_columns(schema.names) for each in rows), context)


def _whole(batch: Any) -> Any:
    """The batch, if all its values are within it: where they are not, who reads them ends with the process."""
    for column in batch.columns:
        if not JUDGED.search(str(column.type)):
            column.validate(full=True)
    return batch


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return re.sub(r"^In column \d+: Invalid: ", "", lines[0])[:200].rstrip(".") if lines else "it ends too early"


class ArrowWriter(Writer):
    """Columns with their types, as an Arrow IPC file (Feather) or stream.

    Geometry keeps its coordinate system; a UUID, JSON and TIME with a time zone are text.
    """

    name: ClassVar[str] = "arrow"
    label: ClassVar[str] = "Arrow"
    extensions: ClassVar[tuple[str, ...]] = ArrowReader.extensions

    compression: Compression = option("zstd", "How the columns are packed.", "lz4", "select")
    layout: Literal["auto", "file", "stream"] = option(
        "auto", "File, or stream; by default a stream where the name ends with .arrows.", "stream", "select"
    )

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Batch by batch, as they are computed."""
        import pyarrow

        packed = None if self.compression == "uncompressed" else self.compression
        options = pyarrow.ipc.IpcWriteOptions(compression=packed)
        stream = self.layout == "stream" or (self.layout == "auto" and path.suffix == ".arrows")
        made: Any = pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file
        count = 0
        with (
            batches(self.prepare(table, context), 65_536) as (schema, rows),
            path.open("wb") as file,
            made(file, schema, options=options) as writer,
        ):
            for batch in rows:
                writer.write_batch(batch)
                count += batch.num_rows
        return count

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that every reader of Arrow knows."""
        return cast(storable(table), {"TIME WITH TIME ZONE": "VARCHAR"}.get)

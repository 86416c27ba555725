"""`avro`: records with their schema, in blocks."""

import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats import avro_types, python_values
from orchestrator.formats.arrow_types import checked
from orchestrator.formats.avro_added import takes
from orchestrator.formats.avro_schema import held, schema_of
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.casts import cast
from orchestrator.formats.streams import batches, stored
from orchestrator.paths import resolve
from orchestrator.sql import names
from orchestrator.storable import storable

MAGIC = b"Obj\1"
BATCH = 10_000


class AvroReader(FileReader):
    """The records of an Avro object container file; nothing but its schema is read before the run.

    A union with null is a column that may be null; numbers of several kinds are DOUBLE, any other union is text.
    Records are STRUCT, arrays LIST, maps and arrays of the logical type `map` MAP, enums and UUIDs text. `timestamp`
    types have a time zone, `local-timestamp` types have none.
    """

    name: ClassVar[str] = "avro"
    label: ClassVar[str] = "Avro"
    extensions: ClassVar[tuple[str, ...]] = (".avro",)

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over a copy of the rows in the run's folder, or in memory while they are few.

        Raises NodeError: `unreadable_file`, `no_table`.
        """
        import fastavro

        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise NodeError(f"'{self.path}' is not Avro.", code="unreadable_file")
            file.seek(0)
            try:
                found: Any = fastavro.reader(file)
                fields = avro_types.columns(found.writer_schema, self.path)
                schema = checked(avro_types.arrow_schema(fields), self.path, context)
                return stored(schema, self._batches(found, fields), context)
            except NodeError:
                raise
            except Exception as error:
                # What fastavro raises for a broken file are errors of many kinds, such as KeyError and EOFError.
                message = f"'{self.path}' cannot be read as Avro: {str(error)[:200] or 'it ends too early'}."
                raise NodeError(message, code="unreadable_file") from None

    @staticmethod
    def _batches(found: Iterator[Any], fields: list[avro_types.Column]) -> Iterator[Any]:
        import pyarrow

        schema = avro_types.arrow_schema(fields)
        while rows := list(islice(found, BATCH)):
            columns = [
                pyarrow.array([each.value(row[each.key]) for row in rows], field.type)
                for each, field in zip(fields, schema, strict=True)
            ]
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)


class AvroWriter(Writer):
    """Records in an Avro object container file; every column may be null.

    DECIMAL, DATE, TIME, TIMESTAMP (`local-timestamp-micros`, with a time zone `timestamp-micros`) and UUID are Avro's
    logical types. Geometry is WKT; INTERVAL and TIME with a time zone are text. A MAP whose keys are no text is an
    array of pairs with the logical type `map`. A date or time outside of the years 1 to 9999 is refused. A column whose
    name Avro does not allow has one that it does, and its own beside it.

    `append` puts the new records behind the old ones, packed as those are; where the types differ, or there are new
    columns, all of them are written anew.
    """

    name: ClassVar[str] = "avro"
    label: ClassVar[str] = "Avro"
    extensions: ClassVar[tuple[str, ...]] = AvroReader.extensions
    geometry_as: ClassVar[GeometryAs] = "text"

    compression: Literal["deflate", "uncompressed"] = option(
        "deflate", "How the blocks are packed.", "deflate", "select"
    )

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Block by block, as the rows are computed."""
        path.unlink(missing_ok=True)
        return self.add(table, path, context)

    def add(self, table: Relation, path: Path, context: Context) -> int:
        """The same, behind the blocks that are there."""
        import fastavro

        rows, count = self.prepare(table, context), 0

        def records(parts: Iterable[Any], keys: list[str], values: list[avro_types.Value]) -> Iterator[dict[str, Any]]:
            nonlocal count
            for batch in parts:
                count += batch.num_rows
                columns = [
                    [None if each is None else value(each) for each in column]
                    for column, value in zip(python_values.values(batch), values, strict=True)
                ]
                yield from (dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True))

        codec = "null" if self.compression == "uncompressed" else "deflate"
        with batches(rows, BATCH) as (arrow, parts), path.open("a+b") as file:
            schema, values = _schema(arrow, rows)
            made = records(parts, [field["name"] for field in schema["fields"]], values)
            fastavro.writer(file, fastavro.parse_schema(schema), made, codec=codec)
        return count

    def begin(self, old: Path, place: Path) -> None:
        """Bring along the old blocks."""
        shutil.copyfile(old, place)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """Nothing where the new rows go behind the old blocks."""
        if context.design:
            return super().existing_rows(table, context)
        rows = self.prepare(table, context)
        with batches(rows.limit(0), BATCH) as (arrow, _):
            fits = takes(resolve(context.root, self.path), _schema(arrow, rows)[0])
        return None if fits else super().existing_rows(table, context)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that Avro has."""
        return cast(storable(table), held)


def _schema(arrow: Any, rows: Relation) -> tuple[dict[str, Any], list[avro_types.Value]]:
    return schema_of(arrow, [name for name, kind in names(rows).items() if kind == "UUID"])

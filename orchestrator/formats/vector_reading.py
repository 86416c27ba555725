"""The features of a dataset, through GDAL, all of them or none."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.arrow_features import plain
from orchestrator.formats.base import Context, Relation, kept
from orchestrator.formats.curves import straight
from orchestrator.formats.gdal import failed, forget_errors, gdal
from orchestrator.formats.vector_values import heeded

IN_MEMORY = 64 << 20


def read(
    source: str, name: str | None, size: int, context: Context, *, widen: bool = False, flat: bool = False,
    **options: Any,
) -> Relation:  # fmt: skip
    """The features of a dataset; in design none of them. Large ones go through a stored table.

    Args:
        source: as GDAL takes it, with its driver.
        name: as the user calls it; None where the caller looks for what GDAL could not read.
        size: bytes of the file.
        context: says where to.
        widen: give every integer 64 bits.
        flat: a geometry whose heights are all 0 loses them.
        options: pyogrio's, such as `layer` and `encoding`.

    Raises:
        NodeError: `unreadable_file`: GDAL does not get to the end; `invalid_geometry`: a shape that is not read.
    """
    import pyarrow

    pyogrio, made = gdal(), partial(plain, widen=widen, flat=flat)
    with heeded():
        if context.design:
            meta, table = pyogrio.read_arrow(source, max_features=0, **options)
            return context.session.arrow(made(table.slice(0, 0), meta))
        with pyogrio.open_arrow(source, use_pyarrow=True, **options) as (meta, reader):
            stopped: list[NodeError] = []
            parts = _parts(reader, stopped, name, partial(_shapes, source, options))
            if size <= IN_MEMORY or context.scratch is None:
                found = context.session.arrow(made(pyarrow.Table.from_batches(list(parts), reader.schema), meta))
            else:
                found = _stored(reader.schema, parts, meta, context, made)
    if stopped:
        raise stopped[0]
    return found


def _parts(reader: Any, stopped: list[NodeError], name: str | None, again: Any) -> Iterator[Any]:
    """The batches, and what ended them; who asks for the next one may do so in another thread."""
    count = 0
    while True:
        forget_errors()
        batch = next(reader, None)
        before, count = count, count + (batch.num_rows if batch is not None else 0)
        if failed() and name is not None:
            message = f"'{name}' cannot be read to its end: it is damaged or cut off after about {count:,} rows."
            stopped.append(NodeError(message, code="unreadable_file", hint="copy the file again"))
        if batch is None:
            return
        try:
            yield straight(batch, before, name or "the file", again)
        except NodeError as error:
            stopped.append(error)
            return


def _shapes(source: str, options: Mapping[str, Any], **some: int) -> Any:
    return gdal().raw.read(source, columns=[], **options, **some)[2]


def _stored(schema: Any, parts: Iterator[Any], meta: Mapping[str, Any], context: Context, made: Any) -> Relation:
    import pyarrow

    tables = (made(pyarrow.Table.from_batches([batch]), meta).combine_chunks() for batch in parts)
    batches = (each for table in tables for each in table.to_batches())
    stream = pyarrow.RecordBatchReader.from_batches(made(schema.empty_table(), meta).schema, batches)
    return kept(context.session.arrow(stream), context)

"""A table with geometry read in batches, and its rows sent to ports: chosen, changed, with columns beside them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from orchestrator.carried import batches, taken
from orchestrator.crs import written_in
from orchestrator.ops._spatial import BATCH, collecting_later, geometry_field, kind_of, wkb
from orchestrator.ops.base import Relation

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes

REASONS = (pa.field("rejection_code", pa.string()), pa.field("rejection_message", pa.string()))


class Part(NamedTuple):
    """What a batch gives to a port: which of its rows (None: all), columns beside them, and other geometry."""

    rows: "Rows | None" = None
    columns: Sequence[Any] = ()
    geometry: "Shapes | None" = None


Work = Callable[[pa.Array, int], Mapping[str, Part]]


def parted(
    table: Relation,
    column: str,
    ports: Mapping[str, Sequence[pa.Field]],
    work: Work,
    unused: Collection[str] = (),
    *,
    at_once: Callable[[pa.Array], int] = len,
) -> dict[str, pa.Table]:
    """The rows of each port, in input order; `ports` are their fields beside those of the table.

    Ports that are `unused` stay empty. `work` gets the geometry of a batch as it is stored, and how many rows came
    before it; `at_once` says how many of its rows at a time. A new column takes the place of one that is called so.
    """
    field = geometry_field(column, written_in(kind_of(table, column)))
    with batches(table, BATCH) as reader:
        place = reader.schema.get_field_index(column)
        targets = {port: _Target(reader.schema.set(place, field), place, fields) for port, fields in ports.items()}
        before = 0
        for batch in _sliced(reader, place, at_once):
            columns = [_plain(each) if n == place else each for n, each in enumerate(batch.columns)]
            with collecting_later():
                parts = work(batch.column(place), before)
            for port in parts.keys() - unused:
                targets[port].add(columns, parts[port])
            before += batch.num_rows
    return {port: pa.concat_tables(target.made) for port, target in targets.items()}


def _sliced(reader: pa.RecordBatchReader, place: int, at_once: Callable[[pa.Array], int]) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        step = at_once(batch.column(place)) or 1
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def _plain(geometry: Any) -> Any:
    stored = geometry.storage if isinstance(geometry, pa.ExtensionArray) else geometry
    return stored if stored.type == pa.binary() else stored.cast(pa.binary())


class _Target:
    """The table of a port, as it grows."""

    def __init__(self, schema: pa.Schema, place: int, fields: Sequence[pa.Field]) -> None:
        new = {field.name.lower() for field in fields}
        self._kept = [n for n, each in enumerate(schema) if each.name.lower() not in new]
        self._place = place
        self._schema = pa.schema([*(schema.field(n) for n in self._kept), *fields])
        self.made = [self._schema.empty_table()]

    def add(self, columns: Sequence[Any], part: Part) -> None:
        made = []
        for number in self._kept:
            if number == self._place and part.geometry is not None:
                made.append(wkb(part.geometry))
            else:
                made.append(columns[number] if part.rows is None else taken(columns[number], part.rows))
        self.made.append(pa.Table.from_arrays([*made, *part.columns], schema=self._schema))


def reasons(codes: "np.ndarray[Any, Any]", messages: Sequence[str]) -> list[pa.Array]:
    """The columns of `REASONS`."""
    return [pa.array(codes, pa.string()), pa.array(messages, pa.string())]


def usable(shapes: "Shapes") -> Any:
    """For each shape, whether there is one, and it is not empty."""
    import shapely

    return ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))

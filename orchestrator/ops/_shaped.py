"""Which geometry column a node type works on, and tables with columns made of its shapes, batch by batch."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from orchestrator.carried import batches
from orchestrator.crs import written_in
from orchestrator.errors import NodeError, at
from orchestrator.faults import unknown_column
from orchestrator.ops._spatial import (
    BATCH,
    check_finite,
    collecting_later,
    geometry_of,
    kind_of,
    mapped,
    shapes,
    vectorised,
)
from orchestrator.ops._systems import check_flat
from orchestrator.ops._types import family, free, plain
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import Column
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote
from orchestrator.suggest import listing

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from orchestrator.ops._spatial import Shapes

    Check = Callable[[Shapes, int], None]

GeometryColumn = Annotated[
    Column | None, Field(description="The geometry column to work on; without it the first.", examples=["geometry"])
]
Amount = Annotated[float, Field(allow_inf_nan=False)] | Column


def known(table: Relation, name: str, place: str) -> str:
    """The column as the table writes it; `place` is the setting that names it, such as `/column`.

    Raises:
        NodeError: `unknown_column`.
    """
    for column in table.columns:
        if column.lower() == name.lower():
            return column
    with at(place):
        raise unknown_column(name, table.columns)


def active(table: Relation, wanted: str | None, port: str = "table") -> tuple[str, str | None]:
    """The geometry column to work on, and its coordinate system (PROJJSON).

    Raises:
        NodeError: `missing_geometry` on the port; `unknown_column`, `type_mismatch` on the setting `geometry`.
    """
    if wanted is None:
        column = geometry_of(table, port)
    elif (column := known(table, wanted, "/geometry")) not in (found := geometry_columns(table)):
        message = f"Column '{column}' is {plain(kind_of(table, column))}, not geometry."
        hint = f"geometry columns: {listing(found) or 'none'}"
        raise NodeError(message, code="type_mismatch", path="/config/geometry", hint=hint)
    return column, written_in(kind_of(table, column))


def flat(table: Relation, wanted: str | None = None, port: str = "table") -> tuple[str, str | None]:
    """The same of geometry that is worked on as on a flat map, by its x and y.

    Raises:
        NodeError: as `active`; `invalid_crs` on the port, for a system from the centre of the Earth.
    """
    column, crs = active(table, wanted, port)
    check_flat(crs, port)
    return column, crs


def reshaped(
    table: Relation, wanted: str | None, work: "Callable[[Shapes], Any]", context: Context, check: "Check | None" = None
) -> Relation:
    """The table with its geometry changed, as on a flat map, by a function of Shapely that takes arrays.

    `check` gets the shapes of a batch first, and how many rows came before it.

    Raises:
        NodeError: as `flat`; `invalid_geometry`, with the row (from 1), also for a coordinate that is no number.
    """
    import numpy as np

    column, crs = flat(table, wanted)

    def change(batch: "Shapes", before: int) -> "Shapes":
        check_finite(batch, np.arange(len(batch)) + before)
        if check:
            check(batch, before)
        made: Shapes = vectorised(work, batch, before=before)
        return made

    return context.session.arrow(mapped(table, column, change, crs))


def rebuilt(
    table: Relation,
    column: str,
    fields: "Sequence[pa.Field]",
    make: "Callable[[Shapes, pa.RecordBatch, int], Sequence[pa.Array]]",
    without: Collection[str] = (),
) -> "pa.Table":
    """The table with these columns, made of the shapes in `column`, of the batch, and of how many rows came before.

    A column that has the name of one is replaced where it is, whatever its case; others come last.
    """
    import pyarrow as pa

    gone = {name.lower() for name in without}
    with batches(table, BATCH) as reader:
        kept = [name for name in reader.schema.names if name.lower() not in gone]
        placed = {name.lower(): reader.schema.field(name) for name in kept} | {
            each.name.lower(): each for each in fields
        }
        schema = pa.schema(placed.values())
        made, before = [schema.empty_table()], 0
        for batch in reader:
            with collecting_later():
                new = make(shapes(batch.column(column), before=before), batch, before)
            arrays = {name.lower(): batch.column(name) for name in kept}
            arrays |= {field.name.lower(): array for field, array in zip(fields, new, strict=True)}
            made.append(pa.Table.from_arrays(list(arrays.values()), schema=schema))
            before += batch.num_rows
    return pa.concat_tables(made)


class Amounts:
    """Settings that are a number or name a column of numbers, as one number for each row of a batch.

    Raises:
        NodeError: `unknown_column`, `type_mismatch`, on the setting.
    """

    def __init__(self, table: Relation, given: Mapping[str, float | str]) -> None:
        self._given = dict(given)
        self.helpers: list[str] = []
        made = []
        for setting, value in given.items():
            if isinstance(value, str):
                column = known(table, value, f"/{setting}")
                if family(kind := kind_of(table, column)) != "number":
                    message = f"Column '{column}' is {plain(kind)}; a number is needed."
                    raise NodeError(message, code="type_mismatch", path=f"/config/{setting}")
                self._given[setting] = helper = free([*table.columns, *self.helpers], f"_{setting}")
                self.helpers.append(helper)
                made.append(f"CAST({quote(column)} AS DOUBLE) AS {quote(helper)}")
        self.table = table.project(", ".join(["*", *made])) if made else table

    def of(self, batch: "pa.RecordBatch", setting: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """The numbers of the batch's rows, null as NaN."""
        import numpy as np

        value = self._given[setting]
        if isinstance(value, str):
            return np.asarray(batch.column(value).to_numpy(zero_copy_only=False), dtype=np.float64)
        return np.full(batch.num_rows, float(value))

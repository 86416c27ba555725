"""`distance`: FME's NeighborFinder, and LengthCalculator between two geometries, for the distance alone."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.carried import to_arrow
from orchestrator.crs import written_in
from orchestrator.errors import NodeError
from orchestrator.ops._called import new_columns
from orchestrator.ops._spatial import geometry_of, kind_of, shapes, shapes_of, vectorised
from orchestrator.ops._systems import check_systems, comparable
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn
from orchestrator.schema import geometry_columns

if TYPE_CHECKING:
    from orchestrator.ops._parted import Work


class Distance(Op):
    """Write into a column how far each geometry is from the nearest one of another table, or from one in its own row.

    Connect the table to measure to, or name a second geometry column with `to`. The distance is between the nearest
    places, 0 where both meet; null where a side is null or empty, or the other table has no geometry. In degrees, the
    unit `metre` gives geodesic distances on the ellipsoid, between points alone. `nearest` tells also which it is.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"unit": "metre", "name": "distance"}

    to: Column | None = Field(
        None, description="A second geometry column to measure to, in place of a second table.", examples=["centre"]
    )
    unit: Literal["crs", "metre"] = Field(
        "crs", description="Unit of the distance: that of the coordinate system (degrees, feet, …), or metres."
    )
    name: NewColumn = Field("distance", description="Name of the new column.")

    def run(
        self,
        table: Annotated[Relation, "Rows to measure from."],
        other: Annotated[Relation | None, "Rows to measure to."],
        context: Context,
    ) -> Relation:
        """Batch by batch.

        Raises NodeError: `invalid_config` with none or both to measure to; `duplicate_column`, `type_mismatch`.
        """
        import pyarrow as pa

        from orchestrator.ops._parted import parted

        new_columns(table.columns, {"name": self.name})
        if (other is None) == (self.to is None):
            message = "Connect a table to measure to at 'other', or name a geometry column with 'to': one of both."
            raise NodeError(message, code="invalid_config", path="/config/to")
        if other is None:  # two columns of it are read: they must tell of the same rows
            table = context.session.arrow(to_arrow(table))
        column, work = self._to_column(table) if other is None else self._to_table(table, other)
        made = parted(table, column, {"result": [pa.field(self.name, pa.float64())]}, work)
        return context.session.arrow(made["result"])

    def _to_table(self, table: Relation, other: Relation) -> "tuple[str, Work]":
        from orchestrator.ops._near import space
        from orchestrator.ops._same_places import NearOnce

        where, against = comparable(table=table, other=other)
        theirs = shapes_of(other, against, "other")
        near = NearOnce(theirs, space(self.unit, written_in(kind_of(table, where)), "table"), "other", "table")

        def work(batch: Any, before: int) -> Any:
            found = near.nearest(shapes(batch, before=before), before=before)
            return _column(len(batch), found.left, found.distance)

        return where, work

    def _to_column(self, table: Relation) -> "tuple[str, Work]":
        import numpy as np

        from orchestrator.ops._near import placed, space

        where, to = geometry_of(table), str(self.to)
        if to not in geometry_columns(table):
            message = f"Column '{to}' is {kind_of(table, to)}, no geometry."
            raise NodeError(message, code="type_mismatch", path="/config/to")
        check_systems(kind_of(table, where), kind_of(table, to), ("table", "table"))
        there = space(self.unit, written_in(kind_of(table, where)), "table")
        theirs = shapes_of(table, to)

        def work(batch: Any, before: int) -> Any:
            one, two = shapes(batch, before=before), theirs[before : before + len(batch)]
            for each in (one, two):
                there.check(each, "table", before)
            rows = np.flatnonzero(placed(one) & placed(two))
            return _column(len(batch), rows, vectorised(there.distances, one[rows], two[rows], rows=rows + before))

        return where, work


def _column(count: int, rows: Any, distances: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    from orchestrator.ops._parted import Part

    apart, missing = np.zeros(count), np.ones(count, dtype=bool)
    apart[rows], missing[rows] = distances, False
    return {"result": Part(columns=[pa.array(apart, mask=missing)])}

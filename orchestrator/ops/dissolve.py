"""`dissolve`: FME's Dissolver."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.ops._grouped import Grouped
from orchestrator.ops._shaped import GeometryColumn, flat
from orchestrator.ops._spatial import finite_shapes
from orchestrator.ops.base import Context, Relation

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes


class Dissolve(Grouped):
    """Merge the shapes of each group into one; boundaries between areas that touch or overlap vanish.

    Groups come in the order in which they appear, null is a group of its own; a row has the columns of the group, the
    aggregates, and the merged geometry. Nulls are skipped, and only nulls give null. Lines are cut where they cross;
    points, lines and areas together give a collection. Heights stay where all shapes of a group have them; measures are
    dropped. An area that crosses itself can be an error: repair it first.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"group_by": ["region"], "aggregations": [{"function": "count"}]}

    parts: bool = Field(
        False,
        description="A row for each area, point, and piece of line between crossings, rather than one for each group.",
    )
    grid: float | None = Field(
        None, gt=0, description="Move vertices to a grid of this width, in units of the CRS: closes gaps.",
        examples=[0.01], allow_inf_nan=False,
    )  # fmt: skip
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry in the same coordinate system."""
        column, crs = flat(table, self.geometry)
        if not self.parts:
            return self.one_each(table, (column, crs), self._united, context)
        from orchestrator.ops._parts import split

        rows = self.read(table, column)
        groups = self.groups(rows, context.session)
        parts, of, _ = split(groups.worked(groups.collections(finite_shapes(rows.column(column))), self._united))
        return context.session.arrow(groups.table(parts, column, crs, of))

    def _united(self, collections: "Shapes") -> "Shapes":
        import numpy as np
        import shapely

        made: Shapes = np.full(len(collections), None, dtype=object)
        some = ~shapely.is_missing(collections)
        made[some] = shapely.union_all(collections[some][:, None], axis=1, grid_size=self.grid)
        return made if self.grid is None else np.asarray(shapely.set_precision(made, self.grid), dtype=object)

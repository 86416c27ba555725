"""`force_2d`: FME's 2DForcer and 3DForcer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._shaped import Amount, Amounts, GeometryColumn, flat, rebuilt
from orchestrator.ops._spatial import geometry_field, without_measures, wkb
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    import numpy as np

    from orchestrator.ops._spatial import Shapes


class Force2d(Op):
    """Drop the heights of geometry, or give one to all of its vertices.

    With `dimensions` 3, flat geometry gets the height `z`, a number or a column; geometry that has heights keeps them
    unless `replace` is set. Where the height is null, NaN or infinite, geometry stays as it is. x and y do not change.
    Measures are dropped. What counts from the centre of the Earth (EPSG:4978) has no heights and is refused.
    Null and empty geometry stay so.
    """

    type: ClassVar[str] = "force_2d"
    title: ClassVar[str] = "Force 2D or 3D"
    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"dimensions": 3, "z": "amount"}

    dimensions: Literal[2, 3] = Field(2, description="2 drops heights, 3 gives them.")
    z: Amount = Field(0.0, description="The height, or its column, for 3 dimensions.", examples=[440.5, "height"])
    replace: bool = Field(False, description="Replace heights that are there already.")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry of the same kind, in the same coordinate system."""
        column, crs = flat(table, self.geometry)
        amounts = Amounts(table, {"z": self.z})

        def changed(batch: "Shapes", rows: Any, _: int) -> list[Any]:
            return [wkb(self._changed(batch, amounts.of(rows, "z")))]

        made = rebuilt(amounts.table, column, [geometry_field(column, crs)], changed, without=amounts.helpers)
        return context.session.arrow(made)

    def _changed(self, batch: "Shapes", heights: "np.ndarray[Any, np.dtype[np.float64]]") -> "Shapes":
        import numpy as np
        import shapely

        if self.dimensions == 2:
            flat: Shapes = shapely.force_2d(batch)
            return flat
        made = without_measures(batch)
        rows = np.flatnonzero(np.isfinite(heights) & (self.replace | ~shapely.has_z(made)))
        made[rows] = shapely.force_3d(shapely.force_2d(made[rows]), z=heights[rows])
        return made

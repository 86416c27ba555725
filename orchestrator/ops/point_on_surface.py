"""`point_on_surface`: FME's LabelPointReplacer, and CenterPointReplacer's inside point."""

from typing import Annotated, Any, ClassVar

from orchestrator.ops._shaped import GeometryColumn, reshaped
from orchestrator.ops.base import Context, Op, Relation


class PointOnSurface(Op):
    """Replace geometry by a point that lies on it: inside of an area, on a vertex of a line.

    Of a geometry with several parts, the point is on one of those of highest dimension. Null stays null, and empty
    geometry becomes an empty point. Heights are dropped. An area that crosses itself may be missed: repair it first.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"geometry": "geometry"}

    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Points in the same coordinate system."""
        import shapely

        return reshaped(table, self.geometry, lambda batch: shapely.force_2d(shapely.point_on_surface(batch)), context)

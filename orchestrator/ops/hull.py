"""`hull`: FME's HullReplacer and HullAccumulator."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._grouped import GroupedOrNot
from orchestrator.ops._shaped import GeometryColumn, flat, reshaped
from orchestrator.ops.base import Context, Relation


class Hull(GroupedOrNot):
    """Replace geometry by the hull around it, or make one hull around all shapes of a group.

    A convex hull is the smallest area without dents; a concave one follows the vertices closer, the more the smaller
    the ratio. The hull of one point is a point, of points on a line a line. Null stays null; of empty geometry the hull
    is empty. Groups come in the order in which they appear, with their columns, the aggregates and the hull; nulls are
    skipped, and only nulls give null. Heights stay where all shapes have them.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"per": "group", "group_by": ["region"]}

    kind: Literal["convex", "concave"] = Field("convex", description="Without dents, or closer to the vertices.")
    ratio: float = Field(
        0.3, ge=0, le=1, description="How close a concave hull is: 0 the closest, 1 the convex hull.", examples=[0.3]
    )
    holes: bool = Field(False, description="Whether a concave hull may have holes.")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry in the same coordinate system."""
        if self.per == "row":
            return reshaped(table, self.geometry, self._hulls, context)
        return self.one_each(table, flat(table, self.geometry), self._hulls, context)

    def _hulls(self, shapes: Any) -> Any:
        import shapely

        if self.kind == "convex":
            return shapely.convex_hull(shapes)
        return shapely.concave_hull(shapes, ratio=self.ratio, allow_holes=self.holes)

"""`densify`: FME's Densifier."""

from math import degrees
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.crs import parse
from orchestrator.ops._shaped import GeometryColumn, active, reshaped
from orchestrator.ops._spatial import missing_crs
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    from orchestrator.ops._densified import Measure
    from orchestrator.ops._shaped import Check


class Densify(Op):
    """Add vertices to lines and boundaries, so that no piece is longer than a length.

    A piece that is longer is cut into equal ones along the straight line between its ends: the shape stays as it is,
    all vertices stay, and heights are between those of the ends. With `unit` `metre`, pieces in degrees are measured on
    the ellipsoid. Points, null and empty geometry stay as they are, but measures are dropped.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"length": 500, "unit": "metre"}

    length: float = Field(gt=0, description="The longest that a piece may be.", examples=[100], allow_inf_nan=False)
    unit: Literal["crs", "metre"] = Field(
        "crs", description="Unit of the length: that of the coordinate system (degrees, feet, …), or metres."
    )
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry of the same kind, in the same coordinate system."""
        from orchestrator.ops._densified import densified

        measure, check = self._measure(active(table, self.geometry)[1])
        return reshaped(table, self.geometry, lambda batch: densified(batch, self.length, measure), context, check)

    def _measure(self, crs: str | None) -> "tuple[Measure, Check | None]":
        """What gives the lengths between vertices, and sees that they can be."""
        from orchestrator.ops._densified import ellipsoidal, flat
        from orchestrator.ops._places import check_known_places

        if self.unit == "crs":
            return flat(1.0), None
        if crs is None:
            raise missing_crs("table", "A reproject node with the same 'from' and 'to' says which it is.")
        system = parse(crs)
        factor = system.axis_info[0].unit_conversion_factor
        if not system.is_geographic:
            return flat(factor), None
        return ellipsoidal(system), lambda batch, before: check_known_places(
            batch, system.name, "table", before, degrees(factor)
        )

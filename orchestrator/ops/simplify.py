"""`simplify`: FME's Generalizer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.carried import to_arrow
from orchestrator.ops._degrees import far_in_degrees
from orchestrator.ops._shaped import GeometryColumn, flat, reshaped
from orchestrator.ops._spatial import geometry_field, shapes, vectorised, without_measures, wkb
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

LARGEST = 1e100  # beyond it no number is within a tolerance of another, and GEOS does not come to an end


class Simplify(Op):
    """Leave out vertices of lines and areas that change their course by less than a tolerance.

    `douglas_peucker` keeps every vertex that is farther from the simplified line than the tolerance. With `topology` no
    part vanishes and no boundary crosses itself; without it small areas become empty. `coverage` takes the areas of the
    whole table together: a boundary that two of them share stays shared (Visvalingam-Whyatt; a corner goes if its
    triangle is smaller than the tolerance squared). It needs areas that do not overlap, and leaves points and lines as
    they are. The tolerance is in units of the coordinate system. Null and empty geometry stay as they are.
    Measures are dropped.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"tolerance": 0.01}

    tolerance: float = Field(
        ge=0, description="How far a boundary may move, in units of the coordinate system.", examples=[10],
        allow_inf_nan=False,
    )  # fmt: skip
    method: Literal["douglas_peucker", "coverage"] = Field(
        "douglas_peucker", description="Each shape alone, or areas together with their shared boundaries."
    )
    topology: bool = Field(True, description="Keep every part, and boundaries from crossing (`douglas_peucker`).")
    outline: bool = Field(True, description="Simplify also boundaries that are not shared (`coverage`).")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry in the same coordinate system; remaining vertices keep their heights."""
        _, crs = flat(table, self.geometry)
        far_in_degrees(context, crs, "tolerance", self.tolerance, "reproject the table to a system in metres first")
        if self.method == "coverage":
            return self._together(table, context)
        return reshaped(table, self.geometry, self._alone, context)

    def _alone(self, batch: "Shapes") -> "Shapes":
        import numpy as np
        import shapely

        made = without_measures(batch)
        full = (np.abs(shapely.bounds(batch)) < LARGEST).all(axis=1)
        made[full] = shapely.simplify(made[full], self.tolerance, preserve_topology=self.topology)
        return made

    def _together(self, table: Relation, context: Context) -> Relation:
        """All rows at once, since any two may be neighbours."""
        import numpy as np
        import shapely

        column, crs = flat(table, self.geometry)
        rows = to_arrow(table)
        place = rows.schema.get_field_index(column)
        made = without_measures(shapes(rows.column(place)))
        areas = np.flatnonzero(np.isin(shapely.get_type_id(made), (3, 6)) & ~shapely.is_empty(made))
        made[areas] = vectorised(
            lambda each: shapely.coverage_simplify(each, self.tolerance, simplify_boundary=self.outline),
            made[areas],
            rows=areas,
        )
        return context.session.arrow(rows.set_column(place, geometry_field(column, crs), wkb(made)))

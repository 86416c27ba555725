"""`affine`: FME's Offsetter, Rotator, Scaler and Affiner."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._shaped import Amount, Amounts, GeometryColumn, active, rebuilt
from orchestrator.ops._spatial import check_finite, geometry_field, without_measures, wkb
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import invalid

if TYPE_CHECKING:
    import numpy as np

    from orchestrator.ops._spatial import Shapes

    Numbers = np.ndarray[Any, np.dtype[np.float64]]

AMOUNTS = ("scale_x", "scale_y", "scale_z", "rotate", "dx", "dy", "dz")


class Affine(Op):
    """Scale, rotate and move geometry, in this order.

    Each amount is a number, or a column with a number for each row. Scaling and rotating are about one point, which
    stays where it is; of heights it is 0. Angles are in degrees counter-clockwise, offsets in units of the coordinate
    system. A scale of -1 mirrors. Flat geometry stays flat. Null and empty geometry stay as they are; where an amount
    is null, NaN or infinite, geometry becomes null. Measures are dropped.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"dx": 10, "dy": "amount"}

    scale_x: Amount = Field(1.0, description="Factor along x, or its column.")
    scale_y: Amount = Field(1.0, description="Factor along y, or its column.")
    scale_z: Amount = Field(1.0, description="Factor of the height, or its column.")
    rotate: Amount = Field(0.0, description="Angle in degrees, counter-clockwise, or its column.", examples=[90])
    about: Literal["centroid", "center", "origin", "point"] = Field(
        "centroid",
        description="What stays where it is: the shape's centre of gravity, the middle of its bounding box, (0, 0), or "
        "`point`.",
    )
    point: tuple[float, float] | None = Field(
        None, description="x and y of the point to scale and rotate about.", examples=[[8.5, 47.4]]
    )
    dx: Amount = Field(0.0, description="How far along x, or its column.")
    dy: Amount = Field(0.0, description="How far along y, or its column.")
    dz: Amount = Field(0.0, description="How much higher, or its column.")
    geometry: GeometryColumn = None

    @model_validator(mode="after")
    def _point_is_said(self) -> "Affine":
        if (self.about == "point") != (self.point is not None):
            raise invalid("'point' and 'about': 'point' belong together.", "point")
        return self

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry of the same kind, in the same coordinate system."""
        column, crs = active(table, self.geometry)
        amounts = Amounts(table, {name: getattr(self, name) for name in AMOUNTS})

        def changed(batch: "Shapes", rows: Any, before: int) -> list[Any]:
            return [wkb(self._changed(batch, {name: amounts.of(rows, name) for name in AMOUNTS}, before))]

        made = rebuilt(amounts.table, column, [geometry_field(column, crs)], changed, without=amounts.helpers)
        return context.session.arrow(made)

    def _changed(self, batch: "Shapes", amounts: "dict[str, Numbers]", before: int) -> "Shapes":
        """Flat and high shapes apart: others would get a height.

        Raises:
            NodeError: `invalid_geometry`, with the row (from 1).
        """
        import numpy as np
        import shapely

        made = without_measures(batch)
        made[~np.isfinite(list(amounts.values())).all(axis=0)] = None
        high, full = shapely.has_z(made), ~(shapely.is_missing(made) | shapely.is_empty(made))
        for with_z in (False, True):
            rows = np.flatnonzero(full & (high == with_z))
            check_finite(made[rows], rows + before)
            at, owners = shapely.get_coordinates(made[rows], include_z=True, return_index=True)
            of_each = {name: numbers[rows][owners] for name, numbers in amounts.items()}
            with np.errstate(over="ignore", invalid="ignore"):
                there = moved(at, self._fixed(made[rows])[owners], of_each)[:, : 3 if with_z else 2]
            self._check(rows[owners[~np.isfinite(there[:, :2]).all(axis=1)]], before)
            made[rows] = shapely.transform(made[rows], lambda _, there=there: there, include_z=with_z)
        return made

    def _check(self, lost: Any, before: int) -> None:
        """Refuse the first of these rows of a batch, which are too large."""
        if len(lost):
            row = before + int(lost[0]) + 1
            message = f"Row {row} of the table at 'table' has geometry that cannot be used: it is too large."
            raise NodeError(message, code="invalid_geometry", port="table", row=row)

    def _fixed(self, shapes: "Shapes") -> "Numbers":
        """x and y of the point of each shape that stays where it is."""
        import numpy as np
        import shapely

        if self.about == "centroid":
            centres = shapely.centroid(shapes)
            return np.column_stack([shapely.get_x(centres), shapely.get_y(centres)])
        if self.about == "center":
            bounds = shapely.bounds(shapes)
            return (bounds[:, :2] + bounds[:, 2:]) / 2
        return np.tile(np.array(self.point or (0.0, 0.0)), (len(shapes), 1))


def moved(at: "Numbers", fixed: "Numbers", amounts: "dict[str, Numbers]") -> "Numbers":
    """Vertices scaled and rotated about a point, then moved; all of them by row. A right angle is exact."""
    import numpy as np

    x = (at[:, 0] - fixed[:, 0]) * amounts["scale_x"]
    y = (at[:, 1] - fixed[:, 1]) * amounts["scale_y"]
    turn = np.radians(amounts["rotate"] % 90)
    quarters = (amounts["rotate"] // 90).astype(np.int64) % 4
    x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    x, y = np.choose(quarters, [x, -y, -x, y]), np.choose(quarters, [y, x, -y, -x])
    z = at[:, 2] * amounts["scale_z"] + amounts["dz"]
    return np.column_stack([x + fixed[:, 0] + amounts["dx"], y + fixed[:, 1] + amounts["dy"], z])

"""`centroid`: FME's CenterPointReplacer."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._shaped import GeometryColumn, reshaped
from orchestrator.ops.base import Context, Op, Relation


class Centroid(Op):
    """Replace geometry by its centre point, which may lie outside of it.

    The centre of gravity is that of the parts of highest dimension: a line beside an area does not count. Null stays
    null, and empty geometry becomes an empty point. Heights are dropped. Coordinates are taken as flat.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"center": "gravity"}

    center: Literal["gravity", "bounding_box"] = Field(
        "gravity", description="The centre of gravity, or the middle of the bounding box."
    )
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Points in the same coordinate system."""
        return reshaped(table, self.geometry, gravity if self.center == "gravity" else middle, context)


def gravity(shapes: Any) -> Any:
    """Centres of gravity; an empty point for an empty shape."""
    import shapely

    made: Any = shapely.centroid(shapes)
    made[shapely.is_empty(shapes)] = shapely.Point()
    return made


def middle(shapes: Any) -> Any:
    """Middles of the bounding boxes; an empty point for an empty shape."""
    import numpy as np
    import shapely

    bounds = shapely.bounds(shapes)
    made: Any = shapely.points((bounds[:, :2] + bounds[:, 2:]) / 2)
    made[shapely.is_empty(shapes)] = shapely.Point()
    made[np.asarray(shapely.is_missing(shapes))] = None
    return made

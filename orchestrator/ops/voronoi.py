"""`voronoi`: FME's VoronoiDiagrammer."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.carried import to_arrow
from orchestrator.errors import NodeError
from orchestrator.ops._bounds import Bounds
from orchestrator.ops._shaped import flat
from orchestrator.ops._spatial import shapes_of
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

# Parts of the longer side: GEOS fails on some points that are nearer to each other.
APART = (0.0, 1e-12, 1e-11, 1e-10)
LARGEST = 1e100  # beyond it a place that is wrong is far from all others


class Cells(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "The rows, with the area around their point in place of it."]
    rejected: Annotated[Relation, "Rows that have no point; `rejection_code` and `rejection_message` say why."]


class Voronoi(Op):
    """Give each point the area of all places that are nearer to it than to any other point.

    Areas end at `bounds`, or at a box around all points that is wider by `margin`; an area that lies beyond becomes
    empty. Points at the same place have the same area; so may points that rounding parts, by less than 1e-10 of the
    extent. Distances are those of the plane, in degrees too. Rows come in their order with their columns. One whose
    geometry is null (`null_geometry`), empty (`empty_geometry`), has no finite place (`not_finite`) or is no single
    point (`not_a_point`) is rejected.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"bounds": [5, 45, 15, 50]}

    bounds: Bounds | None = Field(
        None,
        description="Where areas end: least x, least y, greatest x, greatest y.",
        examples=[[5, 45, 15, 50]],
    )
    margin: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Without bounds: how far they reach beyond the points; if left out, a tenth of the longer side, "
        "or 1 where all points are at one place.",
        examples=[100],
    )

    def run(self, table: Annotated[Relation, "Rows with points."], context: Context) -> Cells:
        """All points are held at once; the other columns as Arrow has them."""
        import numpy as np

        from orchestrator.ops._parted import REASONS, Part, parted, reasons

        column, _ = flat(table)
        table = context.session.arrow(to_arrow(table))  # read twice: the rows must be the same
        points = shapes_of(table, column)
        codes = problems(points)
        cells = points.copy()
        usable = np.flatnonzero(codes == "")
        cells[usable] = self._cells(points[usable], usable)

        def work(batch: Any, before: int) -> dict[str, Part]:
            own = codes[before : before + len(batch)]
            good, bad = np.flatnonzero(own == ""), np.flatnonzero(own != "")
            said = reasons(own[bad], [SENTENCES[code] for code in own[bad]])
            return {"result": Part(good, geometry=cells[before + good]), "rejected": Part(bad, said)}

        made = parted(table, column, {"result": (), "rejected": REASONS}, work, context.unused)
        return Cells(*map(context.session.arrow, made.values()))

    def _cells(self, points: "Shapes", rows: Any) -> "Shapes":
        """The area of each point; `rows` are their numbers."""
        import numpy as np
        import shapely

        if not len(points):
            return points
        at = shapely.get_coordinates(points)
        x_min, y_min, x_max, y_max = self._box(at)
        box = shapely.box(x_min, y_min, x_max, y_max)
        for apart in APART if np.ptp(at, axis=0).max() < LARGEST else APART[:1]:
            spots, numbers = np.unique(_rounded(at, apart), axis=0, return_inverse=True)
            many = np.array([shapely.multipoints(spots)])
            with suppress(shapely.errors.GEOSException):
                cells = shapely.get_parts(shapely.voronoi_polygons(many, extend_to=box, ordered=True))
                made: Shapes = shapely.intersection(cells, box)[numbers.reshape(-1)]
                return made
        raise _too_far(points, rows)

    def _box(self, spots: Any) -> list[float]:
        import numpy as np

        if self.bounds is not None:
            return self.bounds
        least, greatest = spots.min(axis=0), spots.max(axis=0)
        sides = greatest - least
        usual = float(np.max(sides)) / 10 or 1.0
        margin = usual if self.margin is None else self.margin
        margins = np.where(sides + margin > 0, margin, usual)  # a box has a width and a height
        return [*(least - margins), *(greatest + margins)]


def _rounded(at: Any, apart: float) -> Any:
    """Places on a grid of this part of the longer side; without one as they are."""
    import numpy as np

    least, size = at.min(axis=0), np.ptp(at, axis=0).max() * apart
    return least + np.round((at - least) / size) * size if size else at


SENTENCES = {
    "null_geometry": "There is no geometry.",
    "empty_geometry": "The geometry is empty.",
    "not_finite": "A coordinate is not a number, or infinite.",
    "not_a_point": "The geometry is no single point: centroid makes one.",
}


def _too_far(points: "Shapes", rows: Any) -> NodeError:
    """The error for points that GEOS cannot part: it blames the one that is farthest from most."""
    import numpy as np
    import shapely

    at = shapely.get_coordinates(points)
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.abs(at - np.median(at, axis=0)).max(axis=1)
    farthest = int(np.argmax(away))
    x, y = at[farthest]
    row = int(rows[farthest]) + 1
    message = f"The areas of these points cannot be computed: ({x:.10g}, {y:.10g}) in row {row} lies too far away."
    return NodeError(message, code="invalid_geometry", port="table", row=row)


def problems(points: "Shapes") -> Any:
    """The code of why a shape has no area, or empty text."""
    import numpy as np
    import shapely

    from orchestrator.ops._spatial import finite

    tests = [shapely.is_missing(points), shapely.is_empty(points), ~finite(points), shapely.get_type_id(points) != 0]
    return np.select(tests, list(SENTENCES), "").astype(object)

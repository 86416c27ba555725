"""`grid`: FME's 2DGridAccumulator and HexagonGenerator."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.crs import Crs, is_geocentric, projjson, title
from orchestrator.errors import NodeError
from orchestrator.ops._bounds import Bounds
from orchestrator.ops._shaped import flat
from orchestrator.ops._spatial import finite, geometry_field, geometry_of, shapes_of, wkb
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

MOST = 2_000_000
Extent = tuple[float, float, float, float]


class Grid(Op):
    """Cover an extent with cells of one size: squares or hexagons, a row for each.

    The extent is that of the geometry that comes in, or `bounds`; all of it is covered. Squares start at its lower left
    corner, the first hexagon is centred there. Cells are numbered from 0 by `row`, upwards, and `column`, to the right,
    and come in that order. With `touching`, only cells that some shape touches or reaches into. A shape with a
    coordinate that is NaN or infinite does not count. There may be two million cells; nothing that comes in gives none.
    Sizes are in units of the coordinate system.
    """

    category: ClassVar[str] = "Spatial"
    example: ClassVar[dict[str, Any]] = {"size": 0.5, "shape": "hexagons", "touching": True}

    size: float = Field(
        gt=0,
        allow_inf_nan=False,
        description="Side of a square; width of a hexagon, from one side to the opposite one.",
        examples=[1000],
    )
    shape: Literal["squares", "hexagons"] = Field(
        "squares", description="Squares in rows and columns, or hexagons with a corner at the top."
    )
    bounds: Bounds | None = Field(
        None,
        description="What to cover: least x, least y, greatest x, greatest y. Without it the extent of the geometry.",
        examples=[[5, 45, 15, 50]],
    )
    touching: bool = Field(False, description="Give only the cells that a shape touches.")
    crs: Crs | None = Field(
        None, description="Coordinate system of the bounds, where no table is connected.", examples=["EPSG:3857"]
    )

    def run(
        self, table: Annotated[Relation | None, "Geometry to cover; not needed with bounds."], context: Context
    ) -> Relation:
        """Only the geometry is read."""
        import numpy as np
        import pyarrow as pa
        import shapely

        crs, given = self._crs(table), np.empty(0, dtype=object)
        if table is not None and (self.touching or self.bounds is None):
            given = shapes_of(table, geometry_of(table))
            given = given[finite(given)]
        extent = shapely.total_bounds(given) if self.bounds is None and len(given) else self.bounds
        numbers, cells = np.empty((0, 2), dtype=np.int64), given[:0]
        if extent is not None and np.isfinite(extent).all():
            numbers, cells = self._cells((extent[0], extent[1], extent[2], extent[3]))
        if self.touching:
            found = np.unique(shapely.STRtree(cells).query(given, predicate="intersects")[1])
            numbers, cells = numbers[found], cells[found]
        fields = [pa.field("row", pa.int64()), pa.field("column", pa.int64()), geometry_field("geometry", crs)]
        return context.session.arrow(pa.table([*numbers.T, wkb(cells)], pa.schema(fields)))

    def _crs(self, table: Relation | None) -> str | None:
        """The coordinate system of the cells, as PROJJSON.

        Raises:
            NodeError: `invalid_config`, where a table and the settings do not go together; `invalid_crs`, where x and
                y are no place.
        """
        if table is not None:
            if self.crs is not None:
                message = "The table that comes in says the coordinate system: leave it out here, or the table."
                raise NodeError(message, code="invalid_config", path="/config/crs")
            return flat(table)[1]
        if self.bounds is None or self.touching:
            setting, what = ("touching", "shapes to touch") if self.touching else ("bounds", "bounds to cover")
            message = f"Connect a table with geometry: there are no {what}."
            raise NodeError(message, code="invalid_config", path=f"/config/{setting}")
        if self.crs and is_geocentric(self.crs):
            message = f"{title(self.crs)} counts x, y and z from the centre of the Earth: it has no map for cells."
            raise NodeError(message, code="invalid_crs", path="/config/crs", hint="take EPSG:4326, or a map's system")
        return projjson(self.crs) if self.crs else None

    def _cells(self, extent: Extent) -> "tuple[Any, Shapes]":
        """Row and column of each cell, and its shape; neighbours share their vertices to the last bit."""
        import numpy as np
        import shapely

        corners, unit, (wide, high), offset = self._outline()
        x_min, y_min, x_max, y_max = extent
        width, height = x_max - x_min, y_max - y_min
        columns, rows = _count(width, unit[0] * wide), _count(height, unit[1] * high)
        if self.shape == "hexagons":  # the first row and column reach half a cell over the border
            columns, rows = _count(width + unit[0], unit[0] * wide), _count(height + unit[1] * 2, unit[1] * high)
        if rows * columns > MOST:
            message = (
                f"A size of {self.size:.10g} gives {rows * columns:,.0f} cells over an extent of "
                f"{width:.10g} by {height:.10g}; there may be {MOST:,}. Make them larger."
            )
            raise NodeError(message, code="out_of_range", path="/config/size")
        row, column = (each.ravel() for each in np.mgrid[0 : int(rows), 0 : int(columns)])
        starts = np.stack([column * wide + row % 2 * offset, row * high], axis=1)
        at = starts[:, None, :] + np.array(corners)[None, :, :]
        made: Shapes = shapely.polygons(at * np.array(unit) + np.array([x_min, y_min]))
        return np.stack([row, column], axis=1), made

    def _outline(self) -> tuple[list[tuple[int, int]], tuple[float, float], tuple[int, int], int]:
        """The corners of a cell from its start, in units; these; units to the next column and row, and of odd rows."""
        size = self.size
        if self.shape == "squares":
            return [(0, 0), (1, 0), (1, 1), (0, 1)], (size, size), (1, 1), 0
        corners = [(0, -2), (1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1)]
        return corners, (size / 2, size / math.sqrt(12)), (2, 3), 1


def _count(length: float, step: float) -> float:
    """How many steps cover a length: one at least; a rest that is rounding alone does not count."""
    steps = length / step
    return max(math.ceil(steps - 1e-9), 1) if steps < 1e15 else steps

"""`buffer`: FME's Bufferer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.crs import parse
from orchestrator.errors import NodeError
from orchestrator.ops._degrees import far_in_degrees
from orchestrator.ops._shaped import flat
from orchestrator.ops._spatial import check_finite, mapped, missing_crs, vectorised
from orchestrator.ops._types import family, plain
from orchestrator.ops._union_geometry import dissolved
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column
from orchestrator.sql import names

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes


class Buffer(Op):
    """Grow geometry by a distance, or shrink areas by a negative one.

    With `unit` `metre`, geometry in degrees is buffered on the ellipsoid around each part's centre: exact to the
    millimetre for points, to 0.01 % of the distance for parts of 200 km, 0.3 % for 1,500 km, more for larger ones;
    what is wider than 180° is refused, but for what lies around one pole.
    Projected systems are taken as flat: their own distortion stays in (Web Mercator doubles lengths at 60° north).
    A null or empty geometry stays so; where the distance of a row is null its geometry becomes null. Heights are
    dropped.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"distance": 500, "unit": "metre"}

    distance: float = Field(100.0, description="How far; negative shrinks areas.", allow_inf_nan=False)
    distance_from: Column | None = Field(
        None, description="Column of numbers with the distance of each row, in place of `distance`.", examples=["width"]
    )
    unit: Literal["crs", "metre"] = Field(
        "crs", description="Unit of the distance: that of the coordinate system (degrees, feet, …), or metres."
    )
    dissolve: bool = Field(False, description="Merge all buffers into one row of geometry alone.")
    segments: int = Field(16, ge=1, le=1000, description="Pieces of a quarter of a circle.")
    cap: Literal["round", "flat", "square"] = Field("round", description="How a line ends.")
    join: Literal["round", "mitre", "bevel"] = Field("round", description="How a corner is drawn.")

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """The first geometry column becomes polygons, in the same coordinate system.

        Raises NodeError: `missing_geometry`, `invalid_crs`; `type_mismatch` where a distance is no number.
        """
        import numpy as np

        column, crs = flat(table)
        if self.distance_from is not None and family(kind := names(table)[self.distance_from]) != "number":
            message = f"Column '{self.distance_from}' is {plain(kind)}; a distance is a number."
            raise NodeError(message, code="type_mismatch", path="/config/distance_from")
        if self.unit == "crs" and self.distance_from is None:
            far_in_degrees(
                context, crs, "distance", self.distance, 'say {"unit": "metre"}, or reproject the table first'
            )
        grow = self._grower(crs)

        def grown(batch: "Shapes", before: int, *distances: Any) -> "Shapes":
            check_finite(batch, np.arange(len(batch)) + before)
            return grow(batch, before, *distances)

        made = mapped(table, column, grown, crs, numbers=self.distance_from)
        return context.session.arrow(dissolved(made, column) if self.dissolve else made)

    def _grower(self, crs: str | None) -> "Callable[..., Shapes]":
        """What makes buffers of a batch: all by one distance, or each by its own."""
        import numpy as np

        work = self._on_plane if self.unit == "crs" else self._in_metres(crs)
        if self.distance_from is None:
            return lambda batch, before: vectorised(
                lambda each, rows: work(each, self.distance, rows), batch, np.arange(len(batch)) + before, before=before
            )

        from orchestrator.ops._geodesic import farthest

        most = float(np.finfo(float).max)  # on a plane only an infinite one is too long
        if self.unit == "metre" and (system := parse(str(crs))).is_geographic:
            most = farthest(system)

        def grow(batch: "Shapes", before: int, distances: Any) -> "Shapes":
            made = np.full(len(batch), None, dtype=object)
            rows = np.flatnonzero(~np.isnan(distances))
            self._check(distances[rows], rows + before, most)
            made[rows] = vectorised(work, batch[rows], distances[rows], rows + before, rows=rows + before)
            return made

        return grow

    def _check(self, distances: Any, rows: Any, most: float) -> None:
        """Refuse the first distance that is too long."""
        import numpy as np

        for number in np.flatnonzero(~(np.abs(distances) <= most)):
            row = int(rows[number]) + 1
            message = f"Row {row} of the table at 'table' has the distance {distances[number]:,.0f}, which is too far."
            raise NodeError(message, code="out_of_bounds", path="/config/distance_from", port="table", row=row)

    def _on_plane(self, batch: "Shapes", distance: Any, _: Any = None) -> "Shapes":
        import numpy as np
        import shapely

        styles: Any = {"quad_segs": self.segments, "cap_style": self.cap, "join_style": self.join}
        return np.asarray(shapely.buffer(batch, distance, **styles), dtype=object)

    def _in_metres(self, crs: str | None) -> "Callable[[Shapes, Any, Any], Shapes]":
        from orchestrator.ops._geodesic import buffers, farthest

        if crs is None:
            raise missing_crs("table", "A reproject node with the same 'from' and 'to' says which it is.")
        system = parse(crs)
        if not system.is_geographic:
            factor = system.axis_info[0].unit_conversion_factor
            return lambda batch, metres, _: self._on_plane(batch, metres / factor)
        most = farthest(system)
        if self.distance_from is None and abs(self.distance) > most:
            message = f"Around geometry in degrees of {system.name} at most {most:,.0f} metres are possible."
            raise NodeError(message, code="out_of_bounds", path="/config/distance")
        return lambda batch, metres, rows: buffers(batch, metres, rows, system, self._on_plane)

"""`reproject`: FME's Reprojector, and its CoordinateSystemSetter where `from` is the same as `to`."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.crs import Crs, is_geocentric, projjson, same, title, transformer, written_in
from orchestrator.errors import NodeError, at
from orchestrator.ops._spatial import finite, geometry_of, kind_of, mapped, missing_crs, moved, without_measures
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.sql import literal, quote

if TYPE_CHECKING:
    from pyproj import Transformer

    from orchestrator.ops._spatial import Shapes


class Reproject(Op):
    """Turn coordinates into those of another coordinate system.

    Works on the first geometry column; heights go along. Of what counts from the centre of the Earth (EPSG:4978) each
    vertex has a z, too: on the way there it is made, of the height 0 where there is none. x (longitude) is always
    before y (latitude). A geometry that the projection has no place for stops the run, with its row: half a shape is
    not a result.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"to": "EPSG:3857"}

    to: Crs = Field(description="Coordinate system to turn into.", examples=["EPSG:3857"])
    from_: Crs | None = Field(
        None,
        alias="from",
        description="Coordinate system of the data, in place of the one that it says; needed where it says none.",
        examples=["EPSG:4326"],
    )

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Vertices are moved, none are added. Raises NodeError: `missing_geometry`, `missing_crs`, `invalid_crs`."""
        column = geometry_of(table)
        source = self.from_ or written_in(kind_of(table, column))
        if source is None:
            raise missing_crs("table", "Set 'from' to say which it is.")
        if same(source, self.to):
            said = f"st_setcrs({quote(column)}, {literal(projjson(self.to))}) AS {quote(column)}"
            return table.project(f"* REPLACE ({said})")
        with at("/to"):
            way = transformer(source, self.to)
        move = _Move(
            way,
            (is_geocentric(source), is_geocentric(self.to)),
            f"from {title(source)} to {title(self.to)}",
        )
        return context.session.arrow(mapped(table, column, move, projjson(self.to)))


class _Move:
    """Moves the vertices of a batch."""

    def __init__(self, transformer: "Transformer", geocentric: tuple[bool, bool], said: str) -> None:
        self._transformer = transformer
        self._from_centre, self._to_centre = geocentric
        self._said = said

    def __call__(self, shapes: "Shapes", before: int) -> "Shapes":
        """The shapes elsewhere.

        Raises:
            NodeError: `out_of_bounds`, with the row (from 1).
        """
        import numpy as np
        import shapely

        flat = np.flatnonzero(~shapely.has_z(shapes) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
        if self._from_centre and len(flat):
            row = before + int(flat[0]) + 1
            message = f"Row {row} cannot be reprojected {self._said}: it has no z, without which it is no place."
            raise NodeError(message, code="out_of_bounds", port="table", row=row)
        if self._to_centre:
            shapes = without_measures(shapes)
            shapes[flat] = shapely.force_3d(shapes[flat])
        made = moved(shapes, self._transformer)
        lost = np.flatnonzero(~finite(made))
        if len(lost):
            row, vertices = before + int(lost[0]) + 1, shapely.get_coordinates(shapes[lost[0]], include_z=True)
            there = shapely.get_coordinates(made[lost[0]])
            x, y, z = vertices[~np.isfinite(there).all(axis=1)][0]
            high = bool(shapely.has_z(shapes[lost[0]])) and not np.isfinite(z)
            why = f"has the height {z}, which is no number" if high else "has no place there"
            message = f"Row {row} cannot be reprojected {self._said}: ({x:.10g}, {y:.10g}) {why}."
            raise NodeError(message, code="out_of_bounds", port="table", row=row)
        return made

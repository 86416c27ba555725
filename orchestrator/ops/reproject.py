"""`reproject`: FME's Reprojector, and its CoordinateSystemSetter where `from` is the same as `to`."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.crs import Crs, parse, projjson, same, title, written_in
from orchestrator.errors import NodeError
from orchestrator.ops._spatial import geometry_of, kind_of, mapped, missing_crs
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.tables import literal, quote

if TYPE_CHECKING:
    from pyproj import Transformer

    from orchestrator.ops._spatial import Shapes


class Reproject(Op):
    """Turn coordinates into those of another coordinate system.

    Works on the first geometry column; heights go along. x (longitude) is always before y (latitude). A geometry that
    lies outside of where the target system is defined stops the run, with its row: half a shape is not a result.
    """

    category: ClassVar[str] = "Spatial"
    example: ClassVar[dict[str, Any]] = {"to": "EPSG:3857"}

    to: Crs = Field(description="Coordinate system to turn into.", examples=["EPSG:3857"])
    from_: Crs | None = Field(
        None,
        alias="from",
        description="Coordinate system of the data, in place of the one that it says; needed where it says none.",
        examples=["EPSG:4326"],
    )

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Vertices are moved, none are added."""
        column = geometry_of(table)
        source = self.from_ or written_in(kind_of(table, column))
        if source is None:
            raise missing_crs("table", "Set 'from' to say which it is.")
        if same(source, self.to):
            said = f"st_setcrs({quote(column)}, {literal(projjson(self.to))}) AS {quote(column)}"
            return table.project(f"* REPLACE ({said})")
        move = _Move(transformer(source, self.to), f"from {title(source)} to {title(self.to)}")
        return context.session.arrow(mapped(table, column, move, projjson(self.to)))


class _Move:
    """Moves the vertices of a batch."""

    def __init__(self, transformer: "Transformer", said: str) -> None:
        self._transformer = transformer
        self._said = said

    def __call__(self, shapes: "Shapes", before: int) -> "Shapes":
        """The shapes elsewhere, flat ones and those with heights each in their own way."""
        import numpy as np
        import shapely

        made = np.empty(len(shapes), dtype=object)
        for high in (False, True):
            rows = np.flatnonzero(shapely.has_z(shapes) == high)
            flat, owners = shapely.get_coordinates(shapes[rows], include_z=high, return_index=True)
            moved = np.column_stack(self._transformer.transform(*flat.T))
            self._check(flat, moved, before + rows[owners])
            made[rows] = shapely.transform(shapes[rows], lambda _, moved=moved: moved, include_z=high)
        return made

    def _check(self, flat: Any, moved: Any, rows: Any) -> None:
        """Every vertex with a place before has one after.

        Raises:
            NodeError: `out_of_bounds`, with the row (from 1).
        """
        import numpy as np

        lost = np.flatnonzero(~np.isfinite(moved[:, :2]).all(axis=1) & np.isfinite(flat[:, :2]).all(axis=1))
        if len(lost):
            row, (x, y) = int(rows[lost[0]]) + 1, flat[lost[0], :2]
            message = f"Row {row} cannot be reprojected {self._said}: ({x:.10g}, {y:.10g}) has no place there."
            raise NodeError(message, code="out_of_bounds", port="table", row=row)


def transformer(source: str, target: str) -> "Transformer":
    """What turns x, y of one system into those of another.

    Raises:
        NodeError: `invalid_crs` where there is no way between them.
    """
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        return Transformer.from_crs(parse(source), parse(target), always_xy=True)
    except ProjError:
        message = f"There is no way from {title(source)} to {title(target)}."
        raise NodeError(message, code="invalid_crs", path="/config/to") from None

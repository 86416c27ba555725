"""`snap`: FME's Snapper."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.ops._degrees import far_in_degrees
from orchestrator.ops._shaped import flat
from orchestrator.ops._spatial import mapped, shapes_of, vectorised
from orchestrator.ops._systems import comparable
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes


class Snap(Op):
    """Move vertices that lie near another table's geometry onto it, or all vertices onto a grid.

    With a table at `target`, each vertex that is at most `tolerance` from one of its vertices (with `edges`: else
    from one of its edges) goes to the nearest place there; of equally near ones to the first (points and lines come
    before areas). Vertices that come twice in a row then stay once. An area may become invalid so:
    validate_geometry repairs it. Without a target, `grid_size` rounds all x and y to its multiples: shapes stay
    valid, and what is smaller than a cell becomes empty. Heights go along. Null and empty geometry stays so.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"to": "vertices", "tolerance": 0.5}

    to: Literal["vertices", "edges"] = Field(
        "vertices", description="To the target's vertices alone, or to its edges too."
    )
    tolerance: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="How far a vertex is moved at most, in units of the coordinate system.",
        examples=[0.5],
    )
    grid_size: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Without a target: size of the grid, in units of the coordinate system.",
        examples=[0.01],
    )

    def run(
        self,
        table: Annotated[Relation, "Rows whose vertices are moved."],
        target: Annotated[Relation | None, "Geometry to move them to."],
        context: Context,
    ) -> Relation:
        """Batch by batch. Raises NodeError: `missing_geometry`; `invalid_config` without what to move to."""
        column, crs = flat(table)
        change = self._to_grid if target is None else self._to_target(table, target)
        setting, value = ("grid_size", self.grid_size) if target is None else ("tolerance", self.tolerance)
        if value is None:
            message = "A target at 'target' needs a 'tolerance'; without a target 'grid_size' says where to move to."
            raise NodeError(message, code="invalid_config", path=f"/config/{setting}")
        far_in_degrees(context, crs, setting, value, "reproject the tables to a system in metres first")
        return context.session.arrow(mapped(table, column, change, crs))

    def _to_grid(self, batch: "Shapes", before: int) -> "Shapes":
        import shapely

        size = self.grid_size or 0.0
        made: Shapes = vectorised(lambda each: shapely.set_precision(each, size), batch, before=before)
        return made

    def _to_target(self, table: Relation, target: Relation) -> Any:
        from orchestrator.ops._snapped import Target

        _, against = comparable(table=table, target=target)
        theirs = shapes_of(target, against, "target")
        found = Target(theirs, self.tolerance or 0, edges=self.to == "edges")
        return lambda batch, _: found.snapped(batch)

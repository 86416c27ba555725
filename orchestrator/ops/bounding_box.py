"""`bounding_box`: FME's BoundingBoxReplacer, BoundingBoxAccumulator and BoundsExtractor."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._grouped import GroupedOrNot
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._shaped import GeometryColumn, active, flat, rebuilt
from orchestrator.ops._spatial import check_finite, finite_shapes, geometry_field, vectorised, wkb
from orchestrator.ops.base import Context, Relation

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._spatial import Shapes


class BoundingBox(GroupedOrNot):
    """Replace geometry by its bounding box, or write the sides of the box into columns, or both.

    `per` `group` makes one box around all shapes of a group. A box without width and height is a point, without one of
    them a line. Null stays null; of empty geometry the box is an empty area, and its sides are null. `rotated` is the
    box of smallest area at any angle; the columns still are the sides parallel to the axes: `xmin`, `ymin`, `xmax`,
    `ymax`, after the prefix; one of that name is replaced. Heights are dropped. Coordinates are taken as flat: over the
    antimeridian a box goes around the earth, and of what counts from its centre (EPSG:4978) there are sides alone.
    Groups come in the order in which they appear.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"output": "both"}

    output: Literal["geometry", "columns", "both"] = Field(
        "geometry", description="Whether the box replaces the geometry, its sides are new columns, or both."
    )
    rotated: bool = Field(False, description="The box of smallest area, at any angle.")
    prefix: str = Field("", max_length=100, description="Put before the names of the columns.", examples=["box_"])
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Boxes in the same coordinate system."""
        return context.session.arrow(self._of_rows(table) if self.per == "row" else self._of_groups(table, context))

    def _of_rows(self, table: Relation) -> "pa.Table":
        import numpy as np

        column, crs = self._worked_on(table)
        fields = [*([geometry_field(column, crs)] if self.output != "columns" else []), *self._fields()]

        def made(batch: "Shapes", _: Any, before: int) -> list[Any]:
            check_finite(batch, np.arange(len(batch)) + before)
            box = [wkb(vectorised(self._boxes, batch, before=before))] if self.output != "columns" else []
            return box + self._sides(batch)

        return rebuilt(table, column, fields, made)

    def _of_groups(self, table: Relation, context: Context) -> "pa.Table":

        column, crs = self._worked_on(table)
        rows = self.read(table, column)
        groups = self.groups(rows, context.session)
        each = groups.collections(finite_shapes(rows.column(column)))
        made = groups.table(groups.worked(each, self._boxes), column, crs)
        for field, side in zip(self._fields(), self._sides(each), strict=True):
            check_new(made.column_names, [(field.name, "/prefix")])
            made = made.append_column(field, side)
        return made.drop_columns([column]) if self.output == "columns" else made

    def _worked_on(self, table: Relation) -> tuple[str, str | None]:
        """The sides alone are numbers in any system; a box is drawn on a map."""
        return (active if self.output == "columns" else flat)(table, self.geometry)

    def _boxes(self, batch: "Shapes") -> "Shapes":
        from orchestrator.ops._boxes import boxes, turned_boxes

        return turned_boxes(batch) if self.rotated else boxes(batch)

    def _fields(self) -> "list[pa.Field]":
        import pyarrow as pa

        names = ("xmin", "ymin", "xmax", "ymax") if self.output != "geometry" else ()
        return [pa.field(self.prefix + name, pa.float64()) for name in names]

    def _sides(self, batch: "Shapes") -> list[Any]:
        from orchestrator.ops._boxes import sides

        return sides(batch) if self.output != "geometry" else []

"""`polygons_from_lines`: FME's AreaBuilder."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.ops._grouped import Grouped
from orchestrator.ops._rejected import rejected_arrow
from orchestrator.ops._shaped import GeometryColumn, flat
from orchestrator.ops._spatial import shapes
from orchestrator.ops.base import Context, Relation

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

REASONS = {
    "cut": "It connects two lines, and both of its sides are in one area or in none.",
    "dangle": "One of its ends meets no other line.",
    "invalid_ring": "It is a ring that crosses or touches itself.",
    "not_a_line": "It is null, empty, no line, or has no length.",
}


class Built(NamedTuple):
    """What becomes of the lines."""

    result: Annotated[Relation, "A row for each area."]
    rejected: Annotated[Relation, "A row for each line or piece that bounds no area; `rejection_code` says why."]


class PolygonsFromLines(Grouped):
    """Make areas of the lines that enclose them, in the whole table or in each group.

    Every enclosed face becomes an area: one inside of another is an area of its own, and a hole in the other. With
    `node`, lines are cut first where they cross or meet; without it they must meet end to end, as a boundary's do. Both
    ports have the columns of the group, the aggregates of all of its rows, and the geometry. Lines that bound no area
    are rejected, piece by piece: as `cut`, `dangle` or `invalid_ring`; null, empty and other geometry as `not_a_line`.
    Groups come in the order in which they appear, null is a group of its own. Heights stay where all lines of a group
    have them.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"group_by": ["region"]}

    node: bool = Field(True, description="Cut lines where they cross or meet before areas are built.")
    holes: bool = Field(True, description="Leave out of an area what lies inside of it; else it is without holes.")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with lines."], context: Context) -> Built:
        """Geometry in the same coordinate system."""
        import numpy as np
        import shapely

        from orchestrator.ops._parts import parts_of

        column, crs = flat(table, self.geometry)
        rows = self.read(table, column)
        groups = self.groups(rows, context.session)
        given = shapes(rows.column(column))
        usable = np.isin(shapely.get_type_id(given), (1, 5)) & ~shapely.is_empty(given) & ~(shapely.length(given) == 0)
        found = groups.worked(groups.collections(np.where(usable, given, np.array(None))), self._faces)
        areas, of = parts_of(found[0])
        if not self.holes:
            areas = np.asarray(shapely.polygons(shapely.get_exterior_ring(areas)), dtype=object)
        left = [*map(parts_of, found[1:]), (given[~usable], groups.of[~usable])]
        codes = np.repeat(list(REASONS), [len(pieces) for pieces, _ in left])
        pieces, of_pieces = (np.concatenate(each) for each in zip(*left, strict=True))
        order = np.argsort(of_pieces, kind="stable")
        unused = groups.table(pieces[order], column, crs, of_pieces[order])
        alone = rejected_arrow(unused, codes[order], [REASONS[code] for code in codes[order]])
        return Built(context.session.arrow(groups.table(areas, column, crs, of)), context.session.arrow(alone))

    def _faces(self, collections: "Shapes") -> Any:
        """For each collection of lines its areas, cuts, dangles and invalid rings, in four arrays."""
        import shapely

        lines: Any = shapely.union_all(collections[:, None], axis=1) if self.node else collections
        return shapely.polygonize_full(lines[:, None])

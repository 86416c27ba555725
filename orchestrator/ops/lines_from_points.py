"""`lines_from_points`: FME's LineBuilder and PointConnector."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.carried import to_arrow
from orchestrator.ops._grouped import Grouped, Groups, asked, numbers
from orchestrator.ops._rejected import rejected_arrow
from orchestrator.ops._shaped import GeometryColumn, active, known
from orchestrator.ops._spatial import finite, shapes
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import Column
from orchestrator.sql import quote
from orchestrator.tables import Session

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._grouped import Numbers
    from orchestrator.ops._spatial import Shapes


class Connected(NamedTuple):
    """What becomes of the points."""

    result: Annotated[Relation, "A line or an area for each group."]
    rejected: Annotated[Relation, "Rows that are no point, or whose group has too few; `rejection_code` says which."]


class LinesFromPoints(Grouped):
    """Connect the points of each group to a line, or to the boundary of an area.

    Points are connected in the order of the rows, or of a column: nulls last, ties in the order of the rows. Groups
    come in the order in which they appear, null is a group of its own; aggregates are those of the points used,
    `first`, `last` and `concat` along the line. A line needs two points, an area three that do not end where they
    began: else the rows of the group are rejected (`too_few_points`), and so is a row whose geometry is null, empty, no
    point or has no finite place (`not_a_point`). The line has heights if all of its points have.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"group_by": ["region"], "order_by": "day"}

    order_by: Column | None = Field(
        None, description="Connect in the order of this column; without it of the rows.", examples=["time"]
    )
    descending: bool = Field(False, description="Connect from the highest value to the lowest.")
    close: bool = Field(False, description="Go back to the first point, and make an area.")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with points."], context: Context) -> Connected:
        """Geometry in the same coordinate system."""
        import numpy as np
        import shapely

        column, crs = active(table, self.geometry)
        order = known(table, self.order_by, "/order_by") if self.order_by else None
        needed = self.needed(table, column, *([order] if order else []))
        rows = to_arrow(table)
        points = shapes(rows.column(column))
        usable = (shapely.get_type_id(points) == 0) & ~shapely.is_empty(points) & finite(points)
        used = np.flatnonzero(usable)
        taken = rows.select(needed).take(used)
        groups = self.groups(taken, context.session)
        if order:  # the aggregates, too, go along the line
            along = np.lexsort((self._ranks(taken, order, context.session), groups.of))
            used, taken = used[along], taken.take(along)
            groups = self.groups(taken, context.session)
        lines, counts = self._lines(points[used], groups)
        good = ~shapely.is_missing(lines)
        made = groups.table(lines[good], column, crs, np.flatnonzero(good))
        why = {int(row): ("not_a_point", _no_point(points[row])) for row in np.flatnonzero(~usable)}
        needs = "an area needs 3, and to end elsewhere" if self.close else "a line needs 2"
        for row, group in zip(used[~good[groups.of]], groups.of[~good[groups.of]], strict=True):
            said = f"{counts[group]} point{'s' if counts[group] > 1 else ''}"
            why[int(row)] = "too_few_points", f"Its group has {said}: {needs}."
        lost = sorted(why)
        codes, messages = [why[row][0] for row in lost], [why[row][1] for row in lost]
        alone = rejected_arrow(rows.take(np.array(lost, dtype=np.int64)), codes, messages)
        return Connected(context.session.arrow(made), context.session.arrow(alone))

    def _ranks(self, rows: "pa.Table", order: str, session: Session) -> "Numbers":
        """The place of each row in the order of the column."""
        import numpy as np
        import pyarrow as pa

        places: Numbers = np.arange(len(rows))
        number = quote(row := free(rows.column_names, "_row"))
        by = f"{quote(order)} {'DESC' if self.descending else 'ASC'} NULLS LAST, {number}"
        query = f"SELECT row_number() OVER (ORDER BY {by}) FROM _rows ORDER BY {number}"
        return numbers(asked(session.arrow(rows.append_column(row, pa.array(places))), query))

    def _lines(self, points: "Shapes", groups: Groups) -> "tuple[Shapes, Numbers]":
        """A line or an area for each group, None where there are too few points; and how many there are."""
        import numpy as np
        import shapely

        order = np.argsort(groups.of, kind="stable")
        of, points = groups.of[order], points[order]
        counts = np.bincount(of, minlength=len(groups.firsts))
        high = np.bincount(of[~shapely.has_z(points)], minlength=len(counts)) == 0
        at, last = shapely.get_coordinates(points, include_z=True), np.cumsum(counts) - 1
        same = at[last] == at[last - counts + 1]
        back = same[:, :2].all(axis=1) & (same[:, 2] | ~high)
        enough = counts - back >= 3 if self.close else counts >= 2
        made: Shapes = np.full(len(counts), None, dtype=object)
        for with_z in (False, True):
            own = (enough & (high == with_z))[of]
            build = shapely.linearrings if self.close else shapely.linestrings
            build(at[own][:, : 3 if with_z else 2], indices=of[own], out=made)
        if self.close:
            made[enough] = shapely.polygons(made[enough])
        return made, counts


def _no_point(shape: Any) -> str:
    if shape is None:
        return "It has no geometry."
    if shape.geom_type != "Point":
        return f"It is a {shape.geom_type}, not a Point."
    return "The point is empty." if shape.is_empty else "A coordinate of it is not a number, or infinite."

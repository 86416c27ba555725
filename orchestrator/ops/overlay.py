"""`overlay`: FME's AreaOnAreaOverlayer and LineOnAreaOverlayer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.crs import written_in
from orchestrator.ops._called import Suffix, called, read, taken
from orchestrator.ops._group_numbers import Groups
from orchestrator.ops._in_groups import InGroups
from orchestrator.ops._spatial import geometry_field, kind_of, shapes, wkb
from orchestrator.ops._systems import comparable
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import column_of

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes

PIECES = {
    "intersection": ("both",),
    "identity": ("both", "left"),
    "union": ("both", "left", "right"),
    "difference": ("left",),
    "symmetric_difference": ("left", "right"),
}


class Overlay(InGroups):
    """Lay two tables over each other: where both are, where only one is, with the columns of what is there.

    `intersection` gives a row for each left and right row that overlap, `difference` what is left of the left rows,
    `symmetric_difference` what is left of both, `identity` the first two together, `union` all. Columns of a side that
    is not there are null. Rows come in that order: pairs in the order of the left and then the right table, then the
    rest of the left, then that of the right. Pieces have the dimension of the row they are cut from, in a pair the
    lower one of both; areas that only touch do not overlap. Rows with null or empty geometry are left out. Geometry
    must be valid. Shapes of one table that overlap each other are cut each for itself.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"how": "union", "columns": ["country"]}

    how: Literal["intersection", "union", "difference", "symmetric_difference", "identity"] = Field(
        "intersection", description="Which pieces to give."
    )
    columns: list[column_of("right")] | None = Field(  # type: ignore[valid-type]
        None,
        description="Columns to take from the right table; without it all but its geometry. `difference` takes none.",
        examples=[["name"]],
    )
    suffix: Suffix = "_right"

    def run(
        self,
        left: Annotated[Relation, "The one layer: areas, lines or points."],
        right: Annotated[Relation, "The other layer."],
        context: Context,
    ) -> Relation:
        """The left is read in batches, the right is in an R-tree."""
        import pyarrow as pa

        from orchestrator.ops._cut import check_valid
        from orchestrator.ops._parted import parted

        where, against = comparable(left=left, right=right)
        wanted = [] if self.how == "difference" else self.columns
        names = called(left.columns, right, "right", wanted=wanted, suffix=self.suffix)
        left, right, groups = self.in_groups(context, left=left, right=right)
        beside, theirs = read(right, "right", against, names)
        check_valid(theirs, "right")
        cutting = _Cutting(theirs, beside, PIECES[self.how], groups)
        ports = {"both": list(beside.schema), "left": ()}
        made = parted(left, where, ports, cutting.work, at_once=cutting.index.at_once)
        tables = [made["both"], made["left"]]
        if "right" in PIECES[self.how]:
            rows, rest = cutting.right()
            field = geometry_field(where, written_in(kind_of(left, where)))
            tables.append(
                pa.table([wkb(rest), *beside.take(pa.array(rows)).columns], pa.schema([field, *beside.schema]))
            )
        return context.session.arrow(pa.concat_tables(tables, promote_options="default"))


class _Cutting:
    """Pieces of the left, batch by batch, and what they leave of the right."""

    def __init__(self, right: "Shapes", beside: "pa.Table", pieces: tuple[str, ...], groups: Groups) -> None:
        from orchestrator.ops._pairs import Index

        self._right, self._beside, self._pieces, self._groups = right, beside, pieces, groups
        self.index = Index(right, "intersects")
        self._hits: list[tuple[Rows, Shapes]] = []

    def work(self, batch: Any, before: int) -> dict[str, Any]:
        """The pieces of a batch."""
        import numpy as np
        import shapely

        from orchestrator.ops._cut import Cut, united
        from orchestrator.ops._parted import Part, usable

        ours = shapes(batch, "left", before)
        rows, theirs = self.index.pairs(ours, before, self._groups)
        cut, made = Cut(ours, "left", before), {}
        cut.check(rows)
        if "right" in self._pieces:
            self._hits.append((theirs, ours[rows]))
        if "both" in self._pieces:
            pieces = cut.inside(rows, self._right[theirs])
            kept = ~shapely.is_empty(pieces)
            made["both"] = Part(rows[kept], taken(self._beside, theirs[kept]), pieces[kept])
        if "left" in self._pieces:
            crossing, masks = united(self._right[theirs], rows)
            rest = ours.copy()
            rest[crossing] = cut.outside(crossing, masks)
            kept_rows = np.flatnonzero(usable(rest))
            made["left"] = Part(kept_rows, geometry=rest[kept_rows])
        return made

    def right(self) -> "tuple[Rows, Shapes]":
        """What is left of the right rows: their numbers and shapes."""
        import numpy as np

        from orchestrator.ops._cut import Cut, united
        from orchestrator.ops._parted import usable

        rest = self._right.copy()
        if self._hits:
            rows, others = (np.concatenate(each) for each in zip(*self._hits, strict=True))
            order = np.argsort(rows, kind="stable")
            crossing, masks = united(others[order], rows[order])
            rest[crossing] = Cut(self._right, "right", 0).outside(crossing, masks)
        kept = np.flatnonzero(usable(rest))
        return kept, rest[kept]

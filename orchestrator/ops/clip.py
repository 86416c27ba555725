"""`clip`: FME's Clipper."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._called import Suffix, called, read, taken
from orchestrator.ops._in_groups import InGroups
from orchestrator.ops._spatial import shapes
from orchestrator.ops._systems import comparable
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import column_of, invalid

if TYPE_CHECKING:
    from orchestrator.ops._cut import Cut
    from orchestrator.ops._pairs import Pairs
    from orchestrator.ops._parted import Part
    from orchestrator.ops._spatial import Shapes


class Clipped(NamedTuple):
    """The two sides of the cut."""

    inside: Annotated[Relation, "Rows, or the parts of them, that lie in a clipper."]
    outside: Annotated[Relation, "Rows, or the parts of them, that lie in none; also those without geometry."]


class Clip(InGroups):
    """Cut geometry along the borders of areas: what lies in them, and what lies outside.

    With `together` all clippers are one area, and a row comes out at most once on each side; with `each`, once for
    every clipper that it reaches into, in their order, with the columns that are wanted of it. A row that is cut comes
    out on both sides. The border belongs to the inside: a point on it is inside, and a line along it. An area or a line
    that only touches a clipper from outside stays outside, whole. Several parts make a multi-geometry. Clippers must be
    valid areas; those without geometry do not count.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"clippers": "each", "columns": ["country"]}

    clippers: Literal["together", "each"] = Field(
        "together", description="Cut by all clippers as one area, or by each for itself."
    )
    columns: list[column_of("clipper")] = Field(  # type: ignore[valid-type]
        [], description="Columns to take from the clipper, with `each`.", examples=[["name"]]
    )
    suffix: Suffix = "_clipper"

    @model_validator(mode="after")
    def _fits(self) -> "Clip":
        if self.columns and self.clippers == "together":
            raise invalid("Columns come from one clipper: they need 'clippers': 'each'.", "columns")
        return self

    def run(
        self,
        table: Annotated[Relation, "Rows to cut: points, lines or areas."],
        clipper: Annotated[Relation, "The areas to cut by."],
        context: Context,
    ) -> Clipped:
        """The table is read in batches; only what crosses a border is cut."""
        from orchestrator.ops._cut import Cut, check_valid
        from orchestrator.ops._pairs import Index
        from orchestrator.ops._parted import Part, parted

        where, against = comparable(table=table, clipper=clipper)
        names = called(table.columns, clipper, "clipper", wanted=self.columns, suffix=self.suffix)
        table, clipper, groups = self.in_groups(context, table=table, clipper=clipper)
        beside, areas = read(clipper, "clipper", against, names)
        check_areas(areas)
        check_valid(areas, "clipper")
        index, alone = Index(areas, "intersects", "table"), "outside" in context.unused

        def work(batch: Any, before: int) -> dict[str, Part]:
            ours = shapes(batch, before=before)
            pairs = index.pairs(ours, before, groups)
            sides = _Sides(ours, areas, pairs, Cut(ours, "table", before))
            rows, theirs, pieces = sides.together() if self.clippers == "together" else sides.each()
            inside = Part(rows, taken(beside, theirs), pieces)
            return {"inside": inside} if alone else {"inside": inside, "outside": sides.outside()}

        ports = {"inside": list(beside.schema), "outside": ()}
        made = parted(table, where, ports, work, context.unused, at_once=index.at_once)
        return Clipped(*map(context.session.arrow, made.values()))


def check_areas(shapes: "Shapes") -> None:
    """Refuse clippers that are no areas.

    Raises:
        NodeError: `invalid_geometry`, with the row (from 1).
    """
    import numpy as np
    import shapely

    lower = ~np.isin(shapely.get_type_id(shapes), (-1, 3, 6)) & ~shapely.is_empty(shapes)
    for row in np.flatnonzero(lower):
        message = f"Row {row + 1} of the table at 'clipper' is a {shapes[row].geom_type}; clippers must be areas."
        raise NodeError(message, code="invalid_geometry", port="clipper", row=int(row) + 1)


class _Sides:
    """A batch of shapes, cut. Those that lie whole in a clipper stay as they are."""

    def __init__(self, ours: "Shapes", areas: "Shapes", pairs: "Pairs", cut: "Cut") -> None:
        import numpy as np
        import shapely

        from orchestrator.ops._cut import united

        self._ours, self._areas, self._pairs, self._cut = ours, areas, pairs, cut
        clippers = areas[pairs.right]
        shapely.prepare(clippers)
        self._covered = shapely.covers(clippers, ours[pairs.left])
        self._whole = np.zeros(len(ours), dtype=bool)
        self._whole[pairs.left[self._covered]] = True
        self._reached = self._whole.copy()
        crossing = ~self._whole[pairs.left]
        self._crossing, self._masks = united(areas[pairs.right[crossing]], pairs.left[crossing])
        cut.check(pairs.left[~self._covered])

    def together(self) -> "tuple[Any, Any, Shapes]":
        """Each row that reaches inside, no clipper, and what of it is inside."""
        import numpy as np
        import shapely

        pieces = self._ours.copy()
        pieces[self._crossing] = self._cut.inside(self._crossing, self._masks)
        self._reached[self._crossing] = ~shapely.is_empty(pieces[self._crossing])
        rows = np.flatnonzero(self._reached)
        return rows, rows[:0], pieces[rows]

    def each(self) -> "tuple[Any, Any, Shapes]":
        """Each row and clipper that have a piece in common, and the piece."""
        import shapely

        rows, theirs = self._pairs
        pieces = self._ours[rows]
        crossing = ~self._covered
        pieces[crossing] = self._cut.inside(rows[crossing], self._areas[theirs[crossing]])
        kept = ~shapely.is_empty(pieces)
        self._reached[rows[kept]] = True
        return rows[kept], theirs[kept], pieces[kept]

    def outside(self) -> "Part":
        """What is left of each row, once it is known what reaches inside; what does not stays as it came."""
        import numpy as np
        import shapely

        from orchestrator.ops._parted import Part

        rest, left = self._ours.copy(), ~self._whole
        reaching = self._reached[self._crossing]
        rows = self._crossing[reaching]
        rest[rows] = self._cut.outside(rows, self._masks[reaching])
        left[rows] = ~shapely.is_empty(rest[rows])
        kept = np.flatnonzero(left)
        return Part(kept, geometry=rest[kept])

"""`nearest`: FME's NeighborFinder."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from orchestrator.crs import written_in
from orchestrator.ops._called import Suffix, called, new_columns, read, taken
from orchestrator.ops._in_groups import InGroups
from orchestrator.ops._spatial import kind_of, shapes
from orchestrator.ops._systems import comparable
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import NewColumn, column_of

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._near import Found, Near
    from orchestrator.ops._near_in_groups import NearInGroups
    from orchestrator.ops._spatial import Shapes


class Neighbours(NamedTuple):
    """Base rows with neighbours, and those without."""

    matched: Annotated[
        Relation, "One row for each base row and neighbour, nearest first, with the candidate's columns."
    ]
    unmatched: Annotated[Relation, "Base rows without geometry, or with no candidate near enough."]


class Nearest(InGroups):
    """Find for each row the nearest rows of another table, and how far they are.

    Distances are between the nearest places of both shapes, 0 where they meet. Of candidates that are equally near the
    first in their order wins. In degrees, the unit `metre` gives geodesic distances on the ellipsoid, over the
    antimeridian and the poles too, between points alone; `crs` counts degrees as if the map were flat. A null or empty
    geometry is near to nothing.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"count": 2, "unit": "metre", "columns": ["country"]}

    count: int = Field(1, ge=1, le=10_000, description="How many neighbours to find for each row.")
    max_distance: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="No neighbour is farther away.", examples=[500]
    )
    unit: Literal["crs", "metre"] = Field(
        "crs", description="Unit of distances: that of the coordinate system (degrees, feet, …), or metres."
    )
    columns: list[column_of("candidate")] | None = Field(  # type: ignore[valid-type]
        None, description="Columns to take from the candidate; without it all but its geometry.", examples=[["name"]]
    )
    suffix: Suffix = "_candidate"
    distance: NewColumn | None = Field("distance", description="Column for the distance.", examples=["distance"])
    bearing: NewColumn | None = Field(
        None,
        description="Column for the direction to the neighbour, in degrees clockwise from north (or from the y axis); "
        "null where both meet.",
        examples=["bearing"],
    )
    rank: NewColumn | None = Field(None, description="Column for its number: 1 is the nearest.", examples=["rank"])

    def run(
        self,
        base: Annotated[Relation, "Rows to find neighbours for."],
        candidate: Annotated[Relation, "Rows that may be neighbours."],
        context: Context,
    ) -> Neighbours:
        """The base is read in batches; the candidates are in an R-tree."""
        import numpy as np

        from orchestrator.ops._near import space
        from orchestrator.ops._near_in_groups import NearInGroups
        from orchestrator.ops._pairs import others
        from orchestrator.ops._parted import Part, parted
        from orchestrator.ops._same_places import NearOnce

        where, against = comparable(base=base, candidate=candidate)
        new = {"distance": self.distance, "bearing": self.bearing, "rank": self.rank}
        own = [*base.columns, *new_columns(base.columns, new)]
        names = called(own, candidate, "candidate", wanted=self.columns, suffix=self.suffix)
        place = space(self.unit, written_in(kind_of(base, where)), "base")
        base, candidate, groups = self.in_groups(context, base=base, candidate=candidate)
        beside, theirs = read(candidate, "candidate", against, names)
        near = (
            NearInGroups(theirs, place, groups.numbers, ("base", "candidate"))
            if groups.numbers
            else NearOnce(theirs, place, "candidate", "base")
        )
        farthest = np.inf if self.max_distance is None else self.max_distance

        def work(batch: Any, before: int) -> dict[str, Part]:
            ours = shapes(batch, "base", before)
            pairs = near.nearest(ours, self.count, farthest, before)
            columns = [*self._measured(pairs, ours, theirs, near), *taken(beside, pairs.right)]
            return {"matched": Part(pairs.left, columns), "unmatched": Part(others(pairs.left, len(ours)))}

        made = parted(
            base, where, {"matched": [*self._fields(), *beside.schema], "unmatched": ()}, work, context.unused
        )
        return Neighbours(*map(context.session.arrow, made.values()))

    def _fields(self) -> "list[pa.Field]":
        import pyarrow as pa

        kinds = ((self.distance, pa.float64()), (self.bearing, pa.float64()), (self.rank, pa.int64()))
        return [pa.field(name, kind) for name, kind in kinds if name is not None]

    def _measured(
        self, pairs: "Found", ours: "Shapes", theirs: "Shapes", near: "Near | NearInGroups"
    ) -> "list[pa.Array]":
        """The columns of `_fields`."""
        import numpy as np
        import pyarrow as pa

        made = []
        if self.distance is not None:
            made.append(pa.array(pairs.distance))
        if self.bearing is not None:
            bearings = near.where.bearings(ours[pairs.left], theirs[pairs.right])
            made.append(pa.array(bearings, mask=pairs.distance == 0))
        if self.rank is not None:
            starts = np.flatnonzero(np.diff(pairs.left, prepend=-1))
            lengths = np.diff(starts, append=len(pairs.left))
            made.append(pa.array(np.arange(len(pairs.left)) - np.repeat(starts, lengths) + 1, pa.int64()))
        return made

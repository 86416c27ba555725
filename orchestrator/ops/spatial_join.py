"""`spatial_join`: FME's PointOnAreaOverlayer, SpatialFilter and SpatialRelator."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from orchestrator.crs import written_in
from orchestrator.errors import NodeError
from orchestrator.ops._called import Suffix, called, new_columns, read, taken
from orchestrator.ops._related import Related
from orchestrator.ops._spatial import kind_of, shapes
from orchestrator.ops._systems import comparable
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import NewColumn, column_of, invalid
from orchestrator.schema import geometry_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._group_numbers import Groups
    from orchestrator.ops._pairs import Index, Pairs
    from orchestrator.ops._spatial import Shapes


class SpatialJoined(NamedTuple):
    """Pairs, and the rows without one."""

    joined: Annotated[Relation, "The left rows that match, their geometry, and the right rows' columns."]
    left_only: Annotated[Relation, "Left rows that match nothing, also those without geometry."]


class SpatialJoin(Related):
    """Match rows of two tables by where they are.

    The predicate reads left to right: a left point is `within` a right area; `dwithin` is true up to `distance`;
    `disjoint` are all pairs that do not intersect. Rows come in the order of the left table, the matches of one row in
    the order of the right. With `merge` a left row comes once, with a list of each right column; with `count` once,
    with the number of its matches. Geometry that is null, empty or has a coordinate that is NaN or infinite matches
    nothing, and is not `disjoint` either. More pairs than `max_pairs` that are disjoint end the run.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"predicate": "within", "columns": ["country"]}

    predicate: Literal[
        "intersects", "within", "contains", "touches", "crosses", "overlaps", "covers", "covered_by", "equals",
        "disjoint", "dwithin",
    ] = Field("intersects", description="What the left geometry must do to the right one.")  # fmt: skip
    columns: list[column_of("right")] | None = Field(  # type: ignore[valid-type]
        None, description="Columns to take from the right table; without it all but its geometry.", examples=[["name"]]
    )
    multiple: Literal["all", "first", "count", "merge"] = Field(
        "all",
        description="A row for every match, or for the first one in the order of the right table; or one row with the "
        "number of matches, or with lists of the right columns.",
    )
    suffix: Suffix = "_right"
    count_column: NewColumn = Field("match_count", description="For `count`: name of the new column.")

    max_pairs: int = Field(
        10_000_000,
        ge=0,
        le=2**62,
        description="For `disjoint` with `all` or `merge`: the most pairs that may come out.",
    )

    @model_validator(mode="after")
    def _fits(self) -> "SpatialJoin":
        if self.multiple == "count" and self.columns:
            raise invalid("'count' takes no columns of the right table: it gives the number of matches.", "columns")
        return self

    def run(
        self,
        left: Annotated[Relation, "Rows to keep, with their geometry."],
        right: Annotated[Relation, "Rows to look for."],
        context: Context,
    ) -> SpatialJoined:
        """The left is read in batches; attributes are never looked at, only taken by row number."""
        from orchestrator.ops._pairs import others
        from orchestrator.ops._parted import Part, parted

        where, against = comparable(left=left, right=right)
        names = self._names(left, right)
        left, right, groups = self.in_groups(context, left=left, right=right)
        beside, theirs = read(right, "right", against, names)
        index = self._index(theirs, written_in(kind_of(left, where)), groups)
        wanted = {"first": index.first, "count": index.counted}.get(self.multiple, index.pairs)
        found = 0

        def work(batch: Any, before: int) -> dict[str, Part]:
            nonlocal found
            pairs = wanted(shapes(batch, "left", before), before, groups)
            found += len(pairs.left)
            self._check_size(found)
            rows, columns = self._matched(pairs, beside)
            return {"joined": Part(rows, columns), "left_only": Part(others(pairs.left, len(batch)))}

        ports = {"joined": self._fields(beside), "left_only": ()}
        made = parted(left, where, ports, work, context.unused, at_once=index.at_once)
        return SpatialJoined(*map(context.session.arrow, made.values()))

    def _names(self, left: Relation, right: Relation) -> dict[str, str]:
        if self.multiple == "count":
            new_columns(left.columns, {"count_column": self.count_column})
            return {}
        wanted = self.columns
        if self.multiple == "merge":
            shaped = geometry_columns(right)
            for number, name in enumerate(wanted or ()):
                if name in shaped:
                    message = f"Column '{name}' is a geometry, of which no list can be made."
                    raise NodeError(message, code="type_mismatch", path=f"/config/columns/{number}")
            wanted = [name for name in right.columns if name not in shaped] if wanted is None else wanted
        return called(left.columns, right, "right", wanted=wanted, suffix=self.suffix)

    def _fields(self, beside: "pa.Table") -> "list[pa.Field]":
        import pyarrow as pa

        if self.multiple == "count":
            return [pa.field(self.count_column, pa.int64())]
        if self.multiple == "merge":
            return [pa.field(each.name, pa.list_(each.with_name("item"))) for each in beside.schema]
        return list(beside.schema)

    def _index(self, theirs: "Shapes", crs: str | None, groups: "Groups") -> "Index":
        from orchestrator.ops._apart import Apart

        if self.predicate == "disjoint":
            return Apart(theirs, "left", groups, counts_alone=self.multiple in ("first", "count"))
        return self.index(theirs, crs, ("left", "right"))

    def _check_size(self, pairs: int) -> None:
        """See that not too many pairs come out, where that may be all.

        Raises:
            NodeError: `too_large`.
        """
        if self.predicate == "disjoint" and self.multiple in ("all", "merge") and pairs > self.max_pairs:
            message = (
                f"More than {self.max_pairs:,} pairs are disjoint; 'max_pairs' allows no more. For 'multiple', 'count' "
                "gives how many each left row has, and 'first' the first of them."
            )
            raise NodeError(message, code="too_large", path="/config/max_pairs")

    def _matched(self, pairs: "Pairs", beside: "pa.Table") -> tuple[Any, list[Any]]:
        """The left rows that come out, and the columns beside them."""
        import numpy as np
        import pyarrow as pa

        if self.multiple in ("all", "first"):
            return pairs.left, taken(beside, pairs.right)
        if self.multiple == "count":
            return pairs.left, [pa.array(pairs.right, pa.int64())]
        rows, counts = np.unique(pairs.left, return_counts=True)
        ends = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
        return rows, [
            pa.ListArray.from_arrays(ends, each.combine_chunks(), type=field.type)
            for each, field in zip(taken(beside, pairs.right), self._fields(beside), strict=True)
        ]

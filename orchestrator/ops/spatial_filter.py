"""`spatial_filter`: FME's SpatialFilter."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from orchestrator.crs import written_in
from orchestrator.ops._related import Related
from orchestrator.ops._spatial import kind_of, shapes_of
from orchestrator.ops._systems import comparable
from orchestrator.ops.base import Context, Relation


class Filtered(NamedTuple):
    """Where a candidate goes."""

    passed: Annotated[Relation, "Candidates for which the predicate is true."]
    failed: Annotated[Relation, "Candidates for which it is not."]
    rejected: Annotated[Relation, "Candidates whose geometry is null, empty or invalid, with the reason."]


class SpatialFilter(Related):
    """Keep the candidates that lie in a certain way to any, or to all, of the filters.

    The predicate reads from candidate to filter: a candidate point is `within` a filter area. Candidates come out once,
    in their order, with their columns alone. A filter whose geometry is null, empty or has a coordinate that is NaN or
    infinite does not count; where no filter is left nothing passes. A candidate whose geometry is null
    (`null_geometry`), empty (`empty_geometry`) or invalid (`invalid_geometry`) is rejected.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"predicate": "intersects"}

    predicate: Literal[
        "intersects", "within", "contains", "touches", "crosses", "overlaps", "covers", "covered_by", "equals",
        "disjoint", "dwithin",
    ] = Field(
        "intersects", description="What a candidate must do to a filter; `dwithin`: be up to `distance` away."
    )  # fmt: skip
    match: Literal["any", "all"] = Field("any", description="Whether one filter is enough, or all must agree.")

    def run(
        self,
        candidate: Annotated[Relation, "Rows to let pass or not."],
        filter: Annotated[Relation, "Rows to hold them against."],
        context: Context,
    ) -> Filtered:
        """Candidates are read in batches; for each the filters that match are counted."""
        import numpy as np

        from orchestrator.ops._checked_geometry import issues, messages, read
        from orchestrator.ops._near import placed
        from orchestrator.ops._parted import REASONS, Part, parted, reasons

        where, against = comparable(candidate=candidate, filter=filter)
        candidate, filter, groups = self.in_groups(context, candidate=candidate, filter=filter)
        filters = shapes_of(filter, against, "filter")
        sizes = groups.sizes(placed(filters))
        index = self.index(filters, written_in(kind_of(candidate, where)), ("candidate", "filter"))

        def work(batch: Any, before: int) -> dict[str, Part]:
            found = read(batch)
            issue = issues(found, batch, ["null", "empty", "invalid"])
            bad = issue != ""
            found[bad] = None
            pairs = index.counted(found, before, groups)
            counts = np.zeros(len(found), dtype=np.int64)
            counts[pairs.left] = pairs.right
            filters = sizes if isinstance(sizes, int) else sizes[before : before + len(found)]
            passed = self._passes(counts, filters) & ~bad
            rows = np.flatnonzero(bad)
            said = messages(issue[rows], read(batch)[rows], batch.take(rows))
            codes = issue[rows] + "_geometry"
            return {
                "passed": Part(np.flatnonzero(passed)),
                "failed": Part(np.flatnonzero(~passed & ~bad)),
                "rejected": Part(rows, reasons(codes, said)),
            }

        ports = {"passed": (), "failed": (), "rejected": REASONS}
        made = parted(candidate, where, ports, work, context.unused, at_once=index.at_once)
        return Filtered(*map(context.session.arrow, made.values()))

    def _passes(self, counts: Any, filters: Any) -> Any:
        """Whether so many matching filters are enough; those that a candidate is disjoint from are all others."""
        import numpy as np

        if self.predicate == "disjoint":
            counts = filters - counts
        return counts >= (np.maximum(filters, 1) if self.match == "all" else 1)

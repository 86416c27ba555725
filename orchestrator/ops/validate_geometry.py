"""`validate_geometry`: FME's GeometryValidator."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from orchestrator.ops._shaped import flat
from orchestrator.ops._spatial import finite, geometry_of
from orchestrator.ops.base import Context, Op, Relation

if TYPE_CHECKING:
    from orchestrator.ops._parted import Part
    from orchestrator.ops._spatial import Shapes

Check = Literal["null", "empty", "not_finite", "invalid", "repeated_points", "not_simple"]
FLAT = frozenset({"invalid", "repeated_points", "not_simple"})  # are asked of x and y


class Validated(NamedTuple):
    """Where a row goes."""

    passed: Annotated[Relation, "Rows without an issue."]
    failed: Annotated[Relation, "Rows with one, as they came; `issue` and `issue_message` say which."]
    repaired: Annotated[Relation, "Rows whose geometry was repaired; `issue` and `issue_message` say what it was."]


class ValidateGeometry(Op):
    """Find geometry that is broken, and repair it.

    Checks, of which the first that fails is told: `null`; `empty`; `not_finite`, a coordinate that is no number;
    `invalid` by the rules of OGC (a ring that crosses itself or is open, holes outside, …); `repeated_points`;
    `not_simple`, a line that crosses itself. Of these `invalid` and `repeated_points` can be repaired: what then passes
    all checks leaves by `repaired`, in place of `failed`. A check that is not asked for is passed, but geometry that
    cannot even be read is always `invalid`. The last three are about x and y, as on a map: with them, what counts from
    the centre of the Earth (EPSG:4978) is refused.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"checks": ["null", "empty", "invalid"], "repair": "structure"}

    checks: list[Check] = Field(
        ["null", "empty", "not_finite", "invalid"],
        min_length=1,
        description="What to look for.",
        examples=[["null", "empty", "invalid"]],
    )
    repair: Literal["none", "linework", "structure"] = Field(
        "none",
        description="How to repair: `linework` keeps every edge and vertex, and takes areas in turn as inside and "
        "outside; `structure` repairs rings first, unites shells and cuts out holes.",
    )

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Validated:
        """Batch by batch."""
        import pyarrow as pa

        from orchestrator.ops._parted import parted

        column = flat(table)[0] if FLAT & {*self.checks} else geometry_of(table)
        said = [pa.field("issue", pa.string()), pa.field("issue_message", pa.string())]
        made = parted(table, column, {"passed": (), "failed": said, "repaired": said}, self._sorted, context.unused)
        return Validated(*map(context.session.arrow, made.values()))

    def _sorted(self, batch: Any, before: int) -> "dict[str, Part]":
        import numpy as np

        from orchestrator.ops._checked_geometry import issues, messages, read
        from orchestrator.ops._parted import Part, reasons

        shapes = read(batch)
        found = issues(shapes, batch, self.checks)
        wrong = found != ""
        mended, repaired = self._repaired(batch, found)
        left = wrong & ~mended
        parts = {"passed": Part(np.flatnonzero(~wrong))}
        for port, chosen, other in (("failed", left, None), ("repaired", mended, repaired)):
            rows = np.flatnonzero(chosen)
            said = messages(found[rows], shapes[rows], batch.take(rows))
            parts[port] = Part(rows, reasons(found[rows], said), None if other is None else other[rows])
        return parts

    def _repaired(self, batch: Any, found: Any) -> "tuple[Any, Shapes]":
        """Which rows could be repaired, and all shapes with those repaired."""
        import numpy as np
        import shapely

        from orchestrator.ops._checked_geometry import issues, read

        shapes = read(batch, repair=True)
        rows = np.flatnonzero(np.isin(found.astype(str), ["invalid", "repeated_points"]) & finite(shapes))
        mended = np.zeros(len(shapes), dtype=bool)
        if self.repair == "none" or not len(rows):
            return mended, shapes
        options: dict[str, Any] = {"keep_collapsed": False} if self.repair == "structure" else {}
        made = shapely.make_valid(shapes[rows], method=self.repair, **options)
        if "repeated_points" in self.checks:
            made = shapely.remove_repeated_points(made)
        usable = ~(shapely.is_missing(made) | shapely.is_empty(made))
        usable &= issues(made, batch.take(rows), self.checks) == ""
        shapes[rows[usable]] = made[usable]
        mended[rows[usable]] = True
        return mended, shapes

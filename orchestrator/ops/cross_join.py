"""`cross_join`: every row of one table with every row of another, as FME's FeatureMerger does with a constant key."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.ops._new_columns import beside
from orchestrator.ops._taken import Source
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.sql import quote


class CrossJoin(Op):
    """Bring every row of one table together with every row of another.

    Rows come in the order of the left table, those of one left row in the order of the right. Where one table is empty,
    so is the result. Columns of the right table whose name is taken get the suffix. It fails before it starts when
    more rows would come out than `max_rows`.
    """

    category: ClassVar[str] = "Join"
    example: ClassVar[dict[str, Any]] = {"suffix": "_other"}

    suffix: str = Field("_right", min_length=1, max_length=100, description="For names that both tables have.")
    max_rows: int = Field(10_000_000, ge=0, le=2**62, description="The most rows that may come out.")

    def run(
        self,
        left: Annotated[Relation, "The left table."],
        right: Annotated[Relation, "The right table."],
        context: Context,
    ) -> Relation:
        """The rows are counted first, of stored tables without reading them."""
        ours, theirs = Source(left, context), Source(right, context)
        if not context.design:
            self._check_size(ours.table, theirs.table)
        named = beside(left.columns, right.columns, self.suffix)
        columns = [f"l.{quote(name)}" for name in left.columns]
        columns += [f"r.{quote(name)} AS {quote(output)}" for name, output in named.items()]
        order = f" ORDER BY l.{ours.number}, r.{theirs.number}" if context.keep_order else ""
        query = f"SELECT {', '.join(columns)} FROM {ours.sql} l CROSS JOIN {theirs.sql} r{order}"
        return context.session.connection.sql(query)

    def _check_size(self, left: Relation, right: Relation) -> None:
        """See that not too many rows come out.

        Raises:
            NodeError: `too_large`.
        """
        counts = [table.aggregate("count(*)").fetchall()[0][0] for table in (left, right)]
        if (rows := counts[0] * counts[1]) > self.max_rows:
            message = f"{counts[0]:,} × {counts[1]:,} rows are {rows:,}; 'max_rows' allows {self.max_rows:,}."
            raise NodeError(message, code="too_large", path="/config/max_rows")

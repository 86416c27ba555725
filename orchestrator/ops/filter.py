"""`filter`: FME's Tester."""

from typing import Annotated, Any, ClassVar, NamedTuple

from orchestrator.errors import at
from orchestrator.ops._tested import Tested
from orchestrator.ops.base import Context, Op, Relation


class Split(NamedTuple):
    """Where a row goes."""

    passed: Annotated[Relation, "Rows for which the condition is true."]
    failed: Annotated[Relation, "All other rows, also those where it is null."]


class Filter(Tested, Op):
    """Send each row to `passed` or `failed` by a condition, or by clauses without SQL.

    A comparison with null is never true: such a row fails, also for `!=`, `not_in` and `not_contains`.
    """

    category: ClassVar[str] = "Filter"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"condition": "amount > 100"}

    def run(self, table: Annotated[Relation, "The rows to test."], context: Context) -> Split:
        """Both outputs keep the order of the input."""
        with at("/condition" if self.condition else "/clauses"):
            if context.design:
                self.checked(table)
                return Split(table, table)
            test = self.sql(table)
            return Split(table.filter(test), table.filter(f"NOT coalesce({test}, false)"))

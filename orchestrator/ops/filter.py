"""`filter`: FME's Tester."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.errors import at
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Expression


class Split(NamedTuple):
    """Where a row goes."""

    passed: Annotated[Relation, "Rows for which the condition is true."]
    failed: Annotated[Relation, "All other rows, also those where it is null."]


class Filter(Op):
    """Send each row to `passed` or `failed` by a condition."""

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"condition": "amount > 100"}

    condition: Expression = Field(description="True for the rows to pass.", examples=["amount > 100"])

    def run(self, table: Annotated[Relation, "The rows to test."]) -> Split:
        """Null counts as failed."""
        with at("/condition"):
            return Split(table.filter(f"({self.condition})"), table.filter(f"NOT coalesce(({self.condition}), false)"))

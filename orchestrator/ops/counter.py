"""`counter`: FME's Counter."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.ops._new_columns import check_new
from orchestrator.ops._numbered import listed, numbered
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn
from orchestrator.sql import quote


class Counter(Op):
    """Add a column that counts the rows in the order they come in, of the table or of each group.

    Rows with the same values in `group_by` are a group; null is equal to null. Rows stay in their order. The number is
    a BIGINT.
    """

    category: ClassVar[str] = "Columns"
    named_only: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"group_by": ["region"], "name": "n"}

    name: NewColumn = Field("count", description="Name of the new column.")
    start: int = Field(1, ge=-(2**62), le=2**62, description="The first number.")
    step: int = Field(1, ge=-(2**31), le=2**31, description="From one number to the next; may be negative.")
    group_by: list[Column] = Field(
        [], description="Begin anew in each group of equal values in these.", examples=[["region"]]
    )

    def run(self, table: Annotated[Relation, "The rows to count."], context: Context) -> Relation:
        """Without groups the rows need not be put in order again."""
        check_new(table.columns, [(self.name, "/name")])
        if not self.group_by:
            return table.project(f"*, {self._number('OVER ()')}")
        number = quote(free([*table.columns, self.name], "_row"))
        count = self._number(f"OVER (PARTITION BY {listed(self.group_by)} ORDER BY {number})")
        order = f" ORDER BY {number}" if context.keep_order else ""
        source = numbered(context.session, table, number)
        return context.session.connection.sql(f"SELECT {listed(table.columns)}, {count} FROM {source}{order}")

    def _number(self, window: str) -> str:
        return f"({self.start})::BIGINT + (row_number() {window} - 1) * ({self.step})::BIGINT AS {quote(self.name)}"

"""`sort`: FME's Sorter."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote


class Key(BaseModel):
    """A column to sort by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Column = Field(description="The column.", examples=["amount"])
    descending: bool = Field(False, description="The greatest first.")
    nulls: Literal["first", "last"] = Field("last", description="Where rows without a value go, in either direction.")

    def sql(self) -> str:
        """An ORDER BY term."""
        return f"{quote(self.column)} {'DESC' if self.descending else 'ASC'} NULLS {self.nulls.upper()}"


class Sort(Op):
    """Put rows in order.

    Rows that are equal in all keys keep the order they came in. Text is ordered by its characters' code points, so
    capitals come before small letters and `é` after `z`; NaN is the greatest number.
    """

    category: ClassVar[str] = "Rows"
    named_only: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"by": [{"column": "amount", "descending": True}]}

    by: list[Key] = Field(
        min_length=1, description="The keys, the most important first.", examples=[[{"column": "amount"}]]
    )

    def ordered_by(self) -> frozenset[str]:
        """Its keys."""
        return frozenset(key.column for key in self.by)

    def run(self, table: Annotated[Relation, "The rows to sort."], context: Context) -> Relation:
        """Nothing is done where nobody will see the order."""
        kinds = names(table)
        for index, key in enumerate(self.by):
            if is_geometry(kinds[key.column]):
                message = f"Column '{key.column}' is a geometry, which has no order."
                raise NodeError(message, code="type_mismatch", path=f"/config/by/{index}/column")
        if context.design or not context.keep_order:
            return table
        number = quote(free(table.columns, "_row"))
        order = ", ".join([*(key.sql() for key in self.by), number])
        rows = table.project(f"*, row_number() OVER () AS {number}")
        return rows.order(order).project(", ".join(map(quote, table.columns)))

    def ignores_order(self) -> bool:
        """Rows of equal keys keep the order they came in."""
        return False

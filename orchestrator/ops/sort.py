"""`sort`: FME's Sorter."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError
from orchestrator.ops._numbered import numbered
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

    def sql(self, name: str = "") -> str:
        """An ORDER BY term; `name` is what the column is called there, quoted."""
        return f"{name or quote(self.column)} {'DESC' if self.descending else 'ASC'} NULLS {self.nulls.upper()}"


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
        """Nothing is done where nobody will see the order. Raises NodeError, `type_mismatch`: geometry."""
        kinds = names(table)
        for index, key in enumerate(self.by):
            if is_geometry(kinds[key.column]):
                message = f"Column '{key.column}' is a geometry, which has no order."
                raise NodeError(message, code="type_mismatch", path=f"/config/by/{index}/column")
        if context.design or not context.keep_order:
            return table
        number = quote(free(table.columns, "_row"))
        keys = {quote(free(table.columns, f"_key{place}")): key for place, key in enumerate(self.by)}
        copies = "".join(f", {quote(key.column)} AS {name}" for name, key in keys.items())
        query = f"SELECT *{copies} FROM {numbered(context.session, table, number)}"
        order = ", ".join([*(key.sql(name) for name, key in keys.items()), number])
        return context.session.in_order(query, [*keys, number], order)

    def ignores_order(self) -> bool:
        """Rows of equal keys keep the order they came in."""
        return False

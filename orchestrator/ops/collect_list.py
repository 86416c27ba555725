"""`collect_list`: FME's ListBuilder."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.ops._numbered import listed, numbered
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn, unique
from orchestrator.sql import quote


class CollectList(Op):
    """One row for each group, with lists of the values of its rows.

    The lists are in the order of the rows, and groups in that of their first row. Nulls are kept, so that the lists of
    several columns go together; null is a group of its own. Without `group_by` one row comes out, whose lists are empty
    where no row comes in. Columns that are neither grouped by nor collected are left out.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {"group_by": ["region"], "columns": ["id", "amount"]}

    group_by: list[Column] = Field([], description="Rows that are equal in these are a group.", examples=[["region"]])
    columns: list[Column] = Field(min_length=1, description="The columns to collect.", examples=[["id", "amount"]])
    into: Literal["lists", "structs"] = Field(
        "lists", description="A list for each column, of its name, or one list of structs with the columns as fields."
    )
    name: NewColumn = Field("items", description="For `structs`: name of the list.")

    @model_validator(mode="after")
    def _unique(self) -> "CollectList":
        groups = [(name, ("group_by", index)) for index, name in enumerate(self.group_by)]
        unique([*groups, *((name, ("columns", index)) for index, name in enumerate(self.columns))])
        if self.into == "structs":
            unique([*groups, (self.name, ("name",))])
        return self

    def run(self, table: Annotated[Relation, "The rows to collect."], context: Context) -> Relation:
        """Structs are sorted once, and taken apart for lists of columns."""
        number, held = quote(free(table.columns, "_row")), quote(free(table.columns, "_items"))
        packed = ", ".join(f"{quote(f'f{index}')}: {quote(name)}" for index, name in enumerate(self.columns))
        by = f" GROUP BY {listed(self.group_by)}" if self.group_by else ""
        session, keys = context.session, listed(self.group_by) + ", " * bool(self.group_by)
        grouped = (
            f"SELECT {keys}coalesce(list({{{packed}}} ORDER BY {number}), []) AS {held}, min({number}) AS {number} "
            f"FROM {numbered(session, table, number)}{by}"
        )
        order = f" ORDER BY {number}" if context.keep_order else ""
        return session.connection.sql(f"SELECT {keys}{self._made(held)} FROM ({grouped}){order}")

    def _made(self, held: str) -> str:
        pairs = enumerate(self.columns)
        if self.into == "lists":
            return ", ".join(f"[each.f{index} FOR each IN {held}] AS {quote(name)}" for index, name in pairs)
        fields = ", ".join(f"{quote(name)}: each.f{index}" for index, name in pairs)
        return f"[{{{fields}}} FOR each IN {held}] AS {quote(self.name)}"

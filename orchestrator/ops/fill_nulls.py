"""`fill_nulls`: FME's NullAttributeMapper and AttributeManager for gaps."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import at
from orchestrator.ops._constants import constant
from orchestrator.ops._numbered import listed, numbered
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, invalid, unique
from orchestrator.sql import names, quote

# The nearest row with a value, from this one on.
NEAREST = {
    "previous": "last_value({} IGNORE NULLS) OVER ({} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    "next": "first_value({} IGNORE NULLS) OVER ({} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
}


class FillNulls(Op):
    """Put a value, or that of the nearest row before or after, in the place of null.

    Rows are taken in the order they come in. A null with no row before (or after) it that has a value stays null. Empty
    text and NaN are values, not null. Types stay: a value must fit each column's without being rounded.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"columns": ["amount"], "method": "previous", "group_by": ["region"]}

    columns: list[Column] = Field(min_length=1, description="The columns to fill.", examples=[["amount"]])
    method: Literal["value", "previous", "next"] = Field("value", description="Where the new value comes from.")
    value: Any = Field(None, description="The value, for `value`.", examples=[0])
    group_by: list[Column] = Field([], description="Look at rows only that are equal in these.", examples=[["region"]])

    @model_validator(mode="after")
    def _fits_the_method(self) -> "FillNulls":
        unique((name, ("columns", index)) for index, name in enumerate(self.columns))
        if (self.method == "value") != (self.value is not None):
            raise invalid(f"'{self.method}' {'needs a' if self.method == 'value' else 'takes no'} value.", "value")
        if self.method == "value" and self.group_by:
            raise invalid("A value is the same for all groups: 'group_by' is for `previous` and `next`.", "group_by")
        for index, name in enumerate(self.columns):
            if name in self.group_by:
                raise invalid(f"'{name}' cannot be filled within groups of equal '{name}'.", "columns", index)
        return self

    def run(self, table: Annotated[Relation, "The rows to fill."], context: Context) -> Relation:
        """A value needs no order; windows go by the number of the row."""
        if self.method == "value":
            kinds, made = names(table), {}
            with at("/value"):
                for name in self.columns:
                    made[name] = f"coalesce({quote(name)}, {constant(self.value, kinds[name], name)})"
            return table.project(self._filled(table, made))
        number = quote(free(table.columns, "_row"))
        window = f"{f'PARTITION BY {listed(self.group_by)}' if self.group_by else ''} ORDER BY {number}"
        made = {name: NEAREST[self.method].format(quote(name), window) for name in self.columns}
        order = f" ORDER BY {number}" if context.keep_order else ""
        source = numbered(context.session, table, number)
        return context.session.connection.sql(f"SELECT {self._filled(table, made)} FROM {source}{order}")

    def _filled(self, table: Relation, made: dict[str, str]) -> str:
        return ", ".join(f"{made[n]} AS {quote(n)}" if n in made else quote(n) for n in table.columns)

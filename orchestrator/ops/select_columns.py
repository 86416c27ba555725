"""`select_columns`: FME's AttributeKeeper and AttributeRenamer."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from orchestrator.errors import NodeError
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, unique
from orchestrator.sql import quote


class Selected(BaseModel):
    """A column, and what to call it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Column = Field(description="The column.", examples=["cust_id"])
    rename: NewColumn | None = Field(None, description="Its new name.", examples=["customer"])

    @property
    def output(self) -> str:
        """The name it comes out with."""
        return self.rename or self.name


class SelectColumns(Op):
    """Keep, drop, rename and order columns.

    The listed columns come first, in the order of the list; a column may be listed twice under two names.
    """

    category: ClassVar[str] = "Columns"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"columns": [{"name": "amount", "rename": "price"}], "others": "keep"}

    columns: list[Selected] = Field(
        min_length=1,
        description="The columns, in their new order.",
        examples=[[{"name": "cust_id", "rename": "customer"}]],
    )
    others: Literal["drop", "keep"] = Field("drop", description="What happens to columns that are not listed.")

    @field_validator("columns")
    @classmethod
    def _unique(cls, columns: list[Selected]) -> list[Selected]:
        unique((each.output, (index, "rename" if each.rename else "name")) for index, each in enumerate(columns))
        return columns

    def run(self, table: Annotated[Relation, "The table to rearrange."]) -> Relation:
        """Rows stay as they are."""
        listed = {each.name for each in self.columns}
        kept = [name for name in table.columns if name not in listed] if self.others == "keep" else []
        self._check_clash({name.lower(): name for name in kept})
        chosen = [f"{quote(each.name)} AS {quote(each.output)}" for each in self.columns]
        return table.project(", ".join([*chosen, *map(quote, kept)]))

    def _check_clash(self, kept: dict[str, str]) -> None:
        for index, each in enumerate(self.columns):
            if other := kept.get(each.output.lower()):
                message = f"'{each.name}' cannot be called '{each.output}': column '{other}' is kept too."
                raise NodeError(message, code="invalid_config", path=f"/config/columns/{index}/rename")

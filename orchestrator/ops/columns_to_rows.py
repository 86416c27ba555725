"""`columns_to_rows`: FME's AttributeExploder."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._types import plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote


class ColumnsToRows(Op):
    """Make a row of each value of each row: the name of its column, and the value.

    The rows of a row come in the order of the columns. Values are of the columns' type where all have the same, else
    text, written as `cast` writes it. Without `columns` all are taken but geometry, which stays beside them. Columns
    that are not taken stay, in front, unless `others` drops them. Empty text is a value and no null.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {"columns": ["amount", "region", "day"], "name": "key"}

    columns: list[Column] = Field([], description="The columns; if empty, all but geometry.", examples=[["a", "b"]])
    name: NewColumn = Field("name", description="Name of the column for the columns' names.")
    value: NewColumn = Field("value", description="Name of the column for their values.")
    nulls: Literal["keep", "drop"] = Field("keep", description="Whether a null gives a row.")
    others: Literal["keep", "drop"] = Field("keep", description="What happens to columns that are not taken.")

    @model_validator(mode="after")
    def _unique(self) -> "ColumnsToRows":
        unique((name, ("columns", index)) for index, name in enumerate(self.columns))
        unique([(self.name, ("name",)), (self.value, ("value",))])
        return self

    def run(self, table: Annotated[Relation, "The rows to take apart."]) -> Relation:
        """Two lists side by side, of names and of values.

        Raises NodeError: `type_mismatch`, `duplicate_column`; `invalid_config` where no column is left to take.
        """
        kinds = names(table)
        taken = self.columns or [name for name, kind in kinds.items() if not is_geometry(kind)]
        if not taken:
            message = "There is no column but geometry: name those to take."
            raise NodeError(message, code="invalid_config", path="/config/columns")
        kept = [name for name in kinds if name not in taken and self.others == "keep"]
        check_new(kept, [(self.name, "/name"), (self.value, "/value")])
        same = len({kinds[name] for name in taken}) == 1
        for index, name in enumerate(taken):
            if is_geometry(kinds[name]) and not same:
                message = f"Column '{name}' is {plain(kinds[name])}, which does not go into one column with the others."
                raise NodeError(message, code="type_mismatch", path=f"/config/columns/{index}")
        values = ", ".join(quote(name) if same else f"{quote(name)}::VARCHAR" for name in taken)
        terms = [*map(quote, kept), f"unnest([{', '.join(map(literal, taken))}]) AS {quote(self.name)}"]
        made = table.project(", ".join([*terms, f"unnest([{values}]) AS {quote(self.value)}"]))
        return made.filter(f"{quote(self.value)} IS NOT NULL") if self.nulls == "drop" else made

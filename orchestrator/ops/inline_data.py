"""`inline_data`: FME's Creator, with rows written into the workflow."""

from typing import Any, ClassVar

from pydantic import Field, field_validator

from orchestrator.ops import _rows
from orchestrator.ops._rows import Row, TypedColumn
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import invalid


class InlineData(Op):
    """A small table written into the workflow itself.

    Types come from the values: true or false, whole numbers, numbers, text, lists, objects. A column of nulls is text.
    `columns` gives types that JSON has not, such as DATE; there, a value that does not convert is refused.
    """

    category: ClassVar[str] = "Input"
    example: ClassVar[dict[str, Any]] = {"rows": [{"region": "north", "amount": 12.5}, {"region": "south"}]}

    columns: list[TypedColumn] = Field(
        [], description="Columns with a type; others may be left out.", examples=[[{"name": "day", "type": "DATE"}]]
    )
    rows: list[Row] = Field(description="The rows; a missing key is null.", examples=[[{"region": "north"}]])

    @field_validator("columns")
    @classmethod
    def _unique(cls, columns: list[TypedColumn]) -> list[TypedColumn]:
        _rows.check_columns(columns)
        return columns

    @field_validator("rows")
    @classmethod
    def _some_column(cls, rows: list[Row], info: Any) -> list[Row]:
        if not any(rows) and not info.data.get("columns"):
            raise invalid("There is no column: give a row, or 'columns'.")
        return rows

    def run(self, context: Context) -> Relation:
        """The rows, in the order written."""
        return _rows.relation(context.session, self.rows, self.columns, "/config/rows")

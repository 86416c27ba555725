"""What node types share that make a row of each group of rows."""

from pydantic import Field, model_validator

from orchestrator.ops._aggregations import Aggregation
from orchestrator.ops.base import Op
from orchestrator.ops.settings import Column, unique


class Aggregating(Op):
    """A node type with groups, and aggregates of their columns."""

    group_by: list[Column] = Field(
        [], description="Rows that are equal in these are a group; if empty, all rows.", examples=[["region"]]
    )
    aggregations: list[Aggregation] = Field(
        [],
        description="What to keep of the other columns of each group.",
        examples=[[{"column": "amount", "function": "sum", "name": "total"}]],
    )

    @model_validator(mode="after")
    def _named_once(self) -> "Aggregating":
        groups = [(name, ("group_by", index)) for index, name in enumerate(self.group_by)]
        made = [(each.output, ("aggregations", index, "name")) for index, each in enumerate(self.aggregations)]
        unique([*groups, *made])
        return self

    @property
    def columns_named(self) -> list[tuple[str, str, str | None]]:
        """All but `*`, which is no column."""
        return [each for each in super().columns_named if each[1] != "*"]

"""What goes in and out about expressions."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from orchestrator.expression_help import Function, Verdict
from orchestrator.schema import Column

__all__ = ["ExpressionToCheck", "ExpressionVerdict", "Function", "StoredPort"]


class StoredPort(BaseModel):
    """What came out of a port of a node in an execution."""

    model_config = ConfigDict(extra="forbid")

    execution_id: str
    node_id: str
    port: str


class ExpressionToCheck(BaseModel):
    """An expression, and the columns it is over: as a list, at a port of a graph, or of a stored table.

    Where none of these is given, any column may be there. Without `parameters` (a graph has its own), so may any
    `${name}`.
    """

    model_config = ConfigDict(extra="forbid")

    expression: str
    columns: list[Column] | None = Field(None, description="The columns, as `infer` gives them.")
    workflow: dict[str, Any] | None = Field(None, description="A graph as it would be posted, in place of `columns`.")
    node_id: str | None = Field(None, description="With `workflow`: the node that has the expression.")
    port: str | None = Field(None, description="With `workflow`: the node's input port, by default its first.")
    parameters: list[dict[str, JsonValue]] | None = Field(None, description="Parameters as a workflow declares them.")
    stored: StoredPort | None = Field(None, description="Compute it on the first 10 rows of this table.")

    @field_validator("columns")
    @classmethod
    def _named(cls, columns: list[Column] | None) -> list[Column] | None:
        for column in columns or ():
            if not column.name:
                raise ValueError("a column needs a name")
        return columns


class ExpressionVerdict(Verdict):
    """Whether an expression is right. `type` is null where what is not known decides it, `values` are of `stored`.

    A problem's `position` is the character, from 0. One that is a warning leaves it valid: it is right, and fails on
    the values of `stored`, or takes too long.
    """

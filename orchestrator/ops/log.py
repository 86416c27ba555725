"""`log`: FME's Logger."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._numbered import settled
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.sql import quote


class Log(Op):
    """Write a message and the first rows into the run's log, and hand all rows on.

    A line is written for the message, then one for each row: `id: 1, region: north, day: null`. Values of parameters
    that are secret are masked. In a fused run (`cache: false`) the rows are stored for the time of the run unless they
    are already, so that those in the log are those handed on.
    """

    category: ClassVar[str] = "Flow"
    watches: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"message": "Sales by region", "limit": 3}

    message: str = Field("", max_length=10_000, description="A line before the rows.", examples=["Late flights"])
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How grave it is; an error in the log does not fail the run."
    )
    limit: int = Field(10, ge=0, le=1000, description="How many rows to write.")

    def run(self, table: Annotated[Relation, "The rows to write."], context: Context) -> Relation:
        """Rows are written when the node runs."""
        if context.design:
            return table
        if self.message:
            context.log(self.level, self.message)
        if self.limit:
            table = settled(table, context)
            texts = ", ".join(f"coalesce({quote(name)}::VARCHAR, 'null')" for name in table.columns)
            for row in table.limit(self.limit).project(texts).fetchall():
                line = ", ".join(f"{name}: {value}" for name, value in zip(table.columns, row, strict=True))
                context.log(self.level, line)
        return table

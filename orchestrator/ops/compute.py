"""`compute`: FME's AttributeManager and ExpressionEvaluator."""

from contextlib import suppress
from typing import Annotated, Any, ClassVar

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError, at
from orchestrator.expressions import parts
from orchestrator.ops._casts import castable
from orchestrator.ops._impossible import check_possible
from orchestrator.ops._types import TypeName, plain, storable
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Expression, NewColumn
from orchestrator.sql import names, quote


class Computed(BaseModel):
    """A column and how to get it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: NewColumn = Field(description="Name of the column; one of that name is replaced.", examples=["total"])
    expression: Expression = Field(description="Its value.", examples=["price * quantity"])
    type: TypeName | None = Field(None, description="Convert the value to this type.", examples=["DECIMAL(18,2)"])

    def sql(self) -> str:
        """The value as SQL."""
        value = f"(\n{self.expression}\n)"
        return f"CAST({value} AS {self.type})" if self.type else value

    def check_type(self, table: Relation, path: str) -> None:
        """See that the value can be of the type; an expression that cannot be computed is told of elsewhere.

        Raises NodeError, `type_mismatch`, where it cannot.
        """
        if self.type is None:
            return
        with suppress(duckdb.Error):
            kind = str(table.project(f"(\n{self.expression}\n) AS made").types[0])
            if not castable(kind, self.type):
                message = f"'{self.name}' is {plain(kind)}, which cannot become {plain(self.type)}."
                raise NodeError(message, code="type_mismatch", path=f"/config{path}")


class Compute(Op):
    """Add columns, or replace them, by expressions over the others.

    They are computed in order: a later one may use an earlier one, also the new value of a replaced one. A replaced
    column keeps its place; new ones come last. A value that does not convert to `type` fails the run; use `cast` to
    reject such rows.
    """

    category: ClassVar[str] = "Columns"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"columns": [{"name": "double", "expression": "amount * 2"}]}

    columns: list[Computed] = Field(
        min_length=1,
        description="The columns, in the order in which they are computed.",
        examples=[[{"name": "total", "expression": "price * quantity"}]],
    )

    def run(self, table: Annotated[Relation, "The rows to compute on."], context: Context) -> Relation:
        """One projection for as many columns as do not use each other: deep chains are slow to bind."""
        start = 0
        for end in range(1, len(self.columns) + 1):
            if end == len(self.columns) or _uses(self.columns[end], self.columns[start:end]):
                if context.design:
                    self._check(table, start, end)
                table = self._project(table, start, end)
                start = end
        return storable(table)

    def _check(self, table: Relation, start: int, end: int) -> None:
        kinds = names(table)
        for index in range(start, end):
            with at(f"/columns/{index}/expression"):
                check_possible(self.columns[index].expression, kinds)
            self.columns[index].check_type(table, f"/columns/{index}/type")

    def _project(self, table: Relation, start: int, end: int) -> Relation:
        made = {column.name.lower(): column for column in self.columns[start:end]}
        kept = []
        for name in table.columns:
            new = made.pop(name.lower(), None)
            kept.append(quote(name) if new is None else f"{new.sql()} AS {quote(new.name)}")
        added = [f"{column.sql()} AS {quote(column.name)}" for column in made.values()]
        try:
            return table.project(", ".join([*kept, *added]))
        except duckdb.Error:
            for index in range(start, end):
                with at(f"/columns/{index}/expression"):
                    table.project(f"{self.columns[index].sql()} AS made")
            raise


def _uses(column: Computed, before: list[Computed]) -> bool:
    """Whether a column reads, or replaces, one of those before it."""
    made = {each.name.lower() for each in before}
    return column.name.lower() in made or bool(made & parts(column.expression))

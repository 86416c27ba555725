"""`sql`: FME's InlineQuerier."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._bound_query import bound, whole
from orchestrator.ops._impossible import check_query
from orchestrator.ops._query import Query, check_tables, fold, reserved
from orchestrator.ops._text_converted import HINT, doubts
from orchestrator.ops._types import storable
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, invalid, unique
from orchestrator.sql import names as kinds


class Sql(Op):
    """One SELECT over the tables that come in, in DuckDB's SQL.

    It may use joins, WITH, subqueries, windows and aggregates; it reads no file and changes nothing. Rows come in the
    order of its ORDER BY. Each column needs a name of its own, whatever the case: give others with AS. Sums of whole
    numbers come out as BIGINT and are an error beyond that. A problem names the line and column, where DuckDB does,
    of the query with the values of its parameters in place.
    """

    title: ClassVar[str] = "SQL"
    category: ClassVar[str] = "Advanced"
    example: ClassVar[dict[str, Any]] = {
        "query": "SELECT region, count(*) AS n FROM sales GROUP BY region ORDER BY region",
        "names": ["sales"],
    }

    query: Query = Field(description="The SELECT.", examples=["SELECT a.*, b.name FROM a JOIN b USING (id)"])
    names: list[NewColumn] = Field(
        [],
        description="What the tables are called, in the order of the edges; those without a name are table1, table2, …",
        examples=[["a", "b"]],
    )

    @field_validator("names")
    @classmethod
    def _usable(cls, names: list[str]) -> list[str]:
        unique(((name, (index,)) for index, name in enumerate(names)), "Table")
        for index, name in enumerate(names):
            if fold(name) in reserved():
                raise invalid(f"A table cannot be called '{name}': DuckDB has one of that name.", index)
        return names

    def run(self, tables: Annotated[list[Relation], "The tables."], context: Context) -> Relation:
        """The tables are put before the query by WITH."""
        names = self._names(len(tables))
        with at("/query"):
            check_tables(self.query, names)
            made = bound(self.query, dict(zip(names, tables, strict=True)), context.session)
            if context.design:
                given = {name: kinds(table) for name, table in zip(names, tables, strict=True)}
                check_query(self.query, given)
                for message in doubts(self.query, given):
                    context.warn(message, code="type_mismatch", hint=HINT, path="/config/query")
            return storable(whole(made))

    def _names(self, count: int) -> list[str]:
        if len(self.names) > count:
            message = f"There are {len(self.names)} names, but {count} tables are connected."
            raise NodeError(message, code="invalid_config", path=f"/config/names/{count}")
        others = [f"table{index + 1}" for index in range(len(self.names), count)]
        taken = {fold(name) for name in self.names}
        for name in others:
            if name in taken:
                message = f"'{name}' is also what the table without a name is called: name that one too."
                raise NodeError(message, code="invalid_config", path="/config/names")
        return [*self.names, *others]

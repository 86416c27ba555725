"""`sql`: FME's InlineQuerier."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._query import Query, check_tables
from orchestrator.ops._types import storable
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, unique
from orchestrator.tables import quote


class Sql(Op):
    """One SELECT over the tables that come in, in DuckDB's SQL.

    It may use joins, WITH, subqueries, windows and aggregates; it reads no file and changes nothing. Rows come in the
    order of its ORDER BY. Whole numbers beyond BIGINT come out as DECIMAL(38,0).
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
    def _unique(cls, names: list[str]) -> list[str]:
        unique(((name, (index,)) for index, name in enumerate(names)), "Table")
        return names

    def run(self, tables: Annotated[list[Relation], "The tables."], context: Context) -> Relation:
        """The tables are put before the query by WITH."""
        if len(self.names) > len(tables):
            message = f"There are {len(self.names)} names, but {len(tables)} tables are connected."
            raise NodeError(message, code="invalid_config", path=f"/config/names/{len(tables)}")
        names = [*self.names, *(f"table{index + 1}" for index in range(len(self.names), len(tables)))]
        with at("/query"):
            check_tables(self.query, names)
            given = (f"{quote(n)} AS (FROM {context.session.name(t)})" for n, t in zip(names, tables, strict=True))
            query = f"WITH {', '.join(given)} SELECT * FROM (\n{self.query}\n)"
            return storable(context.session.connection.sql(query))

"""`database_query`: FME's SQLCreator."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.connections import ConnectionName, using
from orchestrator.connections.statements import Sql
from orchestrator.crs import Crs
from orchestrator.errors import at
from orchestrator.ops.base import Context, Op, Relation


class DatabaseQuery(Op):
    """The rows that a database answers to a SELECT, in its own SQL.

    The query runs in a transaction that can only read. A parameter goes along as a bound value, never as text: write
    `region = ${region}`, without quotes, and `id = ${id}::uuid` where the column is of another type than the parameter.
    Each column needs a name of its own. Rows come in the order of ORDER BY; without one the database may give any.

    A numeric without precision or in a list is read as DOUBLE, a list of lists as one list, a type that DuckDB has not
    as text. NaN of a numeric with precision and a time after 294247-01-10 are null.
    """

    category: ClassVar[str] = "Input"
    example: ClassVar[dict[str, Any]] = {
        "connection": "warehouse",
        "query": "SELECT 1 AS id, 'north' AS region ORDER BY id",
    }

    connection: ConnectionName = Field(description="The connection to ask.", examples=["warehouse"])
    query: Sql = Field(
        description="The SELECT.",
        examples=["SELECT region, count(*) AS n FROM sales WHERE day >= ${from} GROUP BY region ORDER BY region"],
    )
    crs: Crs | None = Field(
        None,
        description="The coordinate system of geometry whose type in the database does not say it.",
        examples=["EPSG:4326"],
    )
    timeout_s: float = Field(300, gt=0, le=86400, description="Seconds after which the database gives up.")

    def run(self, context: Context) -> Annotated[Relation, "The rows of the answer."]:
        """The columns are the database's own description of the query."""
        with using(self.connection, context) as database, at("/query"):
            query = str(self.query).rstrip().removesuffix(";")
            return database.rows(query, self.query.values, context, crs=self.crs, timeout_s=self.timeout_s)

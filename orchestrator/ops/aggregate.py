"""`aggregate`: FME's StatisticsCalculator and Aggregator."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.crs import written_in
from orchestrator.errors import at
from orchestrator.ops._aggregating import Aggregating
from orchestrator.ops._aggregations import IN_ORDER, Aggregation
from orchestrator.ops._numbered import numbered
from orchestrator.ops._systems import check_flat
from orchestrator.ops._types import free, storable
from orchestrator.ops._union_geometry import unions
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import names, quote


class Aggregate(Aggregating):
    """One row for each group, with statistics of its rows.

    Groups come out in the order of their columns; null is a group of its own. Without `group_by` one row comes out,
    also of an empty table. Nulls are skipped by every function. The sum of whole numbers is BIGINT and an error beyond
    that; of decimals DECIMAL(38, …); else DOUBLE. `first`, `last` and `concat` go by the order of the input.
    """

    category: ClassVar[str] = "Rows"
    named_only: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {
        "group_by": ["region"],
        "aggregations": [{"function": "count"}, {"column": "amount", "function": "sum", "name": "total"}],
    }

    aggregations: list[Aggregation] = Field(
        min_length=1,
        description="What to compute of each group.",
        examples=[[{"column": "amount", "function": "sum", "name": "total"}]],
    )

    def run(self, table: Annotated[Relation, "The rows to group."], context: Context) -> Relation:
        """A query, except for the unions of geometries, which are computed here."""
        made = storable(self._query(table, context))
        for index, each in enumerate(self.aggregations):
            if each.function == "union_geometry":
                with at(f"/aggregations/{index}/function"):
                    made = self._with_union(table, made, each, context)
        return made

    def _query(self, table: Relation, context: Context) -> Relation:
        kinds = names(table)
        number = quote(free(table.columns, "_row"))
        groups = [f"t.{quote(name)}" for name in self.group_by]
        made = list(groups)
        for index, each in enumerate(self.aggregations):
            with at(f"/aggregations/{index}/function"):
                made.append(f"{each.sql(kinds.get(each.column, ''), number)} AS {quote(each.output)}")
        session = context.session
        source = session.name(table) if self.ignores_order() else numbered(session, table, number)
        by = f" GROUP BY {', '.join(groups)}" if groups else ""
        order = f" ORDER BY {', '.join(f'{place + 1} NULLS LAST' for place in range(len(groups)))}" if groups else ""
        wanted = context.keep_order or self._has_union()
        return session.connection.sql(f"SELECT {', '.join(made)} FROM {source} t{by}{order if wanted else ''}")

    def _has_union(self) -> bool:
        return any(each.function == "union_geometry" for each in self.aggregations)

    def _with_union(self, table: Relation, made: Relation, each: Aggregation, context: Context) -> Relation:
        """The groups so far with the united geometry in the place of its null; both are numbered in group order."""
        session, number = context.session, quote(free([*made.columns, "gid", "g"], "_group"))
        columns = [f"u.g AS {quote(n)}" if n == each.output else f"a.{quote(n)}" for n in made.columns]
        groups = numbered(session, made, number)
        check_flat(written_in(names(table)[each.column]))
        united = session.name(unions(session, table, self.group_by, each.column))
        query = f"SELECT {', '.join(columns)} FROM {groups} a LEFT JOIN {united} u ON a.{number} = u.gid"
        return session.connection.sql(f"{query} ORDER BY a.{number}")

    def ignores_order(self) -> bool:
        """Unless a function goes by it."""
        return not any(each.function in IN_ORDER for each in self.aggregations)

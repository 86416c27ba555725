"""Rows taken out of a table by their number, the rest beside them, both in the order they came in."""

from collections.abc import Iterable
from uuid import uuid4

from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Relation
from orchestrator.tables import names, quote


def steady(table: Relation) -> bool:
    """Whether reading it again costs no computing and gives the same rows in the same order: a stored table."""
    if table.type == "SUBQUERY_RELATION":
        return table.sql_query().startswith("SELECT * FROM parquet_scan(")
    return table.type in ("TABLE_RELATION", "VIEW_RELATION")


def settled(table: Relation, context: Context) -> Relation:
    """The same rows, fit to be read once for each port: in a fused run, what is still a query is stored in `scratch`.

    Each port is a query of its own, and another run of the query before may give other rows, or another order.
    """
    if context.design or context.scratch is None or steady(table):
        return table
    path = context.scratch / f"{uuid4().hex}.parquet"
    context.session.store(table, path)
    return context.session.parquet(path)


class Numbered:
    """A table and the numbers of its rows, from 1 in input order, as the column `number` of `_rows`."""

    def __init__(self, table: Relation, context: Context) -> None:
        self._table, self._context = settled(table, context), context
        self.number = quote(free(table.columns, "_row"))

    def split(self, numbers: str) -> tuple[Relation, Relation]:
        """The rows whose number this query over `_rows` gives, and all others."""
        return self._those("SEMI", numbers), self._those("ANTI", numbers)

    def _those(self, which: str, numbers: str) -> Relation:
        """A stored table is read twice rather than held: for the numbers only the columns that matter are read."""
        view, number = self._context.session.name(self._table), self.number
        held = "NOT MATERIALIZED" if steady(self._table) else "MATERIALIZED"
        order = f"ORDER BY _rows.{number}" if self._context.keep_order else ""
        return self._context.session.connection.sql(
            f"WITH _rows AS {held} (SELECT *, row_number() OVER () AS {number} FROM {view}), _taken AS ({numbers}) "
            f"SELECT {listed(names(self._table))} FROM _rows {which} JOIN _taken USING ({number}) {order}"
        )


def listed(columns: Iterable[str]) -> str:
    """Columns in SQL."""
    return ", ".join(map(quote, columns))

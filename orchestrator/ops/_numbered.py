"""Rows taken out of a table by their number, the rest beside them, both in the order they came in."""

import re
from collections.abc import Iterable
from uuid import uuid4

from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import names, quote
from orchestrator.tables import Session

PATHS = r"'(?:[^']|'')*'(?P<more>, '.*)?"
SCAN = re.compile(rf'SELECT \*\n FROM parquet_scan\(\[{PATHS}\], .*\) AS "unnamed_relation_[0-9a-f]+"', re.DOTALL)


def steady(table: Relation) -> bool:
    """Whether reading it again costs no computing and gives the same rows in the same order: a stored table."""
    return _scan(table) is not None or table.type in ("TABLE_RELATION", "VIEW_RELATION")


def _scan(table: Relation) -> re.Match[str] | None:
    """The query of a stored table as a whole; with `more` where it is several files."""
    return SCAN.fullmatch(table.sql_query()) if table.type == "PROJECTION_RELATION" else None


def numbered(session: Session, table: Relation, number: str) -> str:
    """The table in SQL with the numbers of its rows, from 1 in input order, as a column of this quoted name.

    The rows of one file know their number; counting them would be the work of one thread.
    """
    scan = _scan(table)
    if scan is not None and not scan["more"] and "file_row_number" not in map(str.lower, table.columns):
        return f"({scan[0].replace('*', f'*, file_row_number + 1 AS {number}', 1)}\n)"
    return f"(SELECT *, row_number() OVER () AS {number} FROM {session.name(table)})"


def settled(table: Relation, context: Context) -> Relation:
    """The same rows, fit to be read once for each port: in a fused run, what is still a query is stored in `scratch`.

    Not where one port is read only. Each port is a query of its own, and another run of the query before may give
    other rows, or another order.
    """
    if context.design or context.unused or context.scratch is None or steady(table):
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
        session, number = self._context.session, self.number
        held = "NOT MATERIALIZED" if steady(self._table) else "MATERIALIZED"
        source = f"WITH _rows AS {held} (FROM {numbered(session, self._table, number)}), _taken AS ({numbers}) SELECT "
        pairs = f"FROM _rows {which} JOIN _taken USING ({number})"
        if self._context.keep_order:
            return session.in_order(f"{source} _rows.* {pairs}", [number])
        return session.connection.sql(f"{source} {listed(names(self._table))} {pairs}")


def listed(columns: Iterable[str]) -> str:
    """Columns in SQL."""
    return ", ".join(map(quote, columns))

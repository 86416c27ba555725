"""Tables that are read several times, and their rows taken by number, with columns added."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from orchestrator.ops._numbered import numbered, settled
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote


def held(table: Relation, context: Context) -> Relation:
    """The same rows in an order that stays, however often they are read: what is still a query is stored first."""
    return settled(table, replace(context, unused=frozenset()))


def with_columns(columns: Iterable[str], made: Mapping[str, str], of: str = "") -> str:
    """A SELECT list: the columns of table `of`; a made one (name to SQL) replaces that of its name, or comes last."""
    left = {name.lower(): name for name in made}
    terms = []
    for name in columns:
        own = left.pop(name.lower(), None)
        terms.append(f"{of}{quote(name)}" if own is None else f"{made[own]} AS {quote(own)}")
    return ", ".join([*terms, *(f"{made[name]} AS {quote(name)}" for name in left.values())])


class Source:
    """A table whose rows are asked for by number, from 1 in input order."""

    def __init__(self, table: Relation, context: Context) -> None:
        self.table, self._context = held(table, context), context
        self.number = quote(free(table.columns, "_row"))

    @cached_property
    def sql(self) -> str:
        """The table in a FROM, with the column `number`."""
        return numbered(self._context.session, self.table, self.number)

    def taken(self, which: Relation, by: str, where: str = "true", added: Mapping[str, str] | None = None) -> Relation:
        """The rows whose number is in the column `by` of `which` (called `w` in SQL), in input order."""
        columns = with_columns(self.table.columns, added or {}, "t.")
        chosen = self._context.session.name(which)
        source = f"FROM {self.sql} t JOIN {chosen} w ON t.{self.number} = w.{by} WHERE {where}"
        if not self._context.keep_order:
            return self._context.session.connection.sql(f"SELECT {columns} {source}")
        number = quote(free([*self.table.columns, *(added or {})], "_row"))
        return self._context.session.in_order(f"SELECT {columns}, t.{self.number} AS {number} {source}", [number])

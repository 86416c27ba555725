"""The SQL of a join of two tables by equal columns."""

from dataclasses import dataclass

from orchestrator.ops._numbered import numbered
from orchestrator.ops._types import free
from orchestrator.ops.base import Relation
from orchestrator.sql import quote
from orchestrator.tables import Session


@dataclass(frozen=True)
class Pairs:
    """Two tables and the columns that must be equal; `keep_order` gives rows in the left table's order."""

    session: Session
    left: Relation
    right: Relation
    keys: tuple[tuple[str, str], ...]
    keep_order: bool

    def joined(self, how: str, suffix: str) -> Relation:
        """The pairs, with the rows that have none where `how` wants them; keys once, other names made unique."""
        columns = [self._left_column(name, how) for name in self.left.columns]
        taken = list(self.left.columns)
        # Of two that one left column is equal to, only the first stands in its place where there is no left row.
        keys = {right for _, right in self.keys} if how in ("inner", "left") else {*dict(reversed(self.keys)).values()}
        for name in self.right.columns:
            if name not in keys:
                output = name if free(taken, name) == name else free(taken, name + suffix)
                taken.append(output)
                columns.append(f"r.{quote(name)} AS {quote(output)}")
        source = f"{self._left()} l {how.upper()} JOIN {self._right()} r ON {self._equal()}"
        first = free(taken, "_l")
        return self._ordered(columns, source, {first: "l", free([*taken, first], "_r"): "r"})

    def lonely(self, test: str = "NOT EXISTS") -> Relation:
        """The left rows that have no partner, or with `EXISTS` those that have one."""
        columns = [f"l.{quote(name)}" for name in self.left.columns]
        partner = f"SELECT 1 FROM {self.session.name(self.right)} r WHERE {self._equal()}"
        source = f"{self._left()} l WHERE {test} ({partner})"
        return self._ordered(columns, source, {free(self.left.columns, "_l"): "l"})

    def _ordered(self, columns: list[str], source: str, by: dict[str, str]) -> Relation:
        """In the order of the numbers of these tables' rows, which get names that no column has."""
        if not self.keep_order:
            return self.session.connection.sql(f"SELECT {', '.join(columns)} FROM {source}")
        numbers = dict(zip("lr", self._numbers(), strict=True))
        keys = [f"{of}.{numbers[of]} AS {quote(name)}" for name, of in by.items()]
        return self.session.in_order(f"SELECT {', '.join([*columns, *keys])} FROM {source}", map(quote, by))

    def _equal(self) -> str:
        return " AND ".join(f"l.{quote(left)} = r.{quote(right)}" for left, right in self.keys)

    def _left_column(self, name: str, how: str) -> str:
        partner = next((right for left, right in self.keys if left == name), None)
        if partner is None or how in ("inner", "left"):
            return f"l.{quote(name)}"
        return f"coalesce(l.{quote(name)}, r.{quote(partner)}) AS {quote(name)}"

    def _left(self) -> str:
        return self._numbered(self.left, self._numbers()[0])

    def _right(self) -> str:
        return self._numbered(self.right, self._numbers()[1])

    def _numbers(self) -> tuple[str, str]:
        return quote(free(self.left.columns, "_row")), quote(free(self.right.columns, "_row"))

    def _numbered(self, table: Relation, number: str) -> str:
        return numbered(self.session, table, number) if self.keep_order else self.session.name(table)

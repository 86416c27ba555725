"""For each row of one table the first row of another that has the same keys."""

from collections.abc import Sequence

from orchestrator.ops._taken import Source, held
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote


class FirstMatch:
    """Row numbers that belong together where keys are equal; null is equal to nothing.

    `theirs`: each row `n` of the other table without a null in its keys, and the `first` row of the same keys.
    `pairs`: each row `r` of ours, and the first row `s` of the other, or null; `missing` is whether a key is null.
    """

    def __init__(self, ours: Source, other: Source, keys: Sequence[tuple[str, str]], context: Context) -> None:
        self._session = context.session
        mine, its = ([quote(key[side]) for key in keys] for side in (0, 1))
        there = " AND ".join(f"{key} IS NOT NULL" for key in its)
        firsts = f"min({other.number}) OVER (PARTITION BY {', '.join(its)}) AS first"
        columns = ", ".join(f"{key} AS k{place}" for place, key in enumerate(its))
        self.theirs = self._held(
            f"SELECT {other.number} AS n, {firsts}, {columns} FROM {other.sql} WHERE {there}", context
        )
        on = " AND ".join(f"o.{key} = t.k{place}" for place, key in enumerate(mine))
        missing = " OR ".join(f"o.{key} IS NULL" for key in mine)
        self.pairs = self._held(
            f"SELECT o.{ours.number} AS r, t.n AS s, {missing} AS missing FROM {ours.sql} o "
            f"LEFT JOIN (SELECT * FROM {self.names(self.theirs)} WHERE n = first) t ON {on}",
            context,
        )

    def names(self, table: Relation) -> str:
        """A relation in a FROM."""
        return self._session.name(table)

    def found(self, other: Source, columns: Sequence[str], more: str = "", join: str = "") -> Relation:
        """The pairs with the columns of the other's row, as `c0`, `c1`, …; null where there is none."""
        taken = "".join(f", x.{quote(name)} AS c{place}" for place, name in enumerate(columns))
        source = f"{self.names(self.pairs)} p LEFT JOIN {other.sql} x ON p.s = x.{other.number}"
        return self._session.connection.sql(f"SELECT p.r, p.s{taken}{more} FROM {source} {join}")

    def _held(self, query: str, context: Context) -> Relation:
        return held(self._session.connection.sql(query), context)

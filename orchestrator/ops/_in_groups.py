"""What node types share that hold two tables against each other, where only rows of the same group may meet."""

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from orchestrator.ops._comparable import check_keys
from orchestrator.ops._taken import Source
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, unique
from orchestrator.sql import names, quote

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Pairs, Rows


class InGroups(Op):
    """A node type in which rows of two tables meet: all with all, or in groups."""

    group_by: list[Column] = Field(
        [],
        description="Only rows that are equal in these columns meet; both tables have them, and null is equal to null.",
        examples=[["year"]],
    )

    @model_validator(mode="after")
    def _groups_named_once(self) -> "InGroups":
        unique((name, ("group_by", index)) for index, name in enumerate(self.group_by))
        return self

    def in_groups(self, context: Context, **tables: Relation) -> "tuple[Relation, Groups | None]":
        """The first table, fit to be read again where there are groups, and the groups of both.

        Raises:
            NodeError: `unknown_column`, `type_mismatch`.
        """
        left, right = tables.values()
        if not self.group_by:
            return left, None
        check_keys([(name, name) for name in self.group_by], {p: names(t) for p, t in tables.items()}, "group_by")
        ours, theirs = Source(left, context), Source(right, context)
        return ours.table, Groups(self._numbers(ours, theirs, context), self._numbers(theirs, theirs, context))

    def _numbers(self, of: Source, groups: Source, context: Context) -> "Rows":
        """The number of each row's group; -1 where `groups` has none like it."""
        keys = ", ".join(map(quote, self.group_by))
        group = quote(free(self.group_by, "_group"))
        on = " AND ".join(f"t.{quote(name)} IS NOT DISTINCT FROM g.{quote(name)}" for name in self.group_by)
        numbers = f"SELECT {keys}, row_number() OVER (ORDER BY {keys}) - 1 AS {group}"
        query = (
            f"SELECT coalesce(g.{group}, -1) AS n FROM {of.sql} t LEFT JOIN "
            f"({numbers} FROM (SELECT DISTINCT {keys} FROM {groups.sql})) g ON {on} ORDER BY t.{of.number}"
        )
        found: Rows = context.session.connection.sql(query).to_arrow_table().column(0).to_numpy()
        return found


class Groups:
    """The number of each row's group, from 0, in two tables; -1 in the first for a group that the second lacks."""

    def __init__(self, left: "Rows", right: "Rows") -> None:
        self.left, self.right = left, right

    def kept(self, pairs: "Pairs", before: int) -> "Pairs":
        """The pairs whose rows are in the same group; `before` is how many rows came before the first left one."""
        from orchestrator.ops._pairs import Pairs

        same = self.left[pairs.left + before] == self.right[pairs.right]
        return Pairs(pairs.left[same], pairs.right[same])

    def sizes(self, before: int, count: int) -> "Rows":
        """How many right rows are in the group of each of so many left rows."""
        import numpy as np

        counts = np.append(np.bincount(self.right, minlength=self.left.max(initial=0) + 1), 0)
        sizes: Rows = counts[self.left[before : before + count]]
        return sizes

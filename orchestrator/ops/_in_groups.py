"""What node types share that hold two tables against each other, where only rows of the same group may meet."""

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from orchestrator.ops._comparable import check_keys
from orchestrator.ops._group_numbers import Groups
from orchestrator.ops._taken import Source
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, unique
from orchestrator.sql import names, quote

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Rows


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

    def in_groups(self, context: Context, **tables: Relation) -> "tuple[Relation, Relation, Groups]":
        """Both tables, and which rows of them may meet. Where there are groups, the tables may be read again.

        Raises:
            NodeError: `unknown_column`, `type_mismatch`.
        """
        left, right = tables.values()
        if not self.group_by:
            return left, right, Groups()
        check_keys([(name, name) for name in self.group_by], {p: names(t) for p, t in tables.items()}, "group_by")
        ours, theirs = Source(left, context), Source(right, context)
        groups = Groups(self._numbers(ours, theirs, context), self._numbers(theirs, theirs, context))
        return ours.table, theirs.table, groups

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

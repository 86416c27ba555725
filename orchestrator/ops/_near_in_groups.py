"""Which shapes are nearest among those of the same group."""

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.ops._near import Found, together
from orchestrator.ops._same_places import NearOnce

if TYPE_CHECKING:
    from orchestrator.ops._globe import Globe
    from orchestrator.ops._near import Plane
    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes


class NearInGroups:
    """`Near` for each group by itself, made when it is asked for first; `ours` and `theirs` number the groups."""

    def __init__(
        self, right: "Shapes", where: "Plane | Globe", groups: "tuple[Rows, Rows]", ports: tuple[str, str]
    ) -> None:
        where.check(right, ports[1])
        self.where = where
        self._right, self._ports = right, ports
        self._ours, theirs = groups
        self._order = np.argsort(theirs, kind="stable")
        self._numbers = theirs[self._order]
        self._made: dict[int, tuple[NearOnce, Rows]] = {}

    def nearest(self, left: "Shapes", count: int, farthest: float, before: int) -> Found:
        """The nearest `count` of each left row in its group, nearest first, that are no farther than `farthest`.

        Raises:
            NodeError: `invalid_geometry`, `out_of_bounds`, with the left row (from 1).
        """
        self.where.check(left, self._ports[0], before)
        ours = self._ours[before : before + len(left)]
        order = np.argsort(ours, kind="stable")
        groups, starts = np.unique(ours[order], return_index=True)
        found = [Found(order[:0], order[:0], np.empty(0))]
        for group, rows in zip(groups, np.split(order, starts[1:]), strict=True):
            if group >= 0:
                near, theirs = self._near(int(group))
                part = near.nearest(left, count, farthest, before, rows)
                found.append(Found(part.left, theirs[part.right], part.distance))
        return together(found).best(count)

    def _near(self, group: int) -> "tuple[NearOnce, Rows]":
        """The shapes of a group, and their row numbers."""
        if group not in self._made:
            first, last = np.searchsorted(self._numbers, [group, group + 1])
            rows = self._order[first:last]
            self._made[group] = NearOnce(self._right[rows], self.where, self._ports[1], self._ports[0]), rows
        return self._made[group]

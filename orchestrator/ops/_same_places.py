"""Nearest points where many are at one place: a place is looked for once, and measured to once."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from orchestrator.ops._globe import Globe
from orchestrator.ops._near import Found, Near

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes


class Places:
    """The places of points, in the order of the first point of each."""

    def __init__(self, points: "Shapes") -> None:
        x, y = shapely.get_coordinates(points).T
        order = np.lexsort((y, x))
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(x[order]) != 0) | (np.diff(y[order]) != 0)
        begins = np.flatnonzero(new)
        by_first = np.argsort(order[begins])
        self._order, self._begins = order, begins[by_first]
        self._sizes = np.diff(begins, append=len(order))[by_first]
        self.firsts: Rows = order[self._begins]

    def points(self, places: "Rows", most: int) -> "tuple[Rows, Rows]":
        """The points at these places, so many of each: their numbers, and which of `places` each is at."""
        sizes = np.minimum(self._sizes[places], most)
        which = np.repeat(np.arange(len(places)), sizes)
        ranks = np.arange(len(which)) - (np.cumsum(sizes) - sizes)[which]
        return self._order[self._begins[places][which] + ranks], which


class NearOnce(Near):
    """`Near` for points on the ellipsoid, of which many may be at one place; for others the same."""

    @cached_property
    def _theirs(self) -> Places:
        return Places(self._right[self._there])

    @cached_property
    def _once(self) -> Near:
        return Near(self._right[self._there[self._theirs.firsts]], self.where)

    def nearest(
        self, left: "Shapes", count: int = 1, farthest: float = np.inf, before: int = 0, some: "Rows | None" = None
    ) -> Found:
        """The nearest `count` of each left row, as `Near` gives them."""
        if not isinstance(self.where, Globe) or not self._count:
            return super().nearest(left, count, farthest, before, some)
        rows = self._asked(left, before, some)
        ours = Places(left[rows])
        found = self._once.nearest(left[rows[ours.firsts]], count, farthest, some=np.arange(len(ours.firsts)))
        right, which = self._theirs.points(found.right, count)
        found = Found(found.left[which], self._there[right], found.distance[which]).best(count)
        own, which = ours.points(found.left, len(rows))
        return Found(rows[own], found.right[which], found.distance[which]).best(count)

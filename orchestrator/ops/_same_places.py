"""Nearest shapes where many points are at one place: a place is looked for once, and measured to once."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from orchestrator.ops._near import Found, Near

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes


class Places:
    """The places of shapes, in the order of the first at each; what is no point has a place of its own."""

    def __init__(self, shapes: "Shapes") -> None:
        at, points = np.zeros((3, len(shapes))), shapely.get_type_id(shapes) == shapely.GeometryType.POINT
        at[:2, points] = shapely.get_coordinates(shapes[points]).T
        at[2, ~points] = np.flatnonzero(~points) + 1
        order = np.lexsort(at)
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(at[:, order]) != 0).any(axis=0)
        begins = np.flatnonzero(new)
        by_first = np.argsort(order[begins])
        self._order, self._begins = order, begins[by_first]
        self._sizes = np.diff(begins, append=len(order))[by_first]
        self.firsts: Rows = order[self._begins]

    def shapes(self, places: "Rows", most: int) -> "tuple[Rows, Rows]":
        """The shapes at these places, so many of each: their numbers, and which of `places` each is at."""
        sizes = np.minimum(self._sizes[places], most)
        which = np.repeat(np.arange(len(places)), sizes)
        ranks = np.arange(len(which)) - (np.cumsum(sizes) - sizes)[which]
        return self._order[self._begins[places][which] + ranks], which


class NearOnce(Near):
    """`Near` for shapes of which many may be points at one place."""

    @cached_property
    def _theirs(self) -> Places:
        return Places(self._right[self._there])

    @cached_property
    def _once(self) -> Near:
        return Near(self._right[self._there[self._theirs.firsts]], self.where, left=self._port)

    def nearest(
        self, left: "Shapes", count: int = 1, farthest: float = np.inf, before: int = 0, some: "Rows | None" = None
    ) -> Found:
        """The nearest `count` of each left row, as `Near` gives them."""
        rows = self._asked(left, before, some)
        if not len(rows):
            return super().nearest(left, count, farthest, before, rows)
        ours = Places(left[rows])
        asked = rows[ours.firsts]
        found = self._found(left, asked, (count, farthest), before)
        own, which = ours.shapes(np.searchsorted(asked, found.left), len(rows))
        return Found(rows[own], found.right[which], found.distance[which]).best(count)

    def _found(self, left: "Shapes", asked: "Rows", wanted: tuple[int, float], before: int) -> Found:
        """The nearest to these left rows, each at a place of its own."""
        if len(self._theirs.firsts) == self._count:
            return super().nearest(left, *wanted, before, asked)
        found = self._once.nearest(left, *wanted, before, asked)
        right, which = self._theirs.shapes(found.right, wanted[0])
        return Found(found.left[which], self._there[right], found.distance[which]).best(wanted[0])

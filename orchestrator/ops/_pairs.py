"""Which shapes of two tables belong together."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from orchestrator.ops._near import PAIRS, placed
from orchestrator.ops._sorted import in_order
from orchestrator.ops._spatial import vectorised

if TYPE_CHECKING:
    from orchestrator.ops._near import Near
    from orchestrator.ops._spatial import Shapes

Rows = np.ndarray[Any, np.dtype[np.int64]]
INVERSE = {"within": "contains", "contains": "within", "covers": "covered_by", "covered_by": "covers"}


class Pairs(NamedTuple):
    """Row numbers of the left and of the right, one of each for a pair, in the order of both."""

    left: Rows
    right: Rows

    def in_order(self) -> "Pairs":
        """The same in the order of both."""
        order = in_order(self.left, self.right)
        return Pairs(self.left[order], self.right[order])

    def first(self) -> "Pairs":
        """Of each left row's pairs the first alone."""
        _, firsts = np.unique(self.left, return_index=True)
        return Pairs(self.left[firsts], self.right[firsts])

    def counted(self) -> "Pairs":
        """Each left row once, with the number of its pairs in place of a right row."""
        return Pairs(*np.unique(self.left, return_counts=True))


class Index:
    """The right table's shapes, ready to be looked up; an R-tree first, then the exact predicate."""

    def __init__(self, right: "Shapes", predicate: str, port: str = "left") -> None:
        self._right = right
        self._tree = shapely.STRtree(right)
        self._predicate = predicate
        self._port = port
        self._weight = shapely.get_num_coordinates(right).mean() if len(right) else 0.0

    def pairs(self, left: "Shapes", before: int = 0) -> Pairs:
        """The pairs of some left rows; `before` is how many came earlier, for messages.

        Raises:
            NodeError: `invalid_geometry`, with the left row (from 1) that GEOS cannot compare.
        """
        ours, theirs = self._tree.query(left)
        if self._lighter(left):
            order = np.argsort(theirs, kind="stable")
            ours, theirs = ours[order], theirs[order]
        found = self._test(left, ours, theirs, before)
        return Pairs(ours[found], theirs[found]).in_order()

    def reduced(self, left: "Shapes", before: int, reduce: Callable[[Pairs], Pairs]) -> Pairs:
        """What `reduce` leaves of the pairs of some left rows, of few enough at a time to fit into memory."""
        none: Rows = np.empty(0, dtype=np.int64)
        made, step = [Pairs(none, none)], max(self._step(left), 1)
        for start in range(0, len(left), step):
            found = self.pairs(left[start : start + step], before + start)
            made.append(reduce(Pairs(found.left + start, found.right)))
        return Pairs(*map(np.concatenate, zip(*made, strict=True)))

    def _step(self, left: "Shapes") -> int:
        """How many left rows at a time, by what some of them find."""
        some = left[:: len(left) // 256 + 1]
        return PAIRS * len(some) // max(len(self._tree.query(some)[0]), len(some), 1)

    def _lighter(self, left: "Shapes") -> bool:
        return bool(len(left)) and bool(shapely.get_num_coordinates(left).mean() < self._weight)

    def _test(self, left: "Shapes", ours: Rows, theirs: Rows, before: int) -> Any:
        """GEOS prepares the first argument: it should be the side with more vertices.

        Pairs come sorted by that side: measured, 1 M points in 10,000 polygons took two thirds of the time so.
        """
        swap = self._lighter(left)
        predicate = INVERSE.get(self._predicate, self._predicate) if swap else self._predicate
        first, second = (self._right[theirs], left[ours]) if swap else (left[ours], self._right[theirs])
        shapely.prepare(first)
        return vectorised(getattr(shapely, predicate), first, second, port=self._port, rows=ours + before)


class NearIndex(Index):
    """The same for shapes that are no farther apart than `distance`."""

    def __init__(self, near: "Near", distance: float, port: str = "left") -> None:
        self._near, self._distance, self._port = near, distance, port

    def pairs(self, left: "Shapes", before: int = 0) -> Pairs:
        """The pairs of some left rows."""
        found = self._near.within(left, self._distance, before)
        return Pairs(found.left, found.right).in_order()

    def _step(self, left: "Shapes") -> int:
        there = left[placed(left)]
        return self._near.step(there, np.full(len(there), self._distance))


def others(rows: Rows, count: int) -> Rows:
    """The numbers below `count` that are not among these."""
    rest = np.ones(count, dtype=bool)
    rest[rows] = False
    return np.flatnonzero(rest)

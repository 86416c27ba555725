"""Which shapes of two tables belong together."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from orchestrator.ops._checked_geometry import read
from orchestrator.ops._near import at_once, only_placed, placed
from orchestrator.ops._sorted import in_order
from orchestrator.ops._spatial import vectorised

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._group_numbers import Groups
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
    """The right table's shapes, ready to be looked up; an R-tree first, then the exact predicate.

    What is null, empty or has a vertex that is no number has no pairs, on either side.
    """

    def __init__(self, right: "Shapes", predicate: str, port: str = "left") -> None:
        self._right = only_placed(right)
        self._tree = shapely.STRtree(self._right)
        self._predicate = predicate
        self._port = port
        self._weight = shapely.get_num_coordinates(right).mean() if len(right) else 0.0

    def pairs(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """The pairs of some left rows in the same group; `before` is how many rows came earlier.

        Raises:
            NodeError: `invalid_geometry`, with the left row (from 1) that GEOS cannot compare.
        """
        left = only_placed(left)
        ours, theirs = groups.kept(Pairs(*self._tree.query(left)), before)
        if self._lighter(left):
            order = np.argsort(theirs, kind="stable")
            ours, theirs = ours[order], theirs[order]
        found = self._test(left, ours, theirs, before)
        return Pairs(ours[found], theirs[found]).in_order()

    def first(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """Of each left row's pairs the first alone."""
        return self.pairs(left, before, groups).first()

    def counted(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """Each left row that has pairs once, with how many."""
        return self.pairs(left, before, groups).counted()

    def at_once(self, batch: "pa.Array") -> int:
        """How many rows of a stored column at a time have pairs that fit into memory."""
        return at_once(len(batch), lambda some: self._candidates(read(batch.take(some))))

    def _candidates(self, left: "Shapes") -> int:
        return len(self._tree.query(left)[0])

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

    def pairs(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """The pairs of some left rows in the same group."""
        found = self._near.within(left, self._distance, before)
        return groups.kept(Pairs(found.left, found.right), before).in_order()

    def _candidates(self, left: "Shapes") -> int:
        there = left[placed(left)]
        return self._near.candidates(there, np.full(len(there), self._distance))


def others(rows: Rows, count: int) -> Rows:
    """The numbers below `count` that are not among these."""
    rest = np.ones(count, dtype=bool)
    rest[rows] = False
    return np.flatnonzero(rest)

"""Which shapes of two tables belong together."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from orchestrator.ops._spatial import vectorised

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

Rows = np.ndarray[Any, np.dtype[np.int64]]
INVERSE = {"within": "contains", "contains": "within", "covers": "covered_by"}


class Pairs(NamedTuple):
    """Row numbers of the left and of the right, one of each for a pair, in the order of both."""

    left: Rows
    right: Rows


class Index:
    """The right table's shapes, ready to be looked up; an R-tree first, then the exact predicate."""

    def __init__(self, right: "Shapes", predicate: str, *, first: bool) -> None:
        self._right = right
        self._tree = shapely.STRtree(right)
        self._predicate = predicate
        self._first = first
        self._weight = shapely.get_num_coordinates(right).mean() if len(right) else 0.0

    def pairs(self, left: "Shapes", before: int = 0) -> Pairs:
        """The pairs of some left rows; `before` is how many came earlier, for messages.

        Raises:
            NodeError: `invalid_geometry`, with the left row (from 1) that GEOS cannot compare.
        """
        ours, theirs = self._tree.query(left)
        found = self._test(left, ours, theirs, before)
        ours, theirs = ours[found], theirs[found]
        order = np.lexsort((theirs, ours))
        made = Pairs(ours[order], theirs[order])
        if not self._first:
            return made
        _, firsts = np.unique(made.left, return_index=True)
        return Pairs(made.left[firsts], made.right[firsts])

    def _test(self, left: "Shapes", ours: Rows, theirs: Rows, before: int) -> Any:
        """GEOS prepares the first argument: it should be the side with more vertices."""
        swap = len(left) and shapely.get_num_coordinates(left).mean() < self._weight
        predicate = INVERSE.get(self._predicate, self._predicate) if swap else self._predicate
        test = getattr(shapely, predicate)
        first, second = (self._right[theirs], left[ours]) if swap else (left[ours], self._right[theirs])
        shapely.prepare(first)
        return vectorised(test, first, second, port="left", rows=ours + before)

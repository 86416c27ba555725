"""Which rows of two tables are in the same group."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Pairs, Rows


class Groups:
    """The number of each row's group, from 0, in two tables; -1 in the first for a group that the second lacks.

    Without numbers all rows may meet.
    """

    def __init__(self, left: "Rows | None" = None, right: "Rows | None" = None) -> None:
        self._left, self._right = left, right

    @property
    def numbers(self) -> "tuple[Rows, Rows] | None":
        """Those of both tables; None where all rows may meet."""
        return None if self._left is None or self._right is None else (self._left, self._right)

    def kept(self, pairs: "Pairs", before: int) -> "Pairs":
        """The pairs whose rows are in the same group; `before` is how many rows came before the first left one."""
        from orchestrator.ops._pairs import Pairs

        if self._left is None or self._right is None:
            return pairs
        same = self._left[pairs.left + before] == self._right[pairs.right]
        return Pairs(pairs.left[same], pairs.right[same])

    def sizes(self, there: Any) -> "Rows | int":
        """For each left row how many right rows of its group are `there`; one number where that is all of them."""
        import numpy as np

        if self._left is None or self._right is None:
            return int(np.count_nonzero(there))
        counts = np.bincount(self._right[there], minlength=self._left.max(initial=-1) + 1)
        sizes: Rows = np.append(counts, 0)[self._left]
        return sizes

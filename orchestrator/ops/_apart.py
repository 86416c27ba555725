"""Which shapes of two tables do not meet: of all pairs those that are left."""

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.ops._near import placed
from orchestrator.ops._pairs import Index, Pairs

if TYPE_CHECKING:
    from orchestrator.ops._group_numbers import Groups
    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes


class Apart(Index):
    """The right table's shapes, by group; with `counts_alone` no pair is made but what is asked of all of them.

    What has no place is apart from nothing.
    """

    def __init__(self, right: "Shapes", port: str, groups: "Groups", *, counts_alone: bool = False) -> None:
        there = placed(right)
        super().__init__(right, "intersects", port)
        numbers = groups.numbers
        self._ours = numbers and numbers[0]
        theirs = numbers[1] if numbers else np.zeros(len(right), dtype=np.int64)
        rows = np.flatnonzero(there)
        self._order = rows[np.argsort(theirs[rows], kind="stable")]
        # Of the last group, which is also that of number -1, there are none.
        self._sizes = np.bincount(theirs[rows], minlength=theirs.max(initial=0) + 2)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._ranks = np.zeros(len(right), dtype=np.int64)
        self._ranks[self._order] = np.arange(len(rows)) - self._starts[theirs[self._order]]
        self._most = 0 if counts_alone else int(self._sizes.max())

    def pairs(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """The pairs of some left rows in the same group that do not meet."""
        meeting, sizes, starts = self._all(left, before, groups)
        rows = np.repeat(np.arange(len(left)), sizes)
        begins = np.cumsum(sizes) - sizes
        apart = np.ones(len(rows), dtype=bool)
        apart[begins[meeting.left] + self._ranks[meeting.right]] = False
        places = np.arange(len(rows)) + (starts - begins)[rows]
        return Pairs(rows[apart], self._order[places[apart]])

    def first(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """Of each left row's pairs the first: the least rank that is not among those of the rows that it meets."""
        meeting, sizes, starts = self._all(left, before, groups)
        counts = np.bincount(meeting.left, minlength=len(left))
        number = np.arange(len(meeting.left)) - (np.cumsum(counts) - counts)[meeting.left]
        gaps = self._ranks[meeting.right] != number
        np.minimum.at(counts, meeting.left[gaps], number[gaps])
        rows = np.flatnonzero(counts < sizes)
        return Pairs(rows, self._order[(starts + counts)[rows]])

    def counted(self, left: "Shapes", before: int, groups: "Groups") -> Pairs:
        """Each left row that has pairs once, with how many."""
        meeting, sizes, _ = self._all(left, before, groups)
        counts = sizes - np.bincount(meeting.left, minlength=len(left))
        rows = np.flatnonzero(counts)
        return Pairs(rows, counts[rows])

    def _all(self, left: "Shapes", before: int, groups: "Groups") -> "tuple[Pairs, Rows, Rows]":
        """The pairs that meet; for each left row how many others its group has, and where these begin."""
        there = placed(left)
        meeting = super().pairs(left, before, groups)
        own = np.zeros(len(left), dtype=np.int64) if self._ours is None else self._ours[before : before + len(left)]
        return meeting, np.where(there, self._sizes[own], 0), self._starts[own]

    def _candidates(self, left: "Shapes") -> int:
        return super()._candidates(left) + len(left) * self._most

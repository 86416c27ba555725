"""Nearest points on the ellipsoid by a tree of balls: for places from which many points are about as far away.

The tree halves the points again and again; by the triangle inequality a ball is as near as its centre less its radius.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Rows

Numbers = np.ndarray[Any, np.dtype[np.float64]]
LEAF, FIRST = 4, 3  # points of the smallest balls; the level to begin at, of eight balls
PAIRS, SOME, MANY = 1_000_000, 128, 50
CERTAIN = 3  # of some points near enough; one may be by chance
ROUNDING = 1e-6  # metres


class Level(NamedTuple):
    """Balls of about as many points: the one in the middle, metres around it, the place of the first in the order."""

    centres: "Rows"
    radii: Numbers
    starts: "Rows"


class Balls:
    """Points on the ellipsoid of `geod`; places are longitudes and latitudes in degrees, two rows of numbers."""

    def __init__(self, places: Numbers, geod: Any) -> None:
        self._places, self._geod = places, geod
        self._longest = geod.a**2 / geod.b  # of a radian, in any direction
        self._at, self._order = _vectors(places), np.arange(places.shape[1])

    @cached_property
    def _levels(self) -> list[Level]:
        return [self._level(level) for level in range(max(len(self._order) // LEAF, 1).bit_length())]

    def _level(self, level: int) -> Level:
        """The balls of a level; their points are put in order for the next one, along the axis that is longest."""
        starts = np.arange(2**level + 1) * len(self._order) >> level
        of, at = np.repeat(np.arange(2**level), np.diff(starts)), self._at[self._order]
        low, high = (each.reduceat(at, starts[:-1]) for each in (np.minimum, np.maximum))
        off = ((at - ((low + high) / 2)[of]) ** 2).sum(axis=1)
        centres = self._order[np.lexsort((off, of))[starts[:-1]]]
        chords = np.sqrt(((at - self._at[centres][of]) ** 2).sum(axis=1))
        radii = 2 * np.arcsin(np.minimum(np.maximum.reduceat(chords, starts[:-1]) / 2, 1)) * self._longest
        along = at[np.arange(len(of)), (high - low).argmax(axis=1)[of]]
        self._order = self._order[np.lexsort((along, of))]
        return Level(centres, radii, starts)

    def crowded(self, places: Numbers, wide: Numbers, high: Numbers) -> Any:
        """For each place whether many points, going by some, are within so many degrees of longitude and latitude."""
        lon, lat = (np.radians(each[:: len(self._order) // SOME + 1]) for each in self._places)
        wanted = max(MANY * len(lon) / len(self._order), CERTAIN)
        east, north = np.radians(places)
        step = PAIRS // SOME
        found = np.zeros(len(wide), dtype=bool)
        for start in range(0, len(east) if len(self._order) > MANY else 0, step):
            own = slice(start, start + step)
            along = np.column_stack([np.cos(east[own]), np.sin(east[own])]) @ [np.cos(lon), np.sin(lon)]
            near = along >= np.cos(np.radians(wide[own]))[:, None] - 1e-12
            near &= np.abs(north[own, None] - lat) <= np.radians(high[own])[:, None]
            found[own] = np.count_nonzero(near, axis=1) >= wanted
        return found

    def nearest(self, places: Numbers, count: int, farthest: float) -> "tuple[Rows, Rows, Numbers]":
        """Pairs of a place and a point, and how far they are apart: the nearest `count` of each, and some more."""
        total, levels = places.shape[1], self._levels[min(FIRST, len(self._levels) - 1) :]
        balls = len(levels[0].centres)
        rows, nodes = np.repeat(np.arange(total), balls), np.tile(np.arange(balls), total)
        for depth, (centres, radii, starts) in enumerate(levels):
            if depth:
                rows, nodes = np.repeat(rows, 2), np.repeat(nodes * 2, 2)
                nodes[1::2] += 1
            apart, sizes = self._apart(places[:, rows], centres[nodes]), np.diff(starts)[nodes]
            by_centres = _within(rows, apart, np.ones_like(nodes), count, total)
            by_balls = _within(rows, apart + radii[nodes], sizes, count, total)
            most = np.minimum(np.minimum(by_centres, by_balls), farthest)
            near = apart - radii[nodes] <= most[rows] + ROUNDING
            rows, nodes = rows[near], nodes[near]
        sizes = np.diff(starts)[nodes]
        first = np.repeat(starts[nodes] - np.cumsum(sizes) + sizes, sizes)
        rows, points = np.repeat(rows, sizes), self._order[first + np.arange(sizes.sum())]
        apart = self._apart(places[:, rows], points)
        near = apart <= farthest
        return rows[near], points[near], apart[near]

    def _apart(self, places: Numbers, points: "Rows") -> Numbers:
        found: Numbers = self._geod.inv(*places, *self._places[:, points])[2]
        return found


def _within(rows: "Rows", metres: Numbers, sizes: "Rows", count: int, total: int) -> Numbers:
    """For each row within how many metres it has `count` points, of balls that have so many; infinite for too few."""
    order = np.lexsort((metres, rows))
    sums, ordered = np.cumsum(sizes[order]), rows[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    before = np.repeat(sums[begins] - sizes[order][begins], np.diff(begins, append=len(order)))
    enough = order[sums - before >= count][::-1]
    found = np.full(total, np.inf)
    found[rows[enough]] = metres[enough]  # the last is the least
    return found


def _vectors(places: Numbers) -> Numbers:
    """Places on a sphere of radius 1."""
    lon, lat = np.radians(places)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

"""How far shapes are from each other, and which are nearest: on a plane, or between points on the ellipsoid."""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import shapely

from orchestrator.crs import parse
from orchestrator.ops._balls import Balls, Numbers
from orchestrator.ops._globe import Globe, spread
from orchestrator.ops._sorted import in_order
from orchestrator.ops._spatial import finite, missing_crs, vectorised

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes

Unit = Literal["crs", "metre"]
PAIRS = 1_000_000  # that are candidates at once
SOME = 256  # rows that are tried, to know how many of them have so many


def space(unit: Unit, crs: str | None, port: str) -> "Plane | Globe":
    """Where distances are measured; `crs` is as a geometry type says it.

    Raises:
        NodeError: `missing_crs` on the port, where metres are wanted.
    """
    if unit == "crs":
        return Plane()
    if crs is None:
        raise missing_crs(port, "A set_crs node says which it is.")
    system = parse(crs)
    return Globe(system) if system.is_geographic else Plane(system.axis_info[0].unit_conversion_factor)


class Plane:
    """Straight distances; `factor` is how many of the wanted unit one of the coordinate system is."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def check(self, shapes: "Shapes", port: str, before: int = 0) -> None:
        """All shapes have a place on a plane."""

    def distances(self, one: "Shapes", other: "Shapes") -> Numbers:
        """Between the shapes of each pair."""
        found: Numbers = np.atleast_1d(shapely.distance(one, other)) * self.factor
        return found

    def bearings(self, one: "Shapes", other: "Shapes") -> Numbers:
        """From the nearest place of one to that of the other, in degrees clockwise from the y axis."""
        ends = shapely.get_coordinates(shapely.shortest_line(one, other)).reshape(-1, 4)
        turns = np.degrees(np.arctan2(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]))
        made: Numbers = turns % 360 % 360  # the first gives 360 for a tiny negative angle
        return made

    def reach(self, bounds: Numbers) -> float:
        """No two places within these bounds are farther apart."""
        return float(np.hypot(bounds[2] - bounds[0], bounds[3] - bounds[1])) * self.factor

    def spacing(self, bounds: Numbers, count: int) -> float:
        """About how far so many shapes within these bounds are from each other."""
        return spread(bounds, count) * self.factor

    def candidates(self, tree: Any, shapes: "Shapes", radius: Numbers) -> "tuple[Rows, Rows]":
        """Pairs of a shape and one of the tree that may be so near, and all that are."""
        ours, theirs = tree.query(shapes, predicate="dwithin", distance=radius / self.factor * (1 + 1e-12))
        return ours, theirs


class Found(NamedTuple):
    """Pairs of row numbers and how far they are apart."""

    left: "Rows"
    right: "Rows"
    distance: Numbers

    def best(self, count: int) -> "Found":
        """Of each left row the nearest so many, nearest first; of equally near ones the first in their order."""
        order = in_order(self.left, self.distance, self.right)
        left = self.left[order]
        starts = np.flatnonzero(np.diff(left, prepend=-1))
        rank = np.arange(len(left)) - np.repeat(starts, np.diff(starts, append=len(left)))
        kept = order[rank < count]
        return Found(self.left[kept], self.right[kept], self.distance[kept])


def together(parts: "list[Found]") -> Found:
    """The pairs of all parts."""
    left, right, distance = map(np.concatenate, zip(*parts, strict=True))
    return Found(left, right, distance)


class Near:
    """The right table's shapes, ready to be asked which of them are near. A null or empty shape is near to nothing."""

    def __init__(self, right: "Shapes", where: "Plane | Globe", port: str = "right", left: str = "left") -> None:
        where.check(right, port)
        self.where = where
        self._port = left
        self._right = only_placed(right)
        self._there = np.flatnonzero(placed(right))
        self._count = len(self._there)
        self._tree = shapely.STRtree(self._right)
        self._balls = where.balls(self._right[self._there]) if isinstance(where, Globe) else None
        self._bounds = shapely.total_bounds(self._right) if self._count else np.full(4, np.nan)

    def within(self, left: "Shapes", radius: float, before: int = 0) -> Found:
        """All pairs that are no farther apart than the radius; `before` is how many rows came earlier.

        Raises:
            NodeError: `invalid_geometry`, with the left row (from 1) that cannot be measured.
        """
        rows = self._asked(left, before)
        return self._within(left, rows, np.full(len(rows), radius), before)

    def _asked(self, left: "Shapes", before: int, some: "Rows | None" = None) -> "Rows":
        if some is not None:
            asked: Rows = some[placed(left[some])]
            return asked
        self.where.check(left, self._port, before)
        return np.flatnonzero(placed(left)) if self._count else np.empty(0, dtype=np.int64)

    def candidates(self, left: "Shapes", radius: Numbers) -> int:
        """How many pairs would have to be measured."""
        return len(self.where.candidates(self._tree, left, radius)[0]) if len(left) else 0

    def _within(self, left: "Shapes", rows: "Rows", radius: Numbers, before: int, count: int | None = None) -> Found:
        """Each of these rows has a radius of its own, and may keep the nearest `count` alone."""
        made = [Found(rows[:0], rows[:0], np.empty(0))]
        step = at_once(len(rows), lambda some: self.candidates(left[rows[some]], radius[some]))
        for start in range(0, len(rows), step):
            own, far = rows[start : start + step], radius[start : start + step]
            asked, theirs = self.where.candidates(self._tree, left[own], far)
            ours = own[asked]
            pairs = left[ours], self._right[theirs]
            apart = vectorised(self.where.distances, *pairs, port=self._port, rows=ours + before)
            near = apart <= far[asked]
            found = Found(ours[near], theirs[near], apart[near])
            made.append(found if count is None else found.best(count))
        return together(made)

    def nearest(
        self, left: "Shapes", count: int = 1, farthest: float = np.inf, before: int = 0, some: "Rows | None" = None
    ) -> Found:
        """The nearest `count` of each left row, nearest first, that are no farther than `farthest`.

        `some` are the only rows to ask for, which have been checked.
        """
        rows = self._asked(left, before, some)
        if not (self._count and len(rows)):
            return Found(rows[:0], rows[:0], np.empty(0))
        (ours, theirs), apart = self._tree.query_nearest(left[rows], return_distance=True)
        if count == 1 and isinstance(self.where, Plane):
            apart = apart * self.where.factor
            near = apart <= farthest
            return Found(rows[ours[near]], theirs[near], apart[near]).best(1)
        _, firsts = np.unique(ours, return_index=True)
        start = self.where.distances(left[rows], self._right[theirs[firsts]]) * (1 + 1e-9)
        if self._balls is None or not isinstance(self.where, Globe):
            return self._widening(left, rows, start, (count, farthest), before)
        places = self.where.places(left[rows])
        far = self._balls.crowded(places, *self.where.sides(places[1], start))
        found = [self._far(self._balls, rows[far], places[:, far], (count, farthest))]
        if not far.all():
            found.append(self._widening(left, rows[~far], start[~far], (count, farthest), before))
        return together(found).best(count)

    def _far(self, balls: Balls, rows: "Rows", places: Numbers, wanted: tuple[int, float]) -> Found:
        """The same for points from which many others are about as far as the nearest."""
        made, step = [Found(rows[:0], rows[:0], np.empty(0))], PAIRS // (1_000 + wanted[0])
        for start in range(0, len(rows), step):
            ours, theirs, apart = balls.nearest(places[:, start : start + step], *wanted)
            made.append(Found(rows[start + ours], self._there[theirs], apart).best(wanted[0]))
        return together(made)

    def _widening(self, left: "Shapes", rows: "Rows", start: Numbers, wanted: tuple[int, float], before: int) -> Found:
        """Ask in wider and wider circles, until each row has enough; the first reaches the nearest.

        What is far from all others is as far from many: the first step is no longer than they are from each other.
        """
        count, farthest = min(wanted[0], self._count), wanted[1]
        all_bounds = shapely.total_bounds([shapely.box(*self._bounds), shapely.box(*shapely.total_bounds(left[rows]))])
        limit = min(farthest, self.where.reach(all_bounds) * (1 + 1e-9))
        more = np.minimum(start * (count**0.5 - 1), self.where.spacing(self._bounds, self._count) * count**0.5)
        made = []
        while len(rows):
            radius = np.minimum(start + more, limit)
            found = self._within(left, rows, radius, before, count)
            enough = (_counts(found.left, rows) >= count) | (radius >= limit)
            done = np.isin(found.left, rows[enough])
            made.append(Found(found.left[done], found.right[done], found.distance[done]))
            rows, start, more = rows[~enough], start[~enough], np.maximum(more[~enough] * 2, limit * 1e-6)
        return together(made).best(count)


def _counts(values: "Rows", rows: "Rows") -> "Rows":
    """How often each of these row numbers, which are in order, is among the values, which are no others."""
    found, counts = np.unique(values, return_counts=True)
    made = np.zeros(len(rows), dtype=np.int64)
    made[np.searchsorted(rows, found)] = counts
    return made


def at_once(rows: int, found: "Callable[[Rows], int]") -> int:
    """How many of so many rows at a time have pairs that fit into memory, by how many some of them have."""
    some = np.arange(0, rows, rows // SOME + 1)
    return max(PAIRS * len(some) // max(found(some), len(some), 1), 1)


def placed(shapes: "Shapes") -> Any:
    """For each shape, whether it is somewhere: not null, not empty, all of its vertices numbers."""
    return np.isfinite(shapely.bounds(shapes)).all(axis=1) & finite(shapes) if len(shapes) else np.zeros(0, dtype=bool)


def only_placed(shapes: "Shapes") -> "Shapes":
    """The shapes that are somewhere; None in place of others."""
    made = shapes.copy()
    made[~placed(shapes)] = None
    return made

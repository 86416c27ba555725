"""Vertices moved onto the vertices and edges of other shapes."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.ops._measures import parts_of
from orchestrator.ops._repeated_points import without_repeated
from orchestrator.ops._spatial import finite, without_measures

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

Numbers = np.ndarray[Any, np.dtype[np.float64]]


class Target:
    """Shapes to move to, up to a distance."""

    def __init__(self, shapes: "Shapes", tolerance: float, *, edges: bool) -> None:
        at, parts = _vertices(shapes[finite(shapes)])
        self._tolerance, self._at = tolerance, at
        vertices: Any = shapely.points(at)
        self._vertices = shapely.STRtree(vertices)
        on = parts[1:] == parts[:-1] if edges else np.zeros(max(len(at) - 1, 0), dtype=bool)
        pairs = np.stack([at[:-1][on], at[1:][on]], axis=1)
        segments: Any = shapely.linestrings(pairs) if len(pairs) else np.empty(0, dtype=object)
        self._segments = segments
        self._edges: Any = shapely.STRtree(self._segments)

    def snapped(self, shapes: "Shapes") -> "Shapes":
        """The shapes with their vertices moved; heights go along, measures do not. Infinite shapes stay."""
        shapes = without_measures(shapes)
        made: Shapes = shapes.copy()
        usable = finite(shapes) & ~shapely.is_missing(shapes)
        for high in (False, True):
            rows = np.flatnonzero((shapely.has_z(shapes) == high) & usable)
            made[rows] = shapely.transform(shapes[rows], self._moved, include_z=high)
        changed = np.flatnonzero(~shapely.equals_exact(made, shapes) & usable)
        made[changed] = without_repeated(made[changed])
        return made

    def _moved(self, at: Numbers) -> Numbers:
        made, points = at.copy(), np.asarray(shapely.points(at[:, :2]), dtype=object)
        rows, near = self._nearest(self._vertices, points)
        made[rows, :2] = self._at[near]
        left = np.setdiff1d(np.arange(len(at)), rows)
        rows, near = self._nearest(self._edges, points[left])
        edges = self._segments[near]
        there = shapely.line_interpolate_point(edges, shapely.line_locate_point(edges, points[left[rows]]))
        made[left[rows], :2] = shapely.get_coordinates(there)
        return made

    def _nearest(self, tree: Any, points: "Shapes") -> tuple[Any, Any]:
        """The points that are near enough, and of what is nearest to each the first."""
        if not len(tree) or not len(points):
            return np.empty(0, dtype=int), np.empty(0, dtype=int)
        rows, near = tree.query_nearest(points, max_distance=self._tolerance)
        order = np.lexsort((near, rows))
        rows, near = rows[order], near[order]
        firsts = np.flatnonzero(np.diff(rows, prepend=-1))
        return rows[firsts], near[firsts]


def _vertices(shapes: "Shapes") -> tuple[Numbers, Any]:
    """Places and, for each, the number of the line or ring that it is on."""
    parts, _ = parts_of(shapes)
    areas = shapely.get_type_id(parts) == 3
    lines = np.concatenate([parts[~areas], shapely.get_rings(parts[areas])])
    at, numbers = shapely.get_coordinates(lines, return_index=True)
    return at, numbers

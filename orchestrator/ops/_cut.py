"""Geometry cut by other geometry: what lies in it, and what is left."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops._spatial import vectorised

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes

COLLECTION = 7


def check_valid(shapes: "Shapes", port: str, rows: Any = None) -> None:
    """Refuse shapes that cannot be cut or cut others; `rows` are their numbers in the table, from 0.

    Raises:
        NodeError: `invalid_geometry`, with the row (from 1).
    """
    bad = np.flatnonzero(~(shapely.is_valid(shapes) | shapely.is_missing(shapes)))
    if len(bad):
        row = 1 + int(bad[0] if rows is None else rows[bad[0]])
        reason = shapely.is_valid_reason(shapes[bad[0]])
        message = f"Row {row} of the table at '{port}' has invalid geometry: {reason}. validate_geometry repairs it."
        raise NodeError(message, code="invalid_geometry", port=port, row=row)


def united(shapes: "Shapes", owners: "Rows") -> "tuple[Rows, Shapes]":
    """The owners, each once and in order, and the union of the shapes of each; `owners` are sorted."""
    rows, starts, counts = np.unique(owners, return_index=True, return_counts=True)
    made = shapes[starts]
    for place in np.flatnonzero(counts > 1):
        made[place] = shapely.union_all(shapes[starts[place] : starts[place] + counts[place]])
    return rows, made


class Cut:
    """Pieces of the shapes of a port. Parts of a lower dimension, where shapes only touch, are not kept."""

    def __init__(self, shapes: "Shapes", port: str, before: int) -> None:
        self._shapes, self._port, self._before = shapes, port, before

    def check(self, rows: "Rows") -> None:
        """Refuse those of these rows that are invalid."""
        rows = np.unique(rows)
        check_valid(self._shapes[rows], self._port, rows + self._before)

    def inside(self, rows: "Rows", others: "Shapes") -> "Shapes":
        """What each of these rows has in common with another shape, of the lower dimension of both."""
        lower = shapely.get_dimensions(others) < shapely.get_dimensions(self._shapes[rows])
        return self._made(shapely.intersection, rows, others, np.where(lower, others, self._shapes[rows]))

    def outside(self, rows: "Rows", others: "Shapes") -> "Shapes":
        """What is left of each of these rows without another shape."""
        return self._made(shapely.difference, rows, others, self._shapes[rows])

    def _made(self, work: Any, rows: "Rows", others: "Shapes", like: "Shapes") -> "Shapes":
        made = vectorised(work, self._shapes[rows], others, port=self._port, rows=rows + self._before)
        return of_dimension(np.asarray(made, dtype=object), like)


def of_dimension(made: "Shapes", like: "Shapes") -> "Shapes":
    """The parts that have the dimension of another shape; all where that is a collection of several kinds."""
    wanted = shapely.get_dimensions(like)
    fits = (shapely.get_dimensions(made) == wanted) & (shapely.get_type_id(made) != COLLECTION)
    for row in np.flatnonzero(~fits & (shapely.get_type_id(like) != COLLECTION) & ~shapely.is_missing(made)):
        parts = shapely.get_parts(shapely.get_parts(made[row]))
        parts = parts[(shapely.get_dimensions(parts) == wanted[row]) & ~shapely.is_empty(parts)]
        made[row] = parts[0] if len(parts) == 1 else MANY[int(wanted[row])](parts)
    return made


MANY: dict[int, Any] = {
    -1: shapely.geometrycollections, 0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons,
}  # fmt: skip

"""Longitudes and latitudes that can be: one rule for all that is measured in metres on the ellipsoid."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops._spatial import finite

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

FARTHEST_EAST = 360.0  # degrees, for shapes that go over the antimeridian
FARTHEST_NORTH = 90 + 1e-9


def check_places(shapes: "Shapes", name: str, port: str, rows: Any, units: float = 1.0) -> None:
    """Refuse a vertex that is nowhere; `rows` are the numbers of the shapes from 0, `units` of so many degrees each.

    Raises:
        NodeError: `out_of_bounds`, with the row (from 1), for a latitude beyond 90°, a longitude beyond 360°, or what
            is no number.
    """
    at, owners = shapely.get_coordinates(shapes, return_index=True)
    at *= units
    wrong = np.flatnonzero(~(np.abs(at) <= (FARTHEST_EAST, FARTHEST_NORTH)).all(axis=1))
    if not len(wrong):
        return
    (lon, lat), row = at[wrong[0]], int(rows[owners[wrong[0]]]) + 1
    said = f"{lon:.10g}° is no longitude"
    if not np.isfinite([lon, lat]).all():
        said = "a vertex has no place there"
    elif abs(lat) > FARTHEST_NORTH:
        said = f"a latitude of {lat:.10g}° is beyond 90°"
    message = f"Row {row} of the table at '{port}': {said}. Is it really in {name}?"
    raise NodeError(message, code="out_of_bounds", port=port, row=row)


def check_known_places(shapes: "Shapes", name: str, port: str, before: int, units: float) -> None:
    """The same for those shapes alone all of whose vertices are numbers; `before` is how many rows came earlier."""
    rows = np.flatnonzero(finite(shapes))
    check_places(shapes[rows], name, port, rows + before, units)

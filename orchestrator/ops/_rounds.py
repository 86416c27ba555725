"""Shapes that reach around the Earth: edges from a meridian to itself, and rings around more than half of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.ops._densified import densified

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

ROUND = 360 - 1e-6  # degrees; coordinates that were projected are not quite it
PIECE = 0.1  # degrees; a cap at 80° comes out to the ten-millionth


def whole_rounds(shapes: "Shapes") -> "Shapes":
    """The shapes with vertices on edges that go once around: as geodesics these would have no length."""
    bounds, made = shapely.bounds(shapes), shapes.copy()
    wide = bounds[:, 2] - bounds[:, 0] >= ROUND
    made[wide] = densified(made[wide], PIECE, _rounds)
    return made


def _rounds(start: Any, end: Any) -> Any:
    width = np.abs(end[:, 0] - start[:, 0])
    return np.where(width >= ROUND, width, 0)


def share(ring: Any) -> float:
    """About which part of the Earth a ring of longitudes and latitudes encloses; 0 for a ring around a pole alone.

    PROJ gives the smaller of its two sides: which of them is the inside, the map tells.
    """
    lon, lat = np.radians(shapely.get_coordinates(ring)).T
    steps = (np.diff(lon) + np.pi) % (2 * np.pi) - np.pi
    if abs(steps.sum()) > np.pi:
        return 0.0
    east = np.cumsum(steps) - steps / 2
    return float(abs((east * np.diff(np.sin(lat))).sum()) / (4 * np.pi))

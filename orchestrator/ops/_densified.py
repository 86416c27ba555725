"""More vertices on lines and boundaries, for all shapes of a kind at once.

GEOS has the same, but it repairs areas that cross themselves on the way, and fails on lines without length.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops._spatial import without_measures

if TYPE_CHECKING:
    from pyproj import CRS

    from orchestrator.ops._spatial import Shapes

Measure = Callable[[Any, Any], Any]
COLLECTION = 7
ROUNDING = 1e-9
WIDE = 180  # degrees: the geodesic between the ends of a wider piece goes the other way round
MOST = 50_000_000  # vertices that are made at once
ROUNDS = 5  # enough for any way on the ellipsoid; no end is in sight where pieces are shorter than numbers can tell


def flat(factor: float) -> Measure:
    """Lengths on a plane, in units of which one is `factor` of the coordinates'."""
    return lambda start, end: np.hypot(*(end - start)[:, :2].T) * factor


def ellipsoidal(system: "CRS") -> Measure:
    """Lengths in metres between longitudes and latitudes, along the geodesic; of a wide piece by its middle."""
    units = np.degrees(system.axis_info[0].unit_conversion_factor)
    geod: Any = system.get_geod()

    def apart(start: Any, end: Any) -> Any:
        return geod.inv(*(start[:, :2] * units).T, *(end[:, :2] * units).T)[2]

    def measure(start: Any, end: Any) -> Any:
        found, wide = apart(start, end), np.abs(end[:, 0] - start[:, 0]) * units > WIDE
        middle = (start[wide] + end[wide]) / 2
        found[wide] = apart(start[wide], middle) + apart(middle, end[wide])
        return found

    return measure


def densified(shapes: "Shapes", length: float, measure: Measure) -> "Shapes":
    """The shapes with no piece longer than `length`; None stays None, kinds and parts as they are. Measures go."""
    made = _without_empty_parts(without_measures(shapes))
    kinds, high = shapely.get_type_id(made), shapely.has_z(made)
    for kind in (1, 3, 5, 6):
        for with_z in (False, True):
            rows = np.flatnonzero((kinds == kind) & (high == with_z) & ~shapely.is_empty(made))
            if len(rows):
                made[rows] = _of_a_kind(made[rows], with_z, length, measure)
    rows = np.flatnonzero((kinds == COLLECTION) & ~shapely.is_empty(made))
    if len(rows):
        parts, owners = shapely.get_parts(made[rows], return_index=True)
        made[rows] = shapely.geometrycollections(densified(parts, length, measure), indices=owners)
    return made


def _without_empty_parts(shapes: "Shapes") -> "Shapes":
    """Areas of several parts without those that are empty, of which a ragged array knows nothing."""
    several = np.flatnonzero((shapely.get_type_id(shapes) == 6) & ~shapely.is_empty(shapes))
    parts, owners = shapely.get_parts(shapes[several], return_index=True)
    for row in np.unique(owners[shapely.is_empty(parts)]):
        own = parts[owners == row]
        shapes[several[row]] = shapely.multipolygons(own[~shapely.is_empty(own)])
    return shapes


def _of_a_kind(shapes: "Shapes", with_z: bool, length: float, measure: Measure) -> "Shapes":
    """All vertices one after the other; `offsets[0]` says where the next line or ring begins.

    Equal pieces of a line in degrees are not equally long on the ellipsoid: some may have to be cut again.
    """
    kind, vertices, (starts, *offsets) = shapely.to_ragged_array(shapes, include_z=with_z, include_m=False)
    for _ in range(ROUNDS):
        counts = _pieces(vertices, starts, length, measure)
        if counts.max() == 1:
            break
        vertices, starts = _cut(vertices, starts, counts)
    made: Shapes = shapely.from_ragged_array(kind, vertices, (starts, *offsets))
    return made


def _pieces(vertices: Any, starts: Any, length: float, measure: Measure) -> Any:
    """In how many pieces the way from each vertex to the next must be cut; 1 after the last of a line.

    Raises:
        NodeError: `out_of_range`, they would be too many.
    """
    counts = np.ones(len(vertices))
    counts[:-1] = np.nan_to_num(np.ceil(measure(vertices[:-1], vertices[1:]) / length - ROUNDING), posinf=np.inf)
    counts[starts[1:] - 1] = 1
    if counts.sum() > MOST:
        message = f"So short a length would make more than {MOST:,} vertices: give a larger one."
        raise NodeError(message, code="out_of_range", path="/config/length")
    return np.maximum(counts, 1).astype(np.int64)


def _cut(vertices: Any, starts: Any, counts: Any) -> tuple[Any, Any]:
    """The vertices with those between, at equal distances; and where lines begin now."""
    step = np.diff(vertices, axis=0, append=vertices[-1:])
    begins = np.concatenate([[0], np.cumsum(counts)])
    part = (np.arange(begins[-1]) - np.repeat(begins[:-1], counts)) / np.repeat(counts, counts)
    dense = np.repeat(vertices, counts, axis=0) + part[:, None] * np.repeat(step, counts, axis=0)
    dense[begins[:-1]] = vertices
    return dense, begins[starts]

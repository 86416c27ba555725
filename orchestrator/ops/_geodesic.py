"""Buffers in metres around geometry in degrees.

Each part of a geometry is laid flat around its own centre (azimuthal equidistant on the ellipsoid, by geodesics), grown
there, and laid back. What reaches over the antimeridian is cut there, as RFC 7946 wants it; what reaches over a pole
becomes an area up to ±90°.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops._places import check_places

if TYPE_CHECKING:
    from pyproj import CRS, Geod

    from orchestrator.ops._spatial import Shapes

Grow = Callable[["Shapes", Any], "Shapes"]
FARTHEST = 5_000_000.0
WIDEST = 180.0  # degrees: around the middle of what is wider, the other side of the Earth is not one place
DEGREES = 0.1
METRES = 10_000.0
WORLD = shapely.box(-180, -90, 180, 90)


def farthest(crs: "CRS") -> float:
    """How many metres there may be around a shape: no more than to a quarter of the way around a small body."""
    return min(FARTHEST, float(cast("Geod", crs.get_geod()).a) * np.pi / 2)


def buffers(shapes: "Shapes", metres: Any, rows: Any, crs: "CRS", grow: Grow) -> "Shapes":
    """The shapes grown by so many metres, all or each; `grow` does it on a plane. None stays None.

    Raises:
        NodeError: `out_of_bounds`, with the row, of which `rows` are the numbers: as `check_places`, or too wide.
    """
    units = float(np.degrees(crs.axis_info[0].unit_conversion_factor))
    check_places(shapes, crs.name, "table", rows, units)
    if units != 1:
        shapes = shapely.transform(shapes, lambda xy: xy * units)
    parts, owners = shapely.get_parts(shapes, return_index=True)
    _check_widths(parts, rows[owners])
    distances = np.broadcast_to(metres, len(shapes))[owners]
    made = _together(_grown(parts, distances, crs.get_geod(), grow), owners, shapes)
    return shapely.transform(made, lambda xy: xy / units) if units != 1 else made


def _check_widths(parts: "Shapes", rows: Any) -> None:
    """Refuse what no plane around its middle can hold: half the Earth, but for what lies around one pole.

    Raises:
        NodeError: `out_of_bounds`.
    """
    west, south, east, north = shapely.bounds(parts).T
    polar = (north > 90 - 1e-6) ^ (south < -90 + 1e-6)
    wide = np.flatnonzero((east - west > WIDEST) & ~polar)
    if len(wide):
        width, row = (east - west)[wide[0]], int(rows[wide[0]]) + 1
        message = (
            f"Row {row} of the table at 'table' has geometry that is {width:.4g}° wide; around more than "
            f"{WIDEST:.0f}° no metres can be laid: cut it up."
        )
        raise NodeError(message, code="out_of_bounds", port="table", row=row)


def _together(parts: "Shapes", owners: Any, shapes: "Shapes") -> "Shapes":
    """The parts of each shape as one."""
    made = np.full(len(shapes), None, dtype=object)
    made[~shapely.is_missing(shapes)] = shapely.Polygon()
    counts = np.bincount(owners, minlength=len(shapes))
    ends = np.cumsum(counts)
    made[counts == 1] = parts[ends[counts == 1] - 1]
    for row in np.flatnonzero(counts > 1):
        made[row] = shapely.union_all(parts[ends[row] - counts[row] : ends[row]])
    return made


def _grown(parts: "Shapes", metres: Any, geod: Any, grow: Grow) -> "Shapes":
    """Each part grown on a plane of its own."""
    centres = _centres(parts)
    dense = np.array(parts, dtype=object)
    long = shapely.length(parts) > DEGREES  # of a line without length GEOS would make one of a single vertex
    dense[long] = shapely.segmentize(parts[long], DEGREES)
    around = grow(shapely.transform(dense, lambda _: _flat(dense, centres, geod)), metres)
    around = shapely.segmentize(around, min(METRES, geod.a / 600))  # the latter on small bodies
    made = shapely.transform(around, lambda _: _round(around, centres, geod))
    for row in np.flatnonzero(_reaches_a_pole(around, centres, geod)):
        made[row] = _unrolled(made[row])
    bounds = shapely.bounds(made)
    for row in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)):
        made[row] = _wrapped(made[row])
    return made


def _centres(parts: "Shapes") -> Any:
    """Longitude and latitude of the middle of each part; the pole itself where a part touches it."""
    bounds = shapely.bounds(parts)
    lat = (bounds[:, 1] + bounds[:, 3]) / 2
    lat = np.where(bounds[:, 3] > 90 - 1e-6, 90.0, np.where(bounds[:, 1] < -90 + 1e-6, -90.0, lat))
    return np.column_stack([(bounds[:, 0] + bounds[:, 2]) / 2, lat])


def _flat(parts: "Shapes", centres: Any, geod: Any) -> Any:
    """Each vertex as metres east and north of its part's centre."""
    at, owners = shapely.get_coordinates(parts, return_index=True)
    azimuth, _, distance = geod.inv(*centres[owners].T, *at.T)
    turn = np.radians(azimuth)
    return np.column_stack([distance * np.sin(turn), distance * np.cos(turn)])


def _round(parts: "Shapes", centres: Any, geod: Any) -> Any:
    """The other way: longitude within 180° of the centre's, so that it goes on over the antimeridian, and latitude."""
    at, owners = shapely.get_coordinates(parts, return_index=True)
    azimuth = np.degrees(np.arctan2(at[:, 0], at[:, 1]))
    middle = centres[owners]
    lon, lat, _ = geod.fwd(*middle.T, azimuth, np.hypot(*at.T))
    return np.column_stack([middle[:, 0] + (np.asarray(lon) - middle[:, 0] + 180) % 360 - 180, lat])


def _reaches_a_pole(around: "Shapes", centres: Any, geod: Any) -> Any:
    """Whether a pole lies in the box around each flat part."""
    west, south, east, north = shapely.bounds(around).T
    reached = np.zeros(len(around), dtype=bool)
    for pole in (-90.0, 90.0):
        _, _, distance = geod.inv(*centres.T, centres[:, 0], np.full(len(centres), pole))
        y = np.copysign(distance, pole)
        reached |= (west <= 0) & (east >= 0) & (south <= y) & (north >= y)
    return reached


def _unrolled(geometry: Any) -> Any:
    """An area around or near a pole whose longitudes jump, as one in the plane of longitude and latitude."""
    whole = []
    for polygon in shapely.get_parts(geometry):
        area = _cap(polygon.exterior)
        for hole in polygon.interiors:
            area = shapely.difference(area, _cap(hole))
        whole.append(area)
    return shapely.union_all(whole)


def _cap(ring: Any) -> Any:
    """What a ring encloses; one that goes around the pole encloses all up to it."""
    lon, lat = shapely.get_coordinates(ring).T
    lon = np.unwrap(lon, period=360)
    lon -= 360 * np.floor((lon.min() + 180) / 360)  # all around from here is less than two turns
    corners = [*zip(lon, lat, strict=True)]
    if abs(lon[-1] - lon[0]) > 180:
        pole = np.copysign(90.0, lat.mean())
        corners += [(lon[-1], pole), (lon[0], pole)]
    return _wrapped(shapely.Polygon(corners))


def _wrapped(geometry: Any) -> Any:
    """The same area between -180° and 180°, cut at the antimeridian."""
    return shapely.union_all(shapely.intersection([_turned(geometry, turn) for turn in (-360.0, 0.0, 360.0)], WORLD))


def _turned(geometry: Any, degrees: float) -> Any:
    return shapely.transform(geometry, lambda xy: xy + np.array([degrees, 0.0]))

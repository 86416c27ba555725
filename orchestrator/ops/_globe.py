"""Distances between points on the ellipsoid, in metres."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops._balls import Balls, Numbers
from orchestrator.ops._places import check_known_places

if TYPE_CHECKING:
    from pyproj import CRS, Geod

    from orchestrator.ops._pairs import Rows
    from orchestrator.ops._spatial import Shapes


def spread(bounds: Numbers, count: int) -> float:
    """The side of the square that one of so many has for itself within these bounds, or its piece of a line."""
    sides = bounds[2:] - bounds[:2]
    return float(np.prod(np.sqrt(sides)) / count**0.5 + sides.max() / count)


class Globe:
    """Geodesic distances between points, in metres."""

    def __init__(self, system: "CRS") -> None:
        self._geod = geod = cast("Geod", system.get_geod())
        small, large = sorted([geod.a, geod.b])
        self._half_round = np.pi * large  # no two places are farther apart
        self._degree = np.radians(small**2 / large) * 0.99  # of latitude is longer everywhere
        self._name = system.name
        self._degrees = float(np.degrees(system.axis_info[0].unit_conversion_factor))

    def check(self, shapes: "Shapes", port: str, before: int = 0) -> None:
        """Refuse what is no point.

        Raises:
            NodeError: `invalid_geometry`, with the row (from 1); `out_of_bounds`, as `check_known_places`.
        """
        kinds = shapely.get_type_id(shapes)
        if len(others := np.flatnonzero((kinds > 0) & ~shapely.is_empty(shapes))):
            row = before + int(others[0]) + 1
            message = (
                f"Row {row} of the table at '{port}' is a {shapes[others[0]].geom_type}. In {self._name} metres are "
                "measured between points: reproject first, or use centroid."
            )
            raise NodeError(message, code="invalid_geometry", port=port, row=row)
        check_known_places(shapes, self._name, port, before, self._degrees)

    def distances(self, one: "Shapes", other: "Shapes") -> Numbers:
        """Between the points of each pair."""
        return self._inverse(one, other)[2]

    def bearings(self, one: "Shapes", other: "Shapes") -> Numbers:
        """In degrees clockwise from north, where the geodesic starts."""
        made: Numbers = self._inverse(one, other)[0] % 360 % 360  # the first gives 360 for a tiny negative angle
        return made

    def places(self, shapes: "Shapes") -> Numbers:
        """Their longitudes, and their latitudes, in degrees."""
        return np.array([shapely.get_x(shapes), shapely.get_y(shapes)]) * self._degrees

    def balls(self, shapes: "Shapes") -> Balls:
        """A tree of points, for places that are far from all of them."""
        return Balls(self.places(shapes), self._geod)

    def _inverse(self, one: "Shapes", other: "Shapes") -> tuple[Numbers, ...]:
        return tuple(map(np.atleast_1d, self._geod.inv(*self.places(one), *self.places(other))))

    def reach(self, bounds: Numbers) -> float:
        """No two places are farther apart."""
        return float(self._half_round)

    def spacing(self, bounds: Numbers, count: int) -> float:
        """About how far so many points within these bounds are from each other."""
        return spread(bounds * self._degrees, count) * float(self._degree)

    def candidates(self, tree: Any, shapes: "Shapes", radius: Numbers) -> "tuple[Rows, Rows]":
        """Pairs of a point and one of the tree that may be so near, and all that are."""
        boxes, size, found = self._boxes(self.places(shapes), radius), max(len(tree.geometries), 1), []
        for turn in (-720.0, -360.0, 0.0, 360.0, 720.0):
            ours, theirs = tree.query(shapely.box(*((boxes + np.array([turn, 0, turn, 0])) / self._degrees).T))
            found.append(ours * np.int64(size) + theirs)
        return np.divmod(np.unique(np.concatenate(found)), size)

    def _boxes(self, places: Numbers, radius: Numbers) -> Numbers:
        """Degrees that hold all places so near, going on over the antimeridian; a pole in them means all longitudes."""
        around = np.array(self.sides(places[1], radius))
        return np.concatenate([places - around, places + around]).T

    def sides(self, lat: Numbers, radius: Numbers) -> tuple[Numbers, Numbers]:
        """Degrees of longitude and latitude to each side of a place that hold all places so near; 180 means all."""
        high = radius / self._degree
        highest = np.minimum(np.abs(lat) + high, 90)
        with np.errstate(divide="ignore", invalid="ignore"):
            wide = np.degrees(np.arcsin(np.sin(np.radians(np.minimum(high, 90))) / np.cos(np.radians(highest))))
        return np.where((highest >= 90) | ~np.isfinite(wide), 180.0, np.minimum(wide * 1.01, 180.0)), high

"""Areas and lengths, on a plane and on the ellipsoid."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.crs import parse, transformer
from orchestrator.errors import NodeError
from orchestrator.ops._places import check_places
from orchestrator.ops._rounds import share, whole_rounds
from orchestrator.ops._spatial import moved

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

Numbers = np.ndarray[Any, np.dtype[np.float64]]
OCTANT = shapely.linearrings([(0, 0), (90, 0), (0, 90)])
LINES, POLYGON, MANY = (1, 2), 3, (4, 5, 6, 7)


def parts_of(shapes: "Shapes") -> "tuple[Shapes, Any]":
    """All single parts, also those of collections in collections, and the number of the shape that each is of."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while np.isin(shapely.get_type_id(parts), MANY).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    return parts, owners


def summed(values: Numbers, owners: Any, count: int) -> Numbers:
    """The sum of each shape's values."""
    made: Numbers = np.bincount(owners, weights=values, minlength=count).astype(float)
    return made


class Measures(ABC):
    """Sums over the lines or areas among the parts of each shape."""

    def placed(self, shapes: "Shapes", before: int) -> "Shapes":
        """The shapes where they are measured; `before` is how many rows came earlier."""
        return shapes

    @abstractmethod
    def area(self, shapes: "Shapes") -> Numbers:
        """Of areas, without their holes; 0 for others."""

    def length(self, shapes: "Shapes") -> Numbers:
        """Of lines; 0 for others."""
        return self._along(shapes, LINES)

    def perimeter(self, shapes: "Shapes") -> Numbers:
        """Around areas and their holes; 0 for others."""
        return self._along(shapes, (POLYGON,))

    def _along(self, shapes: "Shapes", kinds: tuple[int, ...]) -> Numbers:
        parts, owners = parts_of(shapes)
        chosen = np.isin(shapely.get_type_id(parts), kinds)
        return summed(self._lengths(parts[chosen]), owners[chosen], len(shapes))

    @abstractmethod
    def _lengths(self, parts: "Shapes") -> Numbers: ...


class Planar(Measures):
    """In units of the coordinate system."""

    def area(self, shapes: "Shapes") -> Numbers:
        """Of areas, without their holes."""
        return np.asarray(shapely.area(shapes))

    def _lengths(self, parts: "Shapes") -> Numbers:
        return np.asarray(shapely.length(parts))


class Geodesic(Measures):
    """In metres on the ellipsoid of a coordinate system (Karney 2013, as PROJ computes it)."""

    def __init__(self, crs: str) -> None:
        system = parse(crs)
        base = system.geodetic_crs
        if base is None:
            message = f"{system.name} has no ellipsoid to measure on: use the method 'planar'."
            raise NodeError(message, code="invalid_crs", port="table")
        self._geod: Any = base.get_geod()
        self._name = system.name
        self._degrees = float(np.degrees(base.axis_info[0].unit_conversion_factor))
        self._way = None if system.is_geographic else transformer(crs, base.to_json())

    def area(self, shapes: "Shapes") -> Numbers:
        """Of areas, without their holes. PROJ takes one ring at a time."""
        parts, owners = parts_of(shapes)
        chosen = shapely.get_type_id(parts) == POLYGON
        rings, inner = shapely.get_rings(parts[chosen], return_index=True)
        inside = np.diff(inner, prepend=-1) == 0
        areas = np.array([abs(self._ring(ring)) for ring in rings], dtype=float)
        bounds = shapely.bounds(rings).reshape(-1, 4)
        for row in np.flatnonzero(bounds[:, 2] - bounds[:, 0] > 180):
            if share(rings[row]) > 0.5:
                areas[row] = 8 * self._ring(OCTANT) - areas[row]
        return summed(np.where(inside, -areas, areas), owners[chosen][inner], len(shapes))

    def _ring(self, ring: Any) -> float:
        x, y = shapely.get_coordinates(ring).T
        area, _ = self._geod.polygon_area_perimeter(x, y)
        return float(area)

    def _lengths(self, parts: "Shapes") -> Numbers:
        lines, owners = shapely.get_rings(parts, return_index=True)
        if not len(lines):
            lines, owners = parts, np.arange(len(parts))
        at, line = shapely.get_coordinates(lines, return_index=True)
        on = line[1:] == line[:-1]
        _, _, apart = self._geod.inv(*at[:-1][on].T, *at[1:][on].T)
        return summed(np.asarray(apart), owners[line[1:][on]], len(parts))

    def placed(self, shapes: "Shapes", before: int) -> "Shapes":
        """The shapes in degrees of longitude and latitude.

        Raises:
            NodeError: `out_of_bounds`, with the row (from 1), as `check_places`.
        """
        made = shapes if self._way is None else moved(shapes, self._way)
        if self._degrees != 1:
            made = shapely.transform(made, lambda xy: xy * self._degrees)
        check_places(made, self._name, "table", np.arange(len(made)) + before)
        return whole_rounds(made)

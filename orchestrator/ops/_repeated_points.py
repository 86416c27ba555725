"""Vertices that come twice in a row. GEOS fails to leave them out of a ring that is down to one or two places."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from orchestrator.ops._measures import LINES, parts_of

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes


def has_repeated(shapes: "Shapes") -> Any:
    """For each shape, whether a vertex of a line or a ring comes twice in a row, also where there is no other."""
    parts, owners = parts_of(shapes)
    lines = np.flatnonzero(np.isin(shapely.get_type_id(parts), LINES))
    rings, of = shapely.get_rings(parts, return_index=True)
    owners = np.concatenate([owners[lines], owners[of]])
    at, line = shapely.get_coordinates(np.concatenate([parts[lines], rings]), return_index=True)
    twice = (line[1:] == line[:-1]) & (at[1:] == at[:-1]).all(axis=1)
    found = np.zeros(len(shapes), dtype=bool)
    found[owners[line[1:][twice]]] = True
    return found


def without_repeated(shapes: "Shapes") -> Any:
    """The shapes without them; an area that is none any more goes, and so does a hole."""
    try:
        return shapely.remove_repeated_points(shapes)
    except shapely.errors.GEOSException:
        return [_tidied(shape) for shape in shapes]


def _tidied(shape: Any) -> Any:
    try:
        return shapely.remove_repeated_points(shape)
    except shapely.errors.GEOSException:
        if shape.geom_type != "Polygon":
            parts = [_tidied(each) for each in shape.geoms]
            return type(shape)([each for each in parts if not each.is_empty])
        rings = [shapely.get_rings(shape)[0], *(each for each in shape.interiors if _is_area(each))]
        made = shapely.Polygon(rings[0], rings[1:]) if _is_area(rings[0]) else shapely.Polygon()
        return shapely.remove_repeated_points(made)


def _is_area(ring: Any) -> bool:
    return len({point[:2] for point in ring.coords}) > 2

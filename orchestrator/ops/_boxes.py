"""Boxes around shapes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes


def boxes(shapes: "Shapes") -> "Shapes":
    """The box around each: a point where that has no size, a line where it has no width or no height.

    GEOS would give areas without size, which are not valid. Of an empty shape the box is an empty area.
    """
    import numpy as np
    import shapely

    bounds = shapely.bounds(shapes)
    made: Shapes = np.asarray(shapely.box(*bounds.T), dtype=object)
    flat = (bounds[:, :2] == bounds[:, 2:]).sum(axis=1)
    made[flat == 1] = shapely.linestrings(bounds[flat == 1].reshape(-1, 2, 2))
    made[flat == 2] = shapely.points(bounds[flat == 2, :2])
    made[shapely.is_empty(shapes)] = shapely.Polygon()
    made[shapely.is_missing(shapes)] = None
    return made


def turned_boxes(shapes: "Shapes") -> "Shapes":
    """The box of smallest area around each, at any angle; a point or a line where it has no area. Flat."""
    import numpy as np
    import shapely

    return np.asarray(shapely.force_2d(shapely.oriented_envelope(shapes)), dtype=object)


def sides(shapes: "Shapes") -> "list[Any]":
    """xmin, ymin, xmax, ymax of each as Arrow columns; null for a null or empty shape."""
    import pyarrow as pa
    import shapely

    return [pa.array(side, pa.float64(), from_pandas=True) for side in shapely.bounds(shapes).T]

"""Geometry of several parts, taken apart and put together."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

    Numbers = np.ndarray[Any, np.dtype[np.int64]]

SEVERAL = 4  # type ids from here on are those of geometry with parts
TOGETHER: dict[int, Any] = {0: shapely.multipoints, 1: shapely.multilinestrings, 3: shapely.multipolygons}


def parts_of(shapes: "Shapes", *, nested: bool = True) -> "tuple[Shapes, Numbers]":
    """All parts that are not empty, and the number of the shape that each comes from.

    With `nested`, collections inside of collections are taken apart too.
    """
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while nested and (shapely.get_type_id(parts) >= SEVERAL).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    full = ~shapely.is_empty(parts)
    return parts[full], owners[full]


def multiple(shapes: "Shapes") -> "Shapes":
    """The parts of each shape as one of several parts of a kind, or as a collection where they are of several kinds.

    Of an empty shape it is an empty collection; None stays None.
    """
    made: Shapes = np.full(len(shapes), None, dtype=object)
    made[~shapely.is_missing(shapes)] = shapely.GeometryCollection()
    parts, owners = parts_of(shapes)
    kinds = shapely.get_type_id(parts)
    kinds[kinds == 2] = 1
    lowest, highest = np.full(len(shapes), SEVERAL), np.full(len(shapes), -1)
    np.minimum.at(lowest, owners, kinds)
    np.maximum.at(highest, owners, kinds)
    for kind, together in TOGETHER.items():
        own = ((lowest == kind) & (highest == kind))[owners]
        together(parts[own], indices=owners[own], out=made)
    own = (lowest < highest)[owners]
    shapely.geometrycollections(parts[own], indices=owners[own], out=made)
    return made


def split(shapes: "Shapes", *, nested: bool = True) -> "tuple[Shapes, Numbers, Numbers]":
    """A row for each part: it, the number of its shape, and its own number from 1 among the parts of the shape.

    A shape without parts, None or empty, stays as it is, with the number 0. Rows are in the order of the shapes.
    """
    parts, owners = parts_of(shapes, nested=nested)
    counts = np.bincount(owners, minlength=len(shapes))
    numbers = np.arange(len(parts)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    alone = np.flatnonzero(counts == 0)
    of = np.concatenate([owners, alone])
    order = np.argsort(of, kind="stable")
    return (
        np.concatenate([parts, shapes[alone]])[order],
        of[order],
        np.concatenate([numbers, np.zeros(len(alone), dtype=np.int64)])[order],
    )

"""Empty parts of WKB, which must have the dimensions of the whole for DuckDB, and do not as GEOS writes them."""

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

POINT, POLYGON, COLLECTION, MANY = 1, 3, 7, (4, 5, 6, 7)
DIMENSIONS = (2, 3, 3, 4)  # of flat ones, with heights, with measures, with both
HEAD = struct.Struct("<xII")  # the kind, in thousands the dimensions, and how many parts


def unlike(shapes: "Shapes") -> Any:
    """The numbers of the shapes that may have parts without the dimensions of the whole."""
    rows = np.flatnonzero(shapely.get_type_id(shapes) == COLLECTION)  # first: there are few, and most often none
    rows = rows[shapely.has_z(shapes[rows]) | shapely.has_m(shapes[rows])]
    parts, owners = shapely.get_parts(shapes[rows], return_index=True)
    return rows[np.unique(owners[np.isin(shapely.get_type_id(parts), MANY)])]


def aligned(written: bytes) -> bytes:
    """ISO WKB, little endian, in which empty parts have the dimensions of the whole."""
    made = bytearray(written)
    _align(made, 0, HEAD.unpack_from(made)[0] // 1000 * 1000)
    return bytes(made)


def _align(made: bytearray, start: int, dimensions: int) -> int:
    """Where the geometry that begins at `start` ends."""
    kind, count = HEAD.unpack_from(made, start)
    own, kind = divmod(kind, 1000)
    size, at = 8 * DIMENSIONS[own], start + HEAD.size
    if kind in MANY:
        if not count:
            struct.pack_into("<I", made, start + 1, dimensions + kind)
        for _ in range(count):
            at = _align(made, at, dimensions)
    elif kind == POLYGON:
        for _ in range(count):
            at += 4 + size * int(struct.unpack_from("<I", made, at)[0])
    else:
        at = start + 5 + size if kind == POINT else at + size * count
    return at

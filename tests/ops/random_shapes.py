"""Any geometry, for tests that hold a node against plain Shapely: null, empty, invalid, many parts, heights."""

import numpy as np
import pyarrow as pa
import shapely
from hypothesis import strategies as st

NUMBER = st.integers(-32, 32).map(lambda each: each / 4)
PLACE = st.tuples(NUMBER, NUMBER)
SIDE = st.integers(1, 16).map(lambda each: each / 4)
EMPTY = st.sampled_from([
    "POINT EMPTY", "LINESTRING EMPTY", "POLYGON EMPTY", "MULTIPOINT EMPTY", "MULTILINESTRING EMPTY",
    "MULTIPOLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION (POINT EMPTY)",
]).map(shapely.from_wkt)  # fmt: skip


def _with_hole(x, y, wide, high):
    return shapely.box(x, y, x + wide, y + high) - shapely.box(x + wide / 4, y + high / 4, x + wide / 2, y + high / 2)


POINT = st.builds(shapely.Point, PLACE)
LINE = st.builds(shapely.LineString, st.lists(PLACE, min_size=2, max_size=6))
POLYGON = st.one_of(
    st.builds(shapely.Polygon, st.lists(PLACE, min_size=3, max_size=6)),  # many of them are invalid
    st.builds(lambda x, y, wide, high: shapely.box(x, y, x + wide, y + high), NUMBER, NUMBER, SIDE, SIDE),
    st.builds(_with_hole, NUMBER, NUMBER, SIDE, SIDE),
)
SINGLE = st.one_of(POINT, LINE, POLYGON)
MANY = st.one_of(
    st.builds(shapely.MultiPoint, st.lists(POINT, max_size=4)),
    st.builds(shapely.MultiLineString, st.lists(LINE, max_size=3)),
    st.builds(shapely.MultiPolygon, st.lists(POLYGON, max_size=3)),
)
COLLECTION = st.builds(shapely.GeometryCollection, st.lists(st.one_of(SINGLE, MANY, EMPTY), max_size=3))
FLAT = st.one_of(
    SINGLE, MANY, COLLECTION, EMPTY, st.builds(lambda each: shapely.GeometryCollection([each]), COLLECTION)
)


def high(shape):
    """The shape with a height at each vertex that differs from the others'."""
    return shapely.transform(
        shapely.force_3d(shape), lambda at: np.column_stack([at[:, :2], at[:, 0] * 2 + at[:, 1] + 0.5]), include_z=True
    )


SHAPE = st.one_of(FLAT, FLAT.map(high), st.just(shapely.from_wkt("POINT Z EMPTY")))
SHAPES = st.lists(st.one_of(st.none(), SHAPE), max_size=8)


def _written(shape):
    """ISO WKB; of a collection with heights GEOS writes an empty part of many without any, which DuckDB cannot read."""
    if shape.geom_type != "GeometryCollection" or not shape.has_z:
        return shapely.to_wkb(shape, flavor="iso", byte_order=1)
    parts = []
    for each in shape.geoms:
        written = bytearray(_written(each))
        written[1:5] = (int.from_bytes(written[1:5], "little") % 1000 + 1000).to_bytes(4, "little")
        parts.append(bytes(written))
    return b"".join([b"\1", (1007).to_bytes(4, "little"), len(parts).to_bytes(4, "little"), *parts])


def stored(session, shapes):
    """A table of the shapes, with a number from 0 in `id`."""
    written = [None if each is None else _written(each) for each in shapes]
    given = session.arrow(
        pa.table({"id": pa.array(range(len(shapes)), pa.int32()), "b": pa.array(written, pa.binary())})
    )
    return session.sql("SELECT id, st_geomfromwkb(b) AS geometry FROM {given} ORDER BY id", given=given)


def told(relation):
    """Numbers and shapes of a table, as Shapely has them."""
    rows = relation.project("id, st_aswkb(geometry)").fetchall()
    return [(number, None if shape is None else shapely.from_wkb(bytes(shape))) for number, shape in rows]


def same(one, other):
    """Whether both are null, or of one kind with the same vertices and heights in the same order."""
    return (one is None and other is None) or (
        one is not None and other is not None and shapely.to_wkb(one) == shapely.to_wkb(other)
    )

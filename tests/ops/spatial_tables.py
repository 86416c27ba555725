"""Tables with geometry as SQL or of shapes that meet often, and geometry back as Shapely objects."""

import shapely
from hypothesis import strategies as st

from orchestrator.crs import projjson
from orchestrator.sql import literal

COORDINATE = st.integers(0, 4)
POINT = st.tuples(COORDINATE, COORDINATE)
SHAPE = st.one_of(
    st.none(),
    st.just(shapely.Polygon()),
    st.builds(shapely.Point, POINT),
    st.builds(shapely.LineString, st.lists(POINT, min_size=2, max_size=4, unique=True)),
    st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), *[COORDINATE] * 2, *[st.integers(1, 3)] * 2),
    st.builds(lambda x, y, r: shapely.Point(x, y).buffer(r, quad_segs=3), *[COORDINATE] * 2, st.integers(1, 2)),
)


def geo(*shapes, crs="EPSG:3857", column="geometry", first="id"):
    """SQL of a table with a number from 0 in each row, and geometry from WKT, Shapely objects or None."""
    rows = [f"({number}, {_geometry(each)})" for number, each in enumerate(shapes)] or ["(0, NULL)"]
    typed = f"g::GEOMETRY AS {column}"
    if crs:
        typed = f"st_setcrs(g::GEOMETRY, {literal(projjson(crs))}) AS {column}"
    return f"SELECT n::INTEGER AS {first}, {typed} FROM (VALUES {', '.join(rows)}) t(n, g)" + (
        "" if shapes else " WHERE false"
    )


def _geometry(shape):
    if shape is None:
        return "NULL"
    if isinstance(shape, str):
        return literal(shape)
    return literal(shapely.to_wkt(shape, rounding_precision=-1))


def shapes(relation, column="geometry"):
    """A geometry column as Shapely objects."""
    return [row[0] and shapely.from_wkb(row[0]) for row in relation.project(f"st_aswkb({column})").fetchall()]


def table(session, geometries, name, groups=None):
    session.connection.execute(f"CREATE OR REPLACE TABLE {name} ({name} INTEGER, geometry GEOMETRY, g INTEGER)")
    for number, each in enumerate(geometries):
        row = [number, None if each is None else shapely.to_wkb(each), groups and groups[number]]
        session.connection.execute(f"INSERT INTO {name} VALUES (?, st_geomfromwkb(?::BLOB), ?)", row)
    return session.connection.table(name)

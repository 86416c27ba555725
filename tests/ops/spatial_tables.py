"""Tables with geometry as SQL, and geometry back as Shapely objects."""

import shapely

from orchestrator.crs import projjson
from orchestrator.sql import literal


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

"""Near-misses and lists of names, for messages."""

import difflib
from collections.abc import Iterable

COMPARED, COMPARED_LENGTH = 10, 200  # comparing two names with care takes up to a millisecond
TYPES = (
    "BIGINT", "INTEGER", "DOUBLE", "DECIMAL(18,2)", "VARCHAR", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ",
    "GEOMETRY", "JSON", "BLOB", "UUID", "INTERVAL", "SMALLINT", "FLOAT",
)  # fmt: skip


SPATIAL = {  # what databases have functions for, and node types do here
    "area": "measure", "length": "measure", "perimeter": "measure", "npoints": "measure",
    "x": "coordinates", "y": "coordinates", "point": "points_from_xy", "makepoint": "points_from_xy",
    "z": "coordinates", "buffer": "buffer", "centroid": "centroid", "distance": "distance",
    "geomfromtext": "geometry_from_text",
    "pointonsurface": "point_on_surface", "convexhull": "hull", "envelope": "bounding_box", "simplify": "simplify",
    "intersects": "spatial_join", "within": "spatial_join", "contains": "spatial_join", "touches": "spatial_join",
    "crosses": "spatial_join", "overlaps": "spatial_join", "covers": "spatial_join", "disjoint": "spatial_join",
    "dwithin": "nearest", "intersection": "overlay", "difference": "clip", "union": "dissolve", "union_agg": "dissolve",
    "transform": "reproject", "setsrid": "set_crs", "srid": "crs_of", "isvalid": "validate_geometry",
    "makevalid": "validate_geometry", "geometrytype": "geometry_filter", "dump": "explode_parts", "force2d": "force_2d",
}  # fmt: skip


def no_function(name: str, known: Iterable[str]) -> str:
    """What is said of a function that there is not: the nearest that there is, or the node type that does its work."""
    said = f"function '{name}' does not exist."
    if not name.startswith("st_"):
        return said + near(name, known)
    node = SPATIAL.get(name.removeprefix("st_"))
    there = near(name, [each for each in known if each.startswith("st_")])
    return f"{said} A node of type '{node}' does this." if node else said + there


def near(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name, or nothing: `" Did you mean 'amount'?"`."""
    from rapidfuzz import fuzz, process

    lower = {option.lower(): option for option in reversed(list(known)) if len(option) <= COMPARED_LENGTH}
    wanted = name.lower()
    if not wanted or len(wanted) > COMPARED_LENGTH:
        return ""
    options = [option for option, *_ in process.extract(wanted, list(lower), scorer=fuzz.ratio, limit=COMPARED)]
    found = difflib.get_close_matches(wanted, options, n=1, cutoff=0.6)
    return f" Did you mean '{lower[found[0]]}'?" if found else ""


def no_type(name: str) -> str:
    """The sentence about a type that there is not, with the nearest of those in use."""
    return f"There is no type '{name}'.{near(name, TYPES)}"


def listing(names: Iterable[str], limit: int = 20) -> str:
    """The names with commas, cut after `limit` of them."""
    options = list(names)
    return ", ".join(options[:limit]) + (f", … ({len(options)} in all)" if len(options) > limit else "")

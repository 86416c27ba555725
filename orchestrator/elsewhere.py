"""What people look for among functions, and find elsewhere: PostGIS's functions, and FME's way to name a column."""

from collections.abc import Iterable

from orchestrator.suggest import near

VALUE = " Of FME's @Value(a), write the column's name: a"
# Node types by the names of PostGIS's functions, without `st_`.
NODES = {
    "area": "measure", "length": "measure", "perimeter": "measure", "npoints": "measure", "numpoints": "measure",
    "buffer": "buffer", "transform": "reproject", "setsrid": "set_crs", "srid": "crs_of", "centroid": "centroid",
    "pointonsurface": "point_on_surface", "x": "coordinates", "y": "coordinates", "z": "coordinates",
    "point": "points_from_xy", "makepoint": "points_from_xy", "geomfromtext": "geometry_from_text",
    "envelope": "bounding_box", "convexhull": "hull", "simplify": "simplify", "union": "dissolve",
    "intersects": "spatial_filter", "contains": "spatial_filter", "within": "spatial_filter",
    "touches": "spatial_filter", "crosses": "spatial_filter", "overlaps": "spatial_filter", "covers": "spatial_filter",
    "disjoint": "spatial_filter", "dwithin": "nearest", "dump": "explode_parts",
    "intersection": "overlay", "difference": "overlay", "distance": "distance", "isvalid": "validate_geometry",
    "makevalid": "validate_geometry", "makeline": "lines_from_points", "force2d": "force_2d", "translate": "affine",
    "geometrytype": "geometry_filter", "multi": "combine_parts", "collect": "combine_parts",
}  # fmt: skip


def instead(name: str, known: Iterable[str]) -> str:
    """A sentence with what to use in place of a function (in small letters) that is not known, or nothing."""
    if name == "value":
        return VALUE
    if not name.startswith("st_"):
        return near(name, known)
    if node := NODES.get(name.removeprefix("st_")):
        return f" The node type '{node}' does that"
    spatial = {each for each in known if each.startswith("st_")}
    return near(name, spatial) or " Node types of the category Spatial compute with geometry"

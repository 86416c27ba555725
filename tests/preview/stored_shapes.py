from orchestrator.crs import projjson
from orchestrator.sql import literal


def geo(wkt, crs="EPSG:4326"):
    return f"st_setcrs({literal(wkt)}::GEOMETRY, {literal(projjson(crs))})"

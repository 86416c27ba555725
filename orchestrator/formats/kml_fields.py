"""Which columns say how a place of KML is drawn. To GDAL they are columns of any table with these names.

So it is told other names, and a table's own `id` or `visibility` is data like any other.
"""

PREFIX = "_kml_"
# Of every place that is read.
DRAWING = ("id", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon")
VIEW = (
    "model", "heading", "tilt", "roll", "scale_x", "scale_y", "scale_z", "leftfov", "rightfov", "bottomfov", "topfov",
    "nearfov", "photooverlay", "photooverlay_shape", "camera_longitude", "camera_latitude", "camera_altitude",
    "camera_altitudemode", "networklink", "networklink_refreshvisibility", "networklink_flytoview",
    "networklink_refreshmode", "networklink_refreshinterval", "networklink_viewrefreshmode",
    "networklink_viewrefreshtime", "networklink_viewboundscale", "networklink_viewformat", "networklink_httpquery",
)  # fmt: skip
PYRAMID = ("imagepyramid_tilesize", "imagepyramid_maxwidth", "imagepyramid_maxheight", "imagepyramid_gridorigin")
OPTIONS = {
    **{f"LIBKML_{name.upper()}_FIELD": f"{PREFIX}{name}" for name in (*DRAWING, *VIEW)},
    **{f"LIBKML_{name.upper()}": f"{PREFIX}{name}" for name in PYRAMID},
}
TEXTS = {"name": "Name", "description": "description", "snippet": "snippet"}
MOMENTS = ("timestamp", "begin", "end")


def own_names(names: list[str]) -> dict[str, str]:
    """The columns that are read, by what they are to be called: without how a place is drawn."""
    kept = [name for name in names if name not in {f"{PREFIX}{each}" for each in DRAWING}]
    return {name: name.removeprefix(PREFIX) if name.removeprefix(PREFIX) not in kept else name for name in kept}


def place_name(name: str, kind: str, taken: set[str]) -> str:
    """What a column is called where it is what Google Earth shows, or its time; another name where it is no time."""
    if name.lower() in TEXTS:
        return TEXTS[name.lower()]
    if name.lower() not in MOMENTS:
        return name
    if kind.startswith("TIMESTAMP"):
        return name.lower()
    return next(each for each in (f"{name}{'_' * n}" for n in range(1, len(taken) + 2)) if each.lower() not in taken)

"""GDAL with the drivers of this product's formats and no others.

GDAL recognises a file by what is in it, and some of its drivers read other files, run programs or call the network
(VRT, GDALG, GPSBabel, WFS). pyogrio cannot say which driver may open a file, so the others are taken out.
"""

import ctypes
import tempfile
from functools import lru_cache
from typing import Any

from orchestrator.formats import kml_fields

MIXED_WITH_HEIGHTS = 1 << 31  # wkbUnknown with wkb25DBit
FAILURE = 3  # CE_Failure; what is below is a warning

OPTIONS = {
    "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": False,
    "GDAL_HTTP_PROXY": "http://127.0.0.1:9",  # where nobody listens: no driver calls the network
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_DOWNLOAD_WFS_SCHEMA": "NO",
    "LIBKML_RESOLVE_STYLE": "NO",
    "LIBKML_STRICT_COMPLIANCE": "NO",  # it would refuse polygons that cross themselves
    **kml_fields.OPTIONS,
    "CPL_TMPDIR": tempfile.gettempdir(),
    "OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES",  # its own stream leaves the offsets of null geometry unset
}


@lru_cache(maxsize=1)
def gdal() -> Any:
    """The module `pyogrio`, once GDAL is confined; other users of it in this process are confined too."""
    import pyogrio
    from pyogrio import _geometry, raw, util

    from orchestrator.formats import readers

    wanted = {getattr(kind, "driver", "") for kind in readers().values()} | {"MEM"}
    library = _library()
    library.GDALGetDriverByName.restype = ctypes.c_void_p
    library.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    for name in set(pyogrio.list_drivers()) - wanted:
        library.GDALDeregisterDriver(library.GDALGetDriverByName(name.encode()))
    pyogrio.set_gdal_config_options(OPTIONS)
    _geometry.GEOMETRY_TYPES.setdefault(MIXED_WITH_HEIGHTS, "Unknown Z")  # else pyogrio refuses such layers
    for module in (util, raw):
        module.vsi_path = str  # to pyogrio "a!b" is b in the archive a; here every name is a file's
    return pyogrio


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    from pyogrio import _io

    return ctypes.CDLL(_io.__file__)


def forget_errors() -> None:
    """Forget what GDAL said in this thread."""
    _library().CPLErrorReset()


def failed() -> bool:
    """Whether GDAL said in this thread that it failed: pyogrio gives the features before that as if they were all."""
    return int(_library().CPLGetLastErrorType()) >= FAILURE

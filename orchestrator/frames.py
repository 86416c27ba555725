"""Arrow tables to (Geo)DataFrames and back. Imports nothing of ours: the process of a `python` node uses it alone."""

from collections.abc import Sequence
from typing import Any


def to_frame(table: Any, geometry: Sequence[str]) -> Any:
    """A DataFrame with Arrow types, or a GeoDataFrame where columns are geometry; the first is the active one."""
    import pandas

    if not geometry:
        return table.to_pandas(types_mapper=pandas.ArrowDtype)
    import geopandas

    options = {"types_mapper": pandas.ArrowDtype}
    return geopandas.GeoDataFrame.from_arrow(table, geometry=geometry[0], to_pandas_kwargs=options)


def to_arrow(frame: Any) -> Any:
    """A (Geo)DataFrame's columns, geometry as WKB with its CRS; the index is left out.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: a column holds values of several kinds.
    """
    import pyarrow

    if hasattr(frame, "active_geometry_name"):
        return pyarrow.table(frame.to_arrow(index=False, geometry_encoding="WKB"))
    return pyarrow.Table.from_pandas(frame, preserve_index=False)

"""Curves as lines: DuckDB and GEOS have none, and GDAL gives them as they are where it gives Arrow."""

from collections.abc import Callable
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.arrow_features import is_wkb

CURVES = range(8, 15)  # circular strings, compounds of them, and what has them for edges
SURFACES: dict[int | None, str] = {15: "a polyhedral surface", 16: "a TIN", 17: "a triangle"}
COLLECTION = 7


def straight(batch: Any, before: int, name: str, again: Callable[..., Any]) -> Any:
    """The features of a batch, which came after so many others, with lines for curves.

    `again` reads the shapes of some features, with pyogrio's options, as GDAL draws them: a point every four degrees.

    Raises:
        NodeError: `invalid_geometry`: a shape that is not read, with its feature.
    """
    import pyarrow

    for index, field in enumerate(batch.schema):
        if not is_wkb(field):
            continue
        if not _kinds(batch.column(index)).isdisjoint(CURVES):
            shapes = again(skip_features=before, max_features=batch.num_rows)
            batch = batch.set_column(index, field, pyarrow.array(shapes, field.type))
        if not _kinds(batch.column(index)).isdisjoint({COLLECTION, *SURFACES}):
            _check(batch.column(index), before, name)
    return batch


def _kinds(column: Any) -> set[int]:
    from pyarrow import compute

    found = compute.unique(compute.binary_slice(column, 1, 5)).to_pylist()
    return {_kind(code) for code in found if code is not None}


def _kind(code: bytes) -> int:
    return (int.from_bytes(code, "little") & 0xFFFF) % 1000


def _check(column: Any, before: int, name: str) -> None:
    for number, shape in enumerate(column.to_pylist(), before + 1):
        kind = _kind(shape[1:5]) if shape else None
        what = "a collection with curves" if kind == COLLECTION and _has_curves(shape) else SURFACES.get(kind)
        if what:
            message = f"'{name}' has a shape that is not read: feature {number:,} is {what}."
            hint = "ogr2ogr -explodecollections or -nlt CONVERT_TO_LINEAR makes of it what is read"
            raise NodeError(message, code="invalid_geometry", row=number, hint=hint)


def _has_curves(shape: bytes) -> bool:
    import shapely

    try:
        shapely.get_coordinates(shapely.from_wkb(shape, on_invalid="ignore"))
    except (NotImplementedError, shapely.errors.GEOSException):
        return True
    return False

"""What GDAL reads or writes as something else without failing."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.systems import WGS_84, moved

DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
FIRST, LAST = -719_162, 2_932_896  # the days of 0001-01-01 and 9999-12-31, from 1970-01-01
MULTIPOINT = 4  # GEOS's number of the first kind that has parts
FARTHEST, TOLERANCE = 360, 1e-9  # a longitude may go around once: it is written between -180 and 180
# What it says of a value that it could not hold as it is.
CHANGED = (
    r"Value (?P<value>\S+) of field (?:\w+\.)?(?:ogr_)?(?P<name>.+?)"
    r"(?: of feature \d+ not successfully written| parsed incompletely to integer)|Truncated double value (?P<long>\d+)"
)


def check_values(table: Any) -> None:
    """Refuse dates that GDAL writes as others, and texts that it cuts: rows of Arrow, as a batch or a table.

    Raises:
        NodeError: `invalid_value`, with the column.
    """
    import pyarrow
    from pyarrow import compute

    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type
        if pyarrow.types.is_string(kind) and compute.any(compute.match_substring(column, "\0")).as_py():
            message = f"Column '{field.name}' has a text with a NUL character in it, where this format would cut it."
            raise NodeError(message, code="invalid_value", port="table", hint="replace it with string_replace before")
        if pyarrow.types.is_date32(kind):
            _check(field.name, column.cast(pyarrow.int32()), 1)
        elif pyarrow.types.is_timestamp(kind):
            _check(field.name, column.cast(pyarrow.int64()), DAY[kind.unit])


def _check(name: str, numbers: Any, day: int) -> None:
    from pyarrow import compute

    found = compute.min_max(numbers).as_py()
    if found["min"] is not None and not (FIRST * day <= found["min"] and found["max"] < (LAST + 1) * day):
        message = f"Column '{name}' has a date outside of the years 1 to 9999, which this format cannot hold."
        raise NodeError(message, code="invalid_value", port="table", hint="cast the column to VARCHAR before")


def shapes_of(column: Any) -> Any:
    """The shapes of WKB in Arrow."""
    import numpy
    import shapely

    with numpy.errstate(invalid="ignore"):
        return shapely.from_wkb(column.to_numpy(zero_copy_only=False))


def check_numbers(shapes: Any, before: int) -> None:
    """Refuse coordinates that are no number or infinite, such as those of an empty point among others.

    Raises:
        NodeError: `invalid_geometry`, with the row.
    """
    import numpy
    import shapely

    found, rows = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    finite = numpy.isfinite(found)
    wrong = rows[~(finite[:, :2].all(axis=1) & (finite[:, 2] | ~shapely.has_z(shapes)[rows]))]
    if (many := numpy.flatnonzero(shapely.get_type_id(shapes) >= MULTIPOINT)).size:
        parts, of = shapely.get_parts(shapes[many], return_index=True)
        wrong = numpy.append(wrong, many[of[shapely.is_empty(parts) & (shapely.get_type_id(parts) == 0)]])
    if wrong.size:
        row = before + int(wrong.min()) + 1
        said = "a coordinate that is NaN or infinite, or an empty point among others"
        message = f"Row {row:,} has {said}, which this format does not hold."
        raise NodeError(message, code="invalid_geometry", row=row, port="table", hint="filter such rows before")


def check_places(shapes: Any, before: int, crs: str | None = None) -> None:
    """Refuse what is no longitude and latitude in degrees: shapes of the rows after so many others.

    With `crs` coordinates are those of another system, and become degrees first.

    Raises:
        NodeError: `invalid_geometry`, with the row.
    """
    import numpy
    import shapely

    bounds = numpy.abs(shapely.bounds(moved(shapes, crs, WGS_84)))
    far = numpy.maximum(bounds[:, :2], bounds[:, 2:])
    wrong = numpy.flatnonzero((far[:, 0] > FARTHEST) | (far[:, 1] > 90 + TOLERANCE))
    if len(wrong):
        row, (x, y) = before + int(wrong[0]) + 1, far[wrong[0]]
        message = f"Row {row:,} is no place in WGS 84: it reaches {x:.12g} degrees of longitude, {y:.12g} of latitude."
        raise NodeError(message, code="invalid_geometry", row=row, port="table", hint="set_crs, then reproject")


@contextmanager
def heeded() -> Iterator[None]:
    """Refuse what GDAL says that it could not read or write as it is; what else it says is not heard.

    Raises:
        NodeError: `invalid_value`.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", message=CHANGED)
        yield
    for found in (re.match(CHANGED, str(each.message)) for each in heard):
        if found is not None:
            where = f"Column '{found['name']}'" if found["name"] else "A column"
            message = f"{where} has a number that this format has no room for: {found['value'] or found['long']}."
            raise NodeError(message[:200], code="invalid_value", hint="a number with a point, or text with letters")

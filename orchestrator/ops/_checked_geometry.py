"""What can be wrong with a geometry, found for whole columns."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import shapely

from orchestrator.ops._repeated_points import has_repeated
from orchestrator.ops._spatial import collecting_later, finite

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

Issue = Literal["null", "empty", "not_finite", "invalid", "repeated_points", "not_simple"]
SENTENCES = {
    "null": "There is no geometry.",
    "empty": "The geometry is empty.",
    "not_finite": "A coordinate is not a number, or infinite.",
    "repeated_points": "A vertex comes twice in a row.",
    "not_simple": "It crosses or touches itself.",
}


def read(column: Any, *, repair: bool = False) -> "Shapes":
    """A stored column as shapes; None also for what GEOS cannot read, unless a closed ring repairs it."""
    stored = column.storage if isinstance(column, pa.ExtensionArray) else column
    with np.errstate(invalid="ignore"), collecting_later():
        made: Shapes = shapely.from_wkb(stored.to_numpy(zero_copy_only=False), on_invalid="fix" if repair else "ignore")
    return made


def issues(shapes: "Shapes", column: Any, checks: Sequence[Issue]) -> Any:
    """The first issue of each shape, in the order of this module, else empty text; what cannot be read is `invalid`."""
    found = np.full(len(shapes), "", dtype=object)
    missing, there = shapely.is_missing(shapes), column.is_valid().to_numpy(zero_copy_only=False)
    for issue, test in TESTS.items():
        if issue in checks:
            rows = np.flatnonzero((found == "") & ~missing)
            found[rows[test(shapes[rows])]] = issue
    if "null" in checks:
        found[~there] = "null"
    found[missing & there] = "invalid"
    return found


TESTS: dict[Issue, "Callable[[Shapes], Any]"] = {
    "empty": shapely.is_empty,
    "not_finite": lambda shapes: ~finite(shapes),
    "invalid": lambda shapes: ~shapely.is_valid(shapes),
    "repeated_points": has_repeated,
    "not_simple": lambda shapes: ~shapely.is_simple(np.where(finite(shapes), shapes, np.array(shapely.Point()))),
}


def messages(found: Any, shapes: "Shapes", column: Any) -> list[str]:
    """A sentence for each issue, with the place where there is one."""
    made = []
    for issue, shape, stored in zip(found, shapes, column.to_pylist(), strict=True):
        if issue != "invalid":
            made.append(SENTENCES[issue])
        elif shape is None:
            made.append(_unreadable(stored))
        else:
            reason, _, place = shapely.is_valid_reason(shape).partition("[")
            made.append(f"{reason} at ({place.rstrip(']')}).".replace(" at ().", "."))
    return made


def _unreadable(stored: bytes) -> str:
    try:
        shapely.from_wkb(stored)
    except shapely.errors.GEOSException as error:
        return str(error).split(": ", 1)[-1].strip().rstrip(".") + "."
    return "It cannot be read."

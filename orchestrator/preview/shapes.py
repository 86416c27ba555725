"""What is in a geometry column of a stored table."""

from collections import Counter
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from orchestrator.ops._spatial import collecting_later
from orchestrator.schema import Column
from orchestrator.sql import quote
from orchestrator.tables import Session

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 50_000
NAMES = (  # in the order of shapely.get_type_id
    "Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
)  # fmt: skip


class ShapeProfile(TypedDict):
    """A geometry column.

    `kinds` counts by kind (`Point`, `MultiPolygon Z`, …), without nulls and broken ones. `bounds` are the least x and
    y and the greatest x and y, in the column's own system `crs`. `invalid` counts what breaks the rules of Simple
    Features, such as an area that crosses itself.
    """

    name: str
    type: str
    crs: str | None
    nulls: int
    empty: int
    invalid: int
    kinds: dict[str, int]
    bounds: list[float] | None


def shape_profile(session: Session, source: str, column: Column) -> ShapeProfile:
    """Read the column batch by batch; `source` is SQL for the table."""
    counts, kinds = Counter[str](), Counter[str]()
    boxes: list[list[float]] = []
    query = f"SELECT st_aswkb({quote(column.name)}) FROM {source}"
    with session.connection.sql(query).to_arrow_reader(BATCH) as reader:
        for batch in reader:
            _look(batch.column(0), counts, kinds, boxes)
    return {
        "name": column.name, "type": column.type, "crs": column.crs,
        "nulls": counts["null"], "empty": counts["empty"], "invalid": counts["invalid"],
        "kinds": dict(sorted(kinds.items())), "bounds": _around(boxes),
    }  # fmt: skip


def _look(written: "pa.Array", counts: "Counter[str]", kinds: "Counter[str]", boxes: list[list[float]]) -> None:
    """Count what is in a batch."""
    import numpy as np
    import shapely

    with collecting_later(), np.errstate(invalid="ignore"):
        shapes = np.asarray(shapely.from_wkb(written.to_numpy(zero_copy_only=False), on_invalid="ignore"), dtype=object)
        there = shapes[~shapely.is_missing(shapes)]
        counts["null"] += written.null_count
        counts["empty"] += int(shapely.is_empty(there).sum())
        counts["invalid"] += len(shapes) - written.null_count - int(shapely.is_valid(there).sum())
        for (kind, high), count in Counter(zip(shapely.get_type_id(there), shapely.has_z(there), strict=True)).items():
            kinds[NAMES[kind] + (" Z" if high else "")] += count
        bounds = shapely.bounds(there)
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if len(known):
        boxes.append([*known[:, :2].min(axis=0).tolist(), *known[:, 2:].max(axis=0).tolist()])


def _around(boxes: list[list[float]]) -> list[float] | None:
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return [min(west), min(south), max(east), max(north)]

"""Unions of geometry, of each group or of a whole table: GEOS does it, so this part reads rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.errors import NodeError
from orchestrator.ops._numbered import numbered
from orchestrator.ops._spatial import check_finite, shapes, vectorised, wkb
from orchestrator.ops._types import free
from orchestrator.ops.base import Relation
from orchestrator.sql import quote
from orchestrator.tables import Session

if TYPE_CHECKING:
    import pyarrow as pa


def unions(session: Session, table: Relation, group_by: Sequence[str], column: str) -> Relation:
    """One row a group: `gid`, its number in the order of the group columns, and `g`, the union; nulls are skipped.

    Raises:
        NodeError: `invalid_geometry`, which GEOS cannot unite; with the row (from 1) where a coordinate is no number.
    """
    row = quote(free(table.columns, "_row"))
    order = ", ".join(f"{quote(name)} NULLS LAST" for name in group_by)
    number = f"dense_rank() OVER (ORDER BY {order})" if group_by else "1::BIGINT"
    source = numbered(session, table, row)
    query = f"SELECT {number} AS gid, {quote(column)} AS g, {row} AS n FROM {source}"
    frame = session.frame(session.connection.sql(query))
    return session.from_frame(_united(frame))


def _united(frame: Any) -> Any:
    import geopandas
    import shapely

    there = frame.dropna(subset=["g"])
    check_finite(there["g"].to_numpy(), there["n"].to_numpy() - 1)
    groups = there.groupby("gid", sort=True)["g"]
    try:
        made = {int(gid): shapely.union_all(part.to_numpy()) for gid, part in groups}
    except shapely.errors.GEOSException as error:
        reason = str(error).split("\n")[0]
        message = f"These geometries cannot be united: {reason}. Repair them first."
        raise NodeError(message, code="invalid_geometry") from None
    united = geopandas.GeoSeries(list(made.values()), crs=frame.crs)
    return geopandas.GeoDataFrame({"gid": list(made), "g": united}, geometry="g").astype({"gid": "int64"})


def dissolved(table: "pa.Table", column: str) -> "pa.Table":
    """One row with everything merged; none where there is nothing."""
    import numpy as np
    import pyarrow as pa
    import shapely

    areas = shapes(table.column(column))
    areas = areas[~shapely.is_missing(areas)]
    merged = [vectorised(shapely.union_all, areas)] if len(areas) else []
    field = table.schema.field(column)
    return pa.Table.from_arrays([wkb(np.array(merged, dtype=object))], schema=pa.schema([field]))

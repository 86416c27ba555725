"""Shapes in one normal form, so that those are equal that differ only in how they were drawn."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from orchestrator.crs import written_in
from orchestrator.ops._spatial import kind_of, mapped, vectorised
from orchestrator.ops._taken import Source
from orchestrator.ops.base import Context
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

Lenient = Annotated[
    bool,
    Field(
        description="Whether shapes are equal that differ only in the direction of lines, in where rings and closed "
        "lines begin, in the order of parts and holes, or in being a collection of one."
    ),
]


def alike(source: Source, columns: Iterable[str], context: Context) -> str:
    """The row numbers and these columns of a table in a FROM, its shapes in their normal form.

    The form is that of GEOS (`Geometry::normalize`); every vertex counts, heights and measures too.
    """
    wanted = ", ".join([source.number, *map(quote, columns)])
    table = context.session.connection.sql(f"SELECT {wanted} FROM {source.sql}")
    for column in geometry_columns(table):
        crs = written_in(kind_of(table, column))
        table = context.session.arrow(
            mapped(table, column, lambda batch, before: vectorised(_normal, batch, before=before), crs)
        )
    return context.session.name(table)


def _normal(batch: "Shapes") -> "Shapes":
    import numpy as np
    import shapely

    made = shapely.normalize(batch)
    collections = shapely.get_type_id(made) >= shapely.GeometryType.MULTIPOINT
    single = np.flatnonzero(collections & (shapely.get_num_geometries(made) == 1))
    made[single] = shapely.get_geometry(made[single], 0)
    return made

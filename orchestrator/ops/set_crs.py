"""`set_crs`: FME's CoordinateSystemSetter and CoordinateSystemRemover."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.crs import Crs, projjson
from orchestrator.ops._spatial import geometry_of
from orchestrator.ops.base import Op, Relation
from orchestrator.sql import literal, quote


class SetCrs(Op):
    """Say which coordinate system the geometry is in, or that nobody knows; no coordinate changes.

    Works on the first geometry column, and takes the place of what was said before. `reproject` moves coordinates.
    """

    title: ClassVar[str] = "Set CRS"
    category: ClassVar[str] = "Spatial"
    example: ClassVar[dict[str, Any]] = {"crs": "EPSG:4258"}

    crs: Crs | None = Field(
        description="Coordinate system that the coordinates are in; null takes away what is said.",
        examples=["EPSG:25832"],
    )

    def run(self, table: Annotated[Relation, "Rows with geometry."]) -> Relation:
        """The type of the column says it: no row is read."""
        column = quote(geometry_of(table))
        said = projjson(self.crs) if self.crs else ""
        return table.project(f"* REPLACE (st_setcrs({column}, {literal(said)}) AS {column})")

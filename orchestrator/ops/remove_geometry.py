"""`remove_geometry`: FME's GeometryRemover."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.ops._numbered import listed
from orchestrator.ops._shaped import active
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column
from orchestrator.schema import geometry_columns


class RemoveGeometry(Op):
    """Leave out the geometry columns; rows and all other columns stay as they are.

    A table without geometry passes unchanged.
    """

    category: ClassVar[str] = "Spatial"
    example: ClassVar[dict[str, Any]] = {"geometry": "geometry"}

    geometry: Column | None = Field(
        None, description="The geometry column to leave out; without it all of them.", examples=["geometry"]
    )

    def run(self, table: Annotated[Relation, "Rows with geometry."]) -> Relation:
        """A projection. Raises NodeError: `invalid_config` where nothing would be left; `missing_geometry`."""
        gone = geometry_columns(table) if self.geometry is None else [active(table, self.geometry)[0]]
        kept = [name for name in table.columns if name not in gone]
        if not kept:
            message = "The table has no column but geometry: without it nothing would be left."
            raise NodeError(message, code="invalid_config", path="/config/geometry")
        return table.project(listed(kept))

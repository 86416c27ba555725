"""`coordinates`: FME's CoordinateExtractor."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.ops._shaped import GeometryColumn, active, rebuilt
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, unique

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._spatial import Shapes


class Coordinates(Op):
    """Write the coordinates of a vertex into columns, or all vertices into a list.

    Vertices are counted from 0 through all parts and rings in their order; a ring ends with its first vertex again. A
    negative index counts from the end. Where there is no such vertex, as in null and empty geometry, columns are null;
    the list of empty geometry is empty. z is null where geometry is flat. Columns of these names are replaced.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"vertex": "first", "x": "x", "y": "y"}

    vertex: Literal["first", "last", "index", "all"] = Field(
        "first", description="Which vertex; `all` gives a list of `{x, y, z}` in place of columns."
    )
    index: int = Field(0, ge=-(2**31), le=2**31, description="The number of the vertex, from 0; from the end if < 0.")
    x: NewColumn = Field("x", description="Column for x, or the longitude.")
    y: NewColumn = Field("y", description="Column for y, or the latitude.")
    z: NewColumn | None = Field(None, description="Column for the height; none if left out.", examples=["z"])
    list_: NewColumn = Field("vertices", alias="list", description="Column for the list (`all`).")
    geometry: GeometryColumn = None

    @model_validator(mode="after")
    def _apart(self) -> "Coordinates":
        unique((getattr(self, axis), (axis,)) for axis in "xyz" if getattr(self, axis))
        return self

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry and all other columns stay as they are."""
        import pyarrow as pa

        column, _ = active(table, self.geometry)
        if self.vertex == "all":
            vertex = pa.struct([(axis, pa.float64()) for axis in "xyz"])
            fields = [pa.field(self.list_, pa.list_(vertex))]
        else:
            fields = [pa.field(name, pa.float64()) for name in (self.x, self.y, self.z) if name]
        return context.session.arrow(rebuilt(table, column, fields, lambda batch, *_: self._columns(batch)))

    def _columns(self, batch: "Shapes") -> "list[pa.Array]":
        import numpy as np
        import pyarrow as pa
        import shapely

        at, owners = shapely.get_coordinates(batch, include_z=True, return_index=True)
        counts = np.bincount(owners, minlength=len(batch))
        ends = np.cumsum(counts)
        if self.vertex == "all":
            struct = pa.StructArray.from_arrays([numbers(axis) for axis in at.T], list("xyz"))
            starts = np.concatenate([[0], ends]).astype(np.int32)
            return [pa.ListArray.from_arrays(starts, struct, mask=pa.array(shapely.is_missing(batch)))]
        index = {"first": 0, "last": -1}.get(self.vertex, self.index)
        there = counts > index if index >= 0 else counts >= -index
        found = np.full((len(batch), 3), np.nan)
        found[there] = at[(ends - counts + index if index >= 0 else ends + index)[there]]
        return [numbers(axis) for axis, name in zip(found.T, (self.x, self.y, self.z), strict=True) if name]


def numbers(values: Any) -> "pa.Array":
    """An Arrow column; NaN is null."""
    import pyarrow as pa

    return pa.array(values, pa.float64(), from_pandas=True)

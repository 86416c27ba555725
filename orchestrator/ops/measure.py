"""`measure`: FME's AreaCalculator and LengthCalculator."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.crs import written_in
from orchestrator.ops._degrees import counted_in_degrees
from orchestrator.ops._spatial import geometry_of, kind_of, missing_crs, shapes, vectorised
from orchestrator.ops._systems import check_flat
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, invalid, unique

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._measures import Measures
    from orchestrator.ops._spatial import Shapes


class Measure(Op):
    """Write area, length, perimeter and number of vertices of each geometry into columns.

    `planar` counts in units of the coordinate system, as on a flat map. `geodesic` gives metres and square metres on
    the ellipsoid, whatever the system: vertices are taken to longitude and latitude, and joined by geodesics. An edge
    of more than 180° goes the short way, over the antimeridian; one of 360° goes all around along its parallel, so
    that the area of -180 -90, 180 90 is that of the Earth. The length is that of lines, the perimeter that of areas
    with their holes; a collection counts with all its parts. Empty geometry measures 0, null gives null. Heights do
    not count. A column of a name that is there is replaced.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"area": "area", "length": "length", "method": "geodesic"}

    area: NewColumn | None = Field(None, description="Column for the area.", examples=["area"])
    length: NewColumn | None = Field(None, description="Column for the length of lines.", examples=["length"])
    perimeter: NewColumn | None = Field(None, description="Column for the length around areas.", examples=["perimeter"])
    vertices: NewColumn | None = Field(None, description="Column for the number of vertices.", examples=["vertices"])
    method: Literal["planar", "geodesic"] = Field(
        "planar", description="On the flat map, in its units; or on the ellipsoid, in metres."
    )
    multiplier: float = Field(
        1.0,
        gt=0,
        le=1e100,
        description="Lengths are multiplied by it and areas by its square: 0.001 makes kilometres of metres.",
    )

    @model_validator(mode="after")
    def _anything(self) -> "Measure":
        named = [(name, (setting,)) for setting, name in self._names().items()]
        if not named:
            raise invalid("Name a column for what you want to know.", "area")
        unique(named)
        return self

    def _names(self) -> dict[str, str]:
        names = {"area": self.area, "length": self.length, "perimeter": self.perimeter, "vertices": self.vertices}
        return {setting: name for setting, name in names.items() if name is not None}

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Batch by batch."""
        import pyarrow as pa

        from orchestrator.ops._parted import Part, parted

        column = geometry_of(table)
        crs = written_in(kind_of(table, column))
        measures = self._measures(crs)
        if self.method == "planar" and (counted := [name for name in self._names() if name != "vertices"]):
            counted_in_degrees(context, crs, f"The {counted[0]}", "/config/method", 'say {"method": "geodesic"}')
        kinds = {setting: pa.int64() if setting == "vertices" else pa.float64() for setting in self._names()}

        def work(batch: Any, before: int) -> dict[str, Part]:
            return {"result": Part(columns=self._columns(shapes(batch, before=before), measures, before))}

        fields = [pa.field(name, kinds[setting]) for setting, name in self._names().items()]
        return context.session.arrow(parted(table, column, {"result": fields}, work)["result"])

    def _measures(self, crs: str | None) -> "Measures":
        from orchestrator.ops._measures import Geodesic, Planar

        check_flat(crs)
        if self.method == "planar":
            return Planar()
        if crs is None:
            raise missing_crs("table", "A set_crs node says which it is.")
        return Geodesic(crs)

    def _columns(self, batch: "Shapes", measures: "Measures", before: int) -> "list[pa.Array]":
        import pyarrow as pa
        import shapely

        power = {"area": 2, "length": 1, "perimeter": 1}
        missing, made, there = shapely.is_missing(batch), [], measures.placed(batch, before)
        for setting in self._names():
            if setting == "vertices":
                made.append(pa.array(shapely.get_num_coordinates(batch), pa.int64(), mask=missing))
                continue
            found = vectorised(getattr(measures, setting), there, before=before)
            made.append(pa.array(found * self.multiplier ** power[setting], mask=missing))
        return made

"""`crs_of`: FME's CoordinateSystemExtractor."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from orchestrator.crs import code, parse, written_in
from orchestrator.ops._called import new_columns
from orchestrator.ops._spatial import geometry_of, kind_of
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import NewColumn, invalid
from orchestrator.sql import literal, quote


class CrsOf(Op):
    """Write down in columns which coordinate system the geometry is in.

    That of the first geometry column; it is the same for all rows of a table, also for those without geometry. Null
    where it is not known.
    """

    title: ClassVar[str] = "CRS of"
    category: ClassVar[str] = "Spatial"
    example: ClassVar[dict[str, Any]] = {"code": "crs", "unit": "unit"}

    code: NewColumn | None = Field(
        "crs", description="Column for its code, such as EPSG:4326; its name where it has none.", examples=["crs"]
    )
    name: NewColumn | None = Field(None, description="Column for its name, such as WGS 84.", examples=["crs_name"])
    unit: NewColumn | None = Field(
        None, description="Column for the unit of its coordinates, such as degree or metre.", examples=["unit"]
    )
    definition: NewColumn | None = Field(
        None, description="Column for its definition in full, as WKT of 2019.", examples=["crs_wkt"]
    )

    @model_validator(mode="after")
    def _anything(self) -> "CrsOf":
        if not (self.code or self.name or self.unit or self.definition):
            raise invalid("Name a column for what you want to know.", "code")
        return self

    def run(self, table: Annotated[Relation, "Rows with geometry."]) -> Relation:
        """The type of the geometry column says it: no row is read."""
        known = self._known(written_in(kind_of(table, geometry_of(table))))
        wanted = {"code": self.code, "name": self.name, "unit": self.unit, "definition": self.definition}
        new_columns(table.columns, wanted)
        made = [
            f"{'NULL' if value is None else literal(value)}::VARCHAR AS {quote(name)}"
            for (setting, name), value in zip(wanted.items(), known, strict=True)
            if name is not None
        ]
        return table.project(", ".join(["*", *made]))

    @staticmethod
    def _known(crs: str | None) -> list[str | None]:
        if crs is None:
            return [None] * 4
        found = parse(crs)
        unit = found.axis_info[0].unit_name if found.axis_info else None
        return [code(crs) or found.name, found.name, unit, found.to_wkt("WKT2_2019")]

"""`geometry_to_text`: FME's GeometryExtractor."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._shaped import GeometryColumn, active, rebuilt
from orchestrator.ops._spatial import geometry_field, without_measures, wkb
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn
from orchestrator.sql import quote

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

FORMATS = {
    "wkt": "st_astext({})",
    "wkb": "st_aswkb({})",
    "hex": "hex(st_aswkb({}))",
    "geojson": "CASE WHEN CAST(st_asgeojson({0}) AS VARCHAR) NOT SIMILAR TO '.*(NaN|Infinity).*' "
    "THEN CAST(st_asgeojson({0}) AS VARCHAR) END",
}


class GeometryToText(Op):
    """Write geometry into a column as WKT, WKB (bytes or their hexadecimal digits) or GeoJSON.

    Numbers are written so that they can be read back to the last bit, unless they are rounded. The coordinate system is
    not written; GeoJSON should be in EPSG:4326. Null stays null. GeoJSON has no measures, and rounding drops them;
    it is null where a coordinate is NaN or infinite, which JSON has no word for.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"format": "wkt", "name": "wkt"}

    format: Literal["wkt", "wkb", "hex", "geojson"] = Field("wkt", description="How it is written.")
    name: NewColumn = Field("text", description="Name of the column; one of that name is replaced.")
    precision: int | None = Field(None, ge=0, le=15, description="Round coordinates to so many decimals.", examples=[6])
    drop: bool = Field(False, description="Leave out the geometry column.")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """A projection; only rounding reads the rows."""
        column, crs = active(table, self.geometry)
        kept = [name for name in table.columns if not (self.drop and name == column)]
        source = column
        if self.precision is not None:
            source = free(table.columns, "_rounded")
            field = geometry_field(source, crs)
            rounded = rebuilt(table, column, [field], lambda batch, *_: [wkb(self._rounded(batch))])
            table = context.session.arrow(rounded)
        columns = {name.lower(): quote(name) for name in kept}
        columns[self.name.lower()] = f"{FORMATS[self.format].format(quote(source))} AS {quote(self.name)}"
        return table.project(", ".join(columns.values()))

    def _rounded(self, batch: "Shapes") -> "Shapes":
        import shapely

        decimals = self.precision or 0
        flat_or_not: Any = {"include_z": None}
        made: Shapes = shapely.transform(without_measures(batch), lambda at: rounded(at, decimals), **flat_or_not)
        return made


def rounded(numbers: Any, decimals: int) -> Any:
    """Numbers to so many decimals; those that have no more stay, for to round them would lose their last digits."""
    import numpy as np

    with np.errstate(over="ignore"):
        return np.where(np.abs(numbers) < 2**52 / 10.0**decimals, np.round(numbers, decimals), numbers)

"""`geometry_from_text`: FME's GeometryReplacer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from orchestrator.carried import batches
from orchestrator.crs import Crs, projjson
from orchestrator.errors import NodeError
from orchestrator.ops._rejected import rejected_arrow
from orchestrator.ops._shaped import known
from orchestrator.ops._spatial import BATCH, finite, geometry_field, kind_of, wkb
from orchestrator.ops._types import NULL, family, free, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

if TYPE_CHECKING:
    import pyarrow as pa


class Shaped(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "Rows with their geometry."]
    rejected: Annotated[Relation, "Rows whose text is no geometry; `rejection_code` and `rejection_message` say why."]


class GeometryFromText(Op):
    """Make geometry of a column with WKT, WKB (bytes or their hexadecimal digits) or GeoJSON.

    `auto` looks at each value. Null gives null geometry. A row is rejected where the text, also an empty one, is no
    geometry or a curve (`invalid_geometry`), or a coordinate is NaN or infinite (`not_finite`). Lines and areas may
    cross themselves. An SRID in the text is left aside: `crs` says what the numbers are. Of a GeoJSON feature the
    geometry is taken, also where it is null.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"column": "wkt", "crs": "EPSG:4326"}

    column: Column = Field(description="Column with the text or the bytes.", examples=["wkt"])
    format: Literal["auto", "wkt", "wkb", "geojson"] = Field("auto", description="How geometry is written there.")
    crs: Crs | None = Field(
        "EPSG:4326", description="Coordinate system of the numbers; null where it is not known.", examples=["EPSG:4326"]
    )
    geometry: NewColumn = Field("geometry", description="Name of the new column; one of that name is replaced.")
    drop: bool = Field(False, description="Leave out the column that the geometry comes from.")

    def run(self, table: Annotated[Relation, "Rows with text."], context: Context) -> Shaped:
        """Read batch by batch."""
        import pyarrow as pa

        column, helper = self._checked(table), free([*table.columns, self.geometry], "_text")
        kind = "BLOB" if kind_of(table, column) == "BLOB" else "VARCHAR"
        given = table.project(f"*, CAST({quote(column)} AS {kind}) AS {quote(helper)}")
        gone = {self.geometry.lower(), helper.lower(), *([column.lower()] if self.drop else [])}
        kept = [name for name in given.columns if name.lower() not in gone]
        place = next((index for index, name in enumerate(kept) if name in geometry_columns(table)), len(kept))
        with batches(given, BATCH) as reader:
            good, bad = zip(*(self._sorted(rows, helper, kept, place) for rows in _tables(reader)), strict=True)
        return Shaped(context.session.arrow(pa.concat_tables(good)), context.session.arrow(pa.concat_tables(bad)))

    def _checked(self, table: Relation) -> str:
        """The column, if it can hold geometry in this format."""
        column = known(table, self.column, "/column")
        kind = kind_of(table, column)
        if family(kind) != "text" and kind not in ("BLOB", "JSON", NULL):
            message = f"Column '{column}' is {plain(kind)}; geometry is read from text or a blob."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        if kind == "BLOB" and self.format not in ("auto", "wkb"):
            message = f"Column '{column}' is BLOB, which can hold WKB only."
            raise NodeError(message, code="type_mismatch", path="/config/format")
        return column

    def _sorted(self, rows: "pa.Table", helper: str, kept: list[str], place: int) -> "tuple[pa.Table, pa.Table]":
        """The rows with their shape, its column at this place, and those that have none."""
        import numpy as np
        import pyarrow as pa

        from orchestrator.ops._read_text import formats_of, read

        texts = rows.column(helper).combine_chunks()
        shapes, reasons = read(texts, formats_of(texts) if self.format == "auto" else np.full(len(texts), self.format))
        wrong = np.flatnonzero(~finite(shapes, heights=True))
        why = {int(row): ("not_finite", "A coordinate is NaN or infinite.") for row in wrong}
        why |= {row: ("invalid_geometry", reason) for row, reason in reasons.items()}
        lost = sorted(why)
        fine = np.setdiff1d(np.arange(len(texts)), lost)
        field = geometry_field(self.geometry, projjson(self.crs) if self.crs else None)
        columns = [(rows.schema.field(each), rows.column(each).take(fine)) for each in kept]
        columns.insert(place, (field, wkb(shapes[fine])))
        good = pa.table([each for _, each in columns], schema=pa.schema([each for each, _ in columns]))
        codes, messages = [why[row][0] for row in lost], [why[row][1] for row in lost]
        return good, rejected_arrow(rows.drop_columns([helper]).take(np.array(lost, dtype=np.int64)), codes, messages)


def _tables(reader: "pa.RecordBatchReader") -> "Iterator[pa.Table]":
    """The batches as tables, after an empty one: so there is always one."""
    import pyarrow as pa

    yield reader.schema.empty_table()
    for batch in reader:
        yield pa.Table.from_arrays(batch.columns, schema=reader.schema)

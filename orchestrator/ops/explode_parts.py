"""`explode_parts`: FME's Deaggregator."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.carried import batches, taken
from orchestrator.ops._shaped import GeometryColumn, active
from orchestrator.ops._spatial import BATCH, geometry_field, shapes, wkb
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn

if TYPE_CHECKING:
    import pyarrow as pa


class ExplodeParts(Op):
    """Make a row for each part of a geometry, with the columns of its row.

    Parts are numbered from 1 within their row, and come in its place and their order. A geometry of one part gives one
    row. Null or empty geometry keeps its row, without a number; empty parts beside others are left out. Holes stay in
    their areas.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"number": "part_number"}

    number: NewColumn | None = Field(
        "part_number", description="Column for the number of the part; one of that name is replaced. Null: no column."
    )
    nested: bool = Field(True, description="Take apart also collections inside of collections.")
    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Attributes are taken by row number."""
        import pyarrow as pa

        column, crs = active(table, self.geometry)
        with batches(table, BATCH) as reader:
            fields = {field.name.lower(): field for field in reader.schema}
            fields[column.lower()] = geometry_field(column, crs)
            if self.number:
                fields[self.number.lower()] = pa.field(self.number, pa.int64())
            schema, before = pa.schema(fields.values()), 0
            made = [schema.empty_table()]
            for batch in reader:
                made.append(pa.Table.from_arrays(self._parts(batch, column, before), schema=schema))
                before += batch.num_rows
        return context.session.arrow(pa.concat_tables(made))

    def _parts(self, batch: "pa.RecordBatch", column: str, before: int) -> list[Any]:
        import pyarrow as pa

        from orchestrator.ops._parts import split

        parts, of, numbers = split(shapes(batch.column(column), before=before), nested=self.nested)
        made = {column.lower(): wkb(parts)}
        if self.number:
            made[self.number.lower()] = pa.array(numbers, pa.int64(), mask=numbers == 0)
        columns = {name.lower(): each for name, each in zip(batch.schema.names, batch.columns, strict=True)}
        left = {name: taken(each, of) for name, each in columns.items() if name not in made}
        return list((columns | left | made).values())

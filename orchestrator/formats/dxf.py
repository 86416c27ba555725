"""`dxf`: drawings of AutoCAD."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.cut_short import cut_short, tail
from orchestrator.formats.vector_reader import VectorReader
from orchestrator.formats.vector_values import check_numbers, shapes_of
from orchestrator.ops.settings import Column
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote
from orchestrator.suggest import listing, near


class DxfReader(VectorReader):
    """The entities of a drawing: `Layer`, `PaperSpace`, `SubClasses`, `Linetype`, `EntityHandle`, `Text`, geometry.

    Blocks are put in their places. A drawing has no coordinate system.
    """

    name: ClassVar[str] = "dxf"
    label: ClassVar[str] = "DXF"
    extensions: ClassVar[tuple[str, ...]] = (".dxf",)
    driver: ClassVar[str] = "DXF"

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, if it begins and ends as a drawing does. Raises NodeError, `unreadable_file`."""
        with path.open("rb") as file:
            start = file.read(4096)
        lines = [line.strip() for line in start.splitlines()]
        if b"SECTION" not in lines and not start.startswith(b"AutoCAD Binary DXF"):
            raise NodeError(f"'{self.path}' is not a DXF drawing.", code="unreadable_file")
        if b"EOF" not in tail(path):
            raise cut_short(self.path, "a drawing ends with EOF")
        yield str(path)


class DxfWriter(Writer):
    """Geometry as entities of a drawing, each on its layer; other columns are not written.

    A drawing has no coordinate system. A row whose geometry is null or empty is left out, and the run's log says how
    many; a multi-geometry becomes one entity per part, without empty lines and areas. Empty points among others and
    coordinates that are NaN or infinite are refused.
    """

    name: ClassVar[str] = "dxf"
    label: ClassVar[str] = "DXF"
    extensions: ClassVar[tuple[str, ...]] = DxfReader.extensions
    geometry_as: ClassVar[GeometryAs] = "features"
    loses: ClassVar[lossy.Losses] = (lossy.NO_SHAPE,)

    layer_column: Column | None = option(None, "The column that names the layer; layer 0 by default.", "region")

    def check(self, table: Relation) -> None:
        """Geometry is needed, and a named column of layers. Raises NodeError: `geometry_needed`, `unknown_column`."""
        vector.needs_geometry(table, "DXF")
        if self.layer_column is not None and self.layer_column not in table.columns:
            message = f"Column '{self.layer_column}' is not in this table.{near(self.layer_column, table.columns)}"
            hint = listing(table.columns)
            raise NodeError(message, code="unknown_column", path="/config/layer_column", port="table", hint=hint)

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The drawing.

        Raises:
            NodeError: `invalid_value`: a layer's name cannot be held; `invalid_geometry`: a coordinate is no number, or
                a point among others is empty; else as `write_whole`.
        """
        with vector.held(self.prepare(table, context), context) as rows:
            for (name,) in rows.project("Layer").distinct().fetchall():
                if name.encode("cp1252", "ignore").decode("cp1252") != name:
                    message = f"Layer '{name}' has letters that a drawing cannot hold (windows-1252)."
                    raise NodeError(message, code="invalid_value", path="/config/layer_column")
            check_numbers(shapes_of(rows.project("geometry").to_arrow_table().column(0)), 0)
            shapes = rows.filter("geometry IS NOT NULL")
            return vector.write_whole(shapes, path, driver="DXF", geometry_type="Unknown", crs=None, encoding="cp1252")

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Layer and geometry, which is null where it has no vertex."""
        geometry = quote(geometry_columns(table)[0])
        layer = f"coalesce({quote(self.layer_column)}::VARCHAR, '0')" if self.layer_column else "'0'"
        shape = f"CASE WHEN NOT {lossy.is_empty(geometry)} THEN {geometry} END"
        return table.project(f"{layer} AS Layer, {shape} AS geometry")

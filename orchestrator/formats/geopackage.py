"""`geopackage`: layers in an SQLite file."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.cut_short import pages
from orchestrator.formats.sqlite_tables import MAGIC
from orchestrator.formats.systems import crs_text
from orchestrator.formats.vector_reader import LayerReader, begins_with
from orchestrator.paths import existing
from orchestrator.schema import geometry_columns


class GeopackageReader(LayerReader):
    """One layer of a GeoPackage. Its times are UTC; the feature id is left out."""

    name: ClassVar[str] = "geopackage"
    label: ClassVar[str] = "GeoPackage"
    extensions: ClassVar[tuple[str, ...]] = (".gpkg",)
    driver: ClassVar[str] = "GPKG"

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, if it is an SQLite database."""
        begins_with(path, self.path, MAGIC, "a GeoPackage")
        pages(path, self.path)
        yield f"GPKG:{path}"


class GeopackageWriter(Writer):
    """One layer of a GeoPackage; `overwrite` replaces the whole file, `append` keeps the other layers.

    A table without geometry becomes an attribute layer. Times are stored as UTC with milliseconds, further geometry
    columns as WKT, nested values as JSON text, decimals as DOUBLE.
    """

    name: ClassVar[str] = "geopackage"
    geometry_as: ClassVar[GeometryAs] = "features"
    label: ClassVar[str] = "GeoPackage"
    extensions: ClassVar[tuple[str, ...]] = GeopackageReader.extensions
    becomes: ClassVar[Mapping[str, str]] = {"TIMESTAMP": "TIMESTAMP WITH TIME ZONE"}

    layer: str | None = option(None, "The layer's name; the file's name by default.", "countries", min_length=1)

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The layer, with the kind of its geometry where there is one kind only."""
        rows = self.prepare(table, context)
        names = {name.lower() for name in rows.columns}
        layer = {"FID": next(each for each in ("fid", "_fid", "_fid_") if each not in names)}
        options: dict[str, Any] = {"driver": "GPKG", "layer": self.layer or path.stem, "layer_options": layer}
        if not (geometry := geometry_columns(rows)):
            return vector.write(rows, path, geometry_type=None, **options)
        layer["GEOMETRY_NAME"] = geometry[0]
        with vector.held(rows, context) as held:
            kind = vector.common_kind(held)
            return vector.write(held, path, geometry_type=kind, **options | {"crs": crs_text(rows)})

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that a GeoPackage has."""
        return vector.holdable(table, text=("TIME",))

    def begin(self, old: Path, place: Path) -> None:
        """The other layers stay."""
        shutil.copyfile(old, place)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """The rows of the layer that is there; none where the layer is new."""
        path = existing(context.root, self.path)
        begins_with(path, self.path, MAGIC, "a GeoPackage")
        layer = self.layer or path.stem
        try:
            vector.layer_named(f"GPKG:{path}", layer, self.path)
        except NodeError:
            return None
        return GeopackageReader(path=self.path, layer=layer).load(context)

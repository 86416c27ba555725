"""`geopackage`: layers in an SQLite file."""

import shutil
from pathlib import Path
from typing import ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, kept, option
from orchestrator.formats.systems import crs_text
from orchestrator.schema import geometry_columns

MAGIC = b"SQLite format 3\0"


class GeopackageReader(FileReader):
    """One layer of a GeoPackage. Its times are UTC; the feature id is left out."""

    name: ClassVar[str] = "geopackage"
    label: ClassVar[str] = "GeoPackage"
    extensions: ClassVar[tuple[str, ...]] = (".gpkg",)

    layer: str | int | None = option(None, "The layer, by name or number from 0; the first by default.", "countries")

    def read(self, path: Path, context: Context) -> Relation:
        """All features of the layer."""
        check_magic(path, self.path)
        source = f"GPKG:{path}"
        layer = vector.layer_named(source, self.layer, self.path)
        return vector.read(source, path.stat().st_size, context, layer=layer)


def check_magic(path: Path, name: str) -> None:
    """Refuse a file that is no SQLite database, before GDAL guesses what it is."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NodeError(f"'{name}' is not a GeoPackage.", code="unreadable_file")


class GeopackageWriter(Writer):
    """One layer of a GeoPackage; `overwrite` replaces the whole file, `append` keeps the other layers.

    A table without geometry becomes an attribute layer. Times are stored as UTC with milliseconds, further geometry
    columns as WKT, nested values as JSON text, decimals as DOUBLE.
    """

    name: ClassVar[str] = "geopackage"
    geometry_as: ClassVar[GeometryAs] = "features"
    label: ClassVar[str] = "GeoPackage"
    extensions: ClassVar[tuple[str, ...]] = GeopackageReader.extensions

    layer: str | None = option(None, "The layer's name; the file's name by default.", "countries", min_length=1)

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The layer, with the kind of its geometry where there is one kind only."""
        rows = self.prepare(table, context)
        system, kind = crs_text(rows), None
        if geometry := geometry_columns(rows):
            rows = kept(rows, context)
            kind = vector.common_kind(rows)
        names = {name.lower() for name in rows.columns}
        options = {"FID": next(each for each in ("fid", "_fid", "_fid_") if each not in names)}
        if geometry:
            options["GEOMETRY_NAME"] = geometry[0]
        layer = self.layer or path.stem
        return vector.write(
            rows, path, driver="GPKG", layer=layer, geometry_type=kind, crs=system, layer_options=options
        )  # fmt: skip

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that a GeoPackage has."""
        return vector.holdable(table, text=("TIME",))

    def begin(self, old: Path, place: Path) -> None:
        """The other layers stay."""
        shutil.copyfile(old, place)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """The rows of the layer that is there; none where the layer is new."""
        from orchestrator.paths import existing

        path = existing(context.root, self.path)
        check_magic(path, self.path)
        layer = self.layer or path.stem
        try:
            vector.layer_named(f"GPKG:{path}", layer, self.path)
        except NodeError:
            return None
        return GeopackageReader(path=self.path, layer=layer).load(context)

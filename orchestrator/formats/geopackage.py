"""`geopackage`: layers in an SQLite file."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats import geopackage_layers as layers
from orchestrator.formats import lossy, vector
from orchestrator.formats.atomic import replacing
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.changed import warn_of_old
from orchestrator.formats.cut_short import pages
from orchestrator.formats.sqlite_tables import MAGIC
from orchestrator.formats.systems import aligned, crs_text, united
from orchestrator.formats.vector_reader import LayerReader, begins_with
from orchestrator.schema import geometry_columns


class GeopackageReader(LayerReader):
    """One layer of a GeoPackage. Its times are UTC; the feature id is left out. Curves are read as lines, with a
    point every four degrees."""

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
    """One layer of a GeoPackage; `overwrite` replaces the whole file, `append` keeps all that is in it, `replace_layer`
    all but the layer. So several nodes may write a layer each, in any order.

    Rows are added to the layer as it is: feature ids, indexes and constraints stay. Where a column or the kind of the
    geometry has to become another one, the layer is written anew, and they are lost.

    A table without geometry becomes an attribute layer. Times are stored as UTC with milliseconds, further geometry
    columns as WKT, nested values as JSON text, decimals as DOUBLE; NaN is null.
    """

    name: ClassVar[str] = "geopackage"
    geometry_as: ClassVar[GeometryAs] = "features"
    label: ClassVar[str] = "GeoPackage"
    extensions: ClassVar[tuple[str, ...]] = GeopackageReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.NANS, *lossy.MICROSECONDS)
    changes: ClassVar[tuple[str, ...]] = ("append", "replace_layer")
    becomes: ClassVar[Mapping[str, str]] = {"TIMESTAMP": "TIMESTAMP WITH TIME ZONE"}

    layer: str | None = option(None, "The layer's name; the file's name by default.", "countries", min_length=1)
    mode: Literal["overwrite", "append", "error", "replace_layer"] = option(
        "overwrite",
        "What to do where the file is there: replace it whole, add rows to the layer by column name, refuse, or "
        "replace the layer and keep the others.",
        "replace_layer",
        "select",
    )

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

    def change(self, table: Relation, path: Path, context: Context) -> int:
        """Add the rows or the layer to a copy of the file, which takes its place once it is whole."""
        if not path.exists():
            return self.write(table, path, context)
        begins_with(path, self.path, MAGIC, "a GeoPackage")
        with replacing(path, self.files) as place:
            shutil.copyfile(path, place)
            if self.mode == "replace_layer":
                return self.write(table, place, context)
            return self._add(table, path, place, context)

    def _add(self, table: Relation, path: Path, place: Path, context: Context) -> int:
        layer = self.layer or path.stem
        if (old := self._layer(path, replace(context, design=True))) is None:
            return self.write(table, place, context)
        new = aligned(self.prepare(table, context), old)
        shapes = layers.shapes_of(path, layer)
        fits = layers.fits(old, united(old, new, context)) and bool(shapes) == bool(geometry_columns(new))
        with vector.held(new, context) as held:
            if fits and (shapes is None or shapes.takes(held)):
                layers.add_columns(place, layer, old, held)
                return layers.add_rows(place, layer, held)
            whole = self._layer(path, context)
            assert whole is not None  # noqa: S101
            before = len(whole)
            return self.write(united(whole, held, context), place, context) - before

    def foresee(self, table: Relation, path: Path, context: Context) -> None:
        """Coordinate systems that differ, and columns that change their type."""
        begins_with(path, self.path, MAGIC, "a GeoPackage")
        if self.mode == "append" and (old := self._layer(path, context)) is not None:
            warn_of_old(self, old, united(old, aligned(self.prepare(table, context), old), context), context)

    def _layer(self, path: Path, context: Context) -> Relation | None:
        """The layer that is there; None where it is new."""
        layer = self.layer or path.stem
        try:
            vector.layer_named(f"GPKG:{path}", layer, self.path)
        except NodeError:
            return None
        return GeopackageReader(path=self.path, layer=layer).load(context)

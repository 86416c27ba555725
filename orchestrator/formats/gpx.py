"""`gpx`: waypoints, routes and tracks of GPS devices, in WGS 84."""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.encodings import utf_8
from orchestrator.formats.gdal import gdal
from orchestrator.formats.gpx_blanks import without_blanks
from orchestrator.formats.gpx_extensions import OTHERS, OWN, PREFIX, extended, with_heights
from orchestrator.formats.systems import WGS_84, reprojected
from orchestrator.formats.vector_reader import VectorReader, has_root, renamed, safe_names
from orchestrator.formats.vector_values import check_numbers, check_places, shapes_of
from orchestrator.formats.xml_ends import not_stopped
from orchestrator.paths import existing
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

LAYER_OF = {"Point": "waypoints", "LineString": "routes", "MultiLineString": "tracks"}
# What is looked for where no layer is named: GDAL has all of them in every file.
ELEMENTS = {"waypoints": b"<wpt", "tracks": b"<trk", "routes": b"<rte"}
KIND_OF = {"waypoints": "Point", "routes": "LineString", "tracks": "MultiLineString", "track_points": "Point"}
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE")


class GpxReader(VectorReader):
    """One layer of a GPX file: waypoints, routes, tracks, or the points of routes and tracks.

    The columns are GPX's own, then the extensions, without line ends in their texts. `time` is UTC, read as TIMESTAMP.
    An element that is empty or blank is null, but for a text of GPX's own, such as `name`, that is blank.
    """

    name: ClassVar[str] = "gpx"
    label: ClassVar[str] = "GPX"
    extensions: ClassVar[tuple[str, ...]] = (".gpx",)
    driver: ClassVar[str] = "GPX"

    layer: Literal["waypoints", "routes", "tracks", "route_points", "track_points"] | None = option(
        None, "Which features; by default the first that there are of waypoints, tracks and routes.", "tracks", "select"
    )
    heights: bool = option(False, "Make `ele` the height of the geometry; 0 where there is none.", True, "checkbox")

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, if it is GPX."""
        utf_8(path, self.path, self.label)
        has_root(path, self.path, "gpx", "GPX")
        with without_blanks(path) as plain:
            yield str(plain)

    def read(self, path: Path, context: Context) -> Relation:
        """All features of the layer, of a file that is XML to its end."""
        return not_stopped(super().read(path, context), path, self.path, context)

    def chosen(self, source: str) -> str:
        """The layer that is named, or the first with features."""
        if self.layer:
            return self.layer
        with open(source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return next((layer for layer, element in ELEMENTS.items() if whole.find(element) >= 0), "waypoints")

    def options(self, source: str, layer: str) -> dict[str, Any]:
        """Heights, if they are wanted."""
        return {"ELE_AS_25D": "YES" if self.heights else "NO"}

    def shown(self, table: Relation) -> Relation:
        """Extensions that were written here have their own names."""
        taken = set(table.columns)
        short = [name.removeprefix(PREFIX) for name in table.columns]
        return renamed(table, [new if new not in taken else old for old, new in zip(table.columns, short, strict=True)])


class GpxWriter(Writer):
    """One layer of a GPX file, in WGS 84: geometry in another coordinate system is reprojected.

    Points are waypoints, lines routes, multi-lines tracks; `layer` says otherwise. Columns with GPX's names (`name`,
    `ele`, `time`, `desc` …) are written as such, others as extensions; numbers there are read back as numbers, all else
    as text, and a text of digits as a number. Integers there have 32 bits, texts one line: others are refused. Empty
    text is null, and so are blanks alone in an extension; `time` has milliseconds. Column names become names of XML
    elements. Geometry must not be null. The height of a point is `ele`, that of its geometry where the table has no
    such column.
    """

    name: ClassVar[str] = "gpx"
    label: ClassVar[str] = "GPX"
    extensions: ClassVar[tuple[str, ...]] = GpxReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.EMPTY, lossy.BLANK._replace(names=OTHERS), lossy.GPX_TIME)
    becomes: ClassVar[Mapping[str, str]] = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
    geometry_as: ClassVar[GeometryAs] = "features"
    geometry_name: ClassVar[str] = "geometry"

    layer: Literal["waypoints", "routes", "tracks", "track_points"] | None = option(
        None, "What the rows become; by their geometry by default. Points of tracks need `track_fid`, `track_seg_id`.",
        "tracks", "select",
    )  # fmt: skip

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "GPX")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The layer, in memory."""
        with vector.held(self.prepare(table, context), context) as held:
            return self._written(extended(held), path, context)

    def _written(self, rows: Relation, path: Path, context: Context) -> int:
        layer = self._layer(rows)
        height = " Z" if any(z for _, z in vector.kinds(rows)) else ""
        if height and KIND_OF[layer] == "Point" and "ele" not in rows.columns:
            rows = with_heights(rows, context)
        options = {"FORCE_GPX_TRACK": "YES"} if layer == "tracks" else {}
        shapes = shapes_of(rows.project(quote(geometry_columns(rows)[0])).to_arrow_table().column(0))
        check_places(shapes, 0)
        check_numbers(shapes, 0)
        count = vector.write_whole(
            rows, path, layer=layer, driver="GPX", geometry_type=KIND_OF[layer] + height, crs=WGS_84,
            dataset_options={"GPX_USE_EXTENSIONS": "YES"}, layer_options=options,
        )  # fmt: skip
        vector.ended(path, b"</gpx>")
        return count

    def _layer(self, rows: Relation) -> str:
        name = quote(geometry_columns(rows)[0])
        if vector.without_empty(rows, "POINT").filter(f"{name} IS NULL").limit(1).fetchall():
            raise NodeError("GPX holds no null geometry, and no empty point.", code="invalid_geometry", port="table")
        found = {kind for kind, _ in vector.kinds(rows)}
        layers = {LAYER_OF.get(kind) for kind in found} or {"waypoints"}
        layer = self.layer or (layers.pop() if len(layers) == 1 else None)
        fitting = {"Point"} if layer in ("waypoints", "track_points") else {"LineString", "MultiLineString"}
        if layer is None or not found <= (fitting - ({"MultiLineString"} if layer == "routes" else set())):
            listed = " and ".join(sorted(found))
            message = f"A layer of GPX holds points, lines or multi-lines, and these are {listed}."
            raise NodeError(message, code="geometry_mixed", port="table")
        return str(layer)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types and names that GPX has, in WGS 84."""
        rows = vector.holdable(table)
        geometry, fields = geometry_columns(rows)[0], []
        names = iter(safe_names([name for name in rows.columns if name != geometry]))
        for name, kind in zip(rows.columns, map(str, rows.types), strict=True):
            wanted = OWN.get(name) or (kind if kind in NUMBERS else "VARCHAR")
            field = quote(name) if name == geometry else f"{quote(name)}::{wanted} AS {quote(next(names))}"
            fields.append(field)
        return reprojected(rows.project(", ".join(fields)), WGS_84, context)

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """The rows of the layer, if it is the only one with any: others would be lost.

        Raises NodeError, `file_exists`, where there are others.
        """
        path = existing(context.root, self.path)
        wanted = self.layer or self._layer(self.prepare(table, context))
        reader = GpxReader(path=self.path, layer=wanted)
        with reader.opened(path, context) as source, vector.quietly():
            full = {
                layer for layer in ("waypoints", "routes", "tracks")
                if gdal().read_info(source, layer=layer, force_feature_count=True)["features"]
            }  # fmt: skip
        if full - {wanted.replace("track_points", "tracks")}:
            message = f"'{self.path}' has other layers ({', '.join(sorted(full))}), which would be lost."
            raise NodeError(message, code="file_exists", path="/config/layer")
        return reader.load(context)

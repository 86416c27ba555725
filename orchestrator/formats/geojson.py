"""`geojson`: features as JSON, in WGS 84."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer, option
from orchestrator.formats.encodings import utf_8
from orchestrator.formats.geojson_limits import exact
from orchestrator.formats.geojson_members import add, members
from orchestrator.formats.systems import WGS_84, reprojected
from orchestrator.formats.vector_reader import VectorReader
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

KINDS = frozenset(vector.KINDS)


class GeojsonReader(VectorReader):
    """Features with their properties; the geometry is the last column, `geometry`. Nested properties are JSON text.

    Whole numbers beyond BIGINT are DOUBLE; one of 19 digits is refused, and in a list one below -10^18 is DOUBLE.
    """

    name: ClassVar[str] = "geojson"
    label: ClassVar[str] = "GeoJSON"
    extensions: ClassVar[tuple[str, ...]] = (".geojson",)
    driver: ClassVar[str] = "GeoJSON"
    widen: ClassVar[bool] = True
    judges: ClassVar[bool] = True

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, with the driver's name before it."""
        utf_8(path, self.path, self.label)
        yield f"GeoJSON:{path}"

    def reason(self, error: Exception) -> str:
        """GDAL says where the file is no JSON."""
        return str(error).splitlines()[0].rstrip(". ")

    def read(self, path: Path, context: Context) -> Relation:
        """All features; a geometry that cannot be read fails, and names its feature."""
        table = exact(super().read(path, context), path, context)
        if not context.design:
            self._check(table, path)
        return table

    def _check(self, table: Relation, path: Path) -> None:
        """GDAL makes null of a geometry that it cannot read: tell that apart from one that is null in the file."""
        (name,) = geometry_columns(table)
        # An empty line, polygon or collection is nine bytes: GDAL makes one of rings that are not closed.
        gone = f"coalesce(octet_length(ST_AsWKB({quote(name)})::BLOB) <= 9, true) AS gone"
        empty = table.project(f"{gone}, row_number() OVER () AS number").filter("gone")
        numbers = [row[1] for row in empty.fetchall()]
        if not numbers:
            return
        features = _features(path)
        for number in numbers:
            geometry = features[number - 1].get("geometry") if number <= len(features) else None
            if not _is_empty(geometry):
                kind = geometry.get("type") if isinstance(geometry, dict) else None
                message = f"'{self.path}' has a broken geometry: feature {number:,}, {kind or 'no type'}."
                raise NodeError(message, code="invalid_geometry", row=number)


def _is_empty(geometry: Any) -> bool:
    """Whether the file itself says that there is nothing."""
    if not isinstance(geometry, dict):
        return geometry is None
    return [] in (geometry.get("coordinates"), geometry.get("geometries")) and geometry.get("type") in KINDS


def _features(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        document = json.load(file)
    if document.get("type") == "FeatureCollection":
        return list(document.get("features") or [])
    return [document if document.get("type") == "Feature" else {"geometry": document}]


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.members")


class GeojsonWriter(Writer):
    """Features in WGS 84 as RFC 7946 wants it: geometry in another coordinate system is reprojected.

    Geometry without one must be longitude and latitude; a longitude beyond 180 is written as the same place within. An
    empty point is null. Times have milliseconds. Measures (M) are not kept; NaN and infinity are null; a number with a
    run of 0 or 9 in its last digits, such as 0.30000000000000004, is written without them. Further geometry columns are
    WKT text. Nested values are objects and lists, text stays text; to append makes them of text that is JSON, since it
    is read as that, keeps what the file says beside its features, but for their `bbox`, and loses ids of features.
    """

    name: ClassVar[str] = "geojson"
    geometry_as: ClassVar[GeometryAs] = "features"
    geometry_name: ClassVar[str] = "geometry"
    label: ClassVar[str] = "GeoJSON"
    extensions: ClassVar[tuple[str, ...]] = (".geojson", ".json")
    loses: ClassVar[lossy.Losses] = (lossy.NOT_FINITE, lossy.SMOOTHED, *lossy.MICROSECONDS, lossy.TIME)

    precision: int = option(
        15,
        "Digits after the point of a coordinate; 7 is about a centimetre, 15 is what it has.",
        7,
        "number",
        ge=0,
        le=15,
    )

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "GeoJSON")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Features as they come."""
        layer = {"RFC7946": "YES", "COORDINATE_PRECISION": str(self.precision)}
        nested: list[str] = []
        if not (kept := _beside(path)).exists():
            nested, layer["AUTODETECT_JSON_STRINGS"] = vector.made_json(table), "NO"
        rows = vector.without_empty(vector.holdable(table, text=("BLOB",)), "POINT")
        options: dict[str, Any] = {"geometry_type": "Unknown", "layer_options": layer, "degrees": True, "json": nested}
        count = vector.write(rows, path, driver="GeoJSON", **options)
        vector.ended(path, b"}")
        if kept.exists():
            add(path, json.loads(kept.read_bytes()))
        return count

    def begin(self, old: Path, place: Path) -> None:
        """What the old file says beside its features stays, but for the box around them."""
        _beside(place).write_text(json.dumps(members(old)))

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types that GeoJSON has, in WGS 84."""
        return vector.without_empty(reprojected(vector.holdable(table, text=("BLOB",)), WGS_84, context), "POINT")

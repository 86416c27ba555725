"""`gml`: features as XML, with a schema beside the file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from orchestrator.errors import NodeError
from orchestrator.formats import lossy, vector
from orchestrator.formats.base import Context, GeometryAs, Relation, Writer
from orchestrator.formats.encodings import utf_8
from orchestrator.formats.systems import crs_text
from orchestrator.formats.vector_reader import LayerReader, apart, renamed, root_element, safe_names
from orchestrator.formats.xml_ends import closed, not_stopped, well_formed
from orchestrator.schema import geometry_columns

PROPERTY = "geometryProperty"
LONGEST_NAME = 255


class GmlReader(LayerReader):
    """One layer of a GML file (2, 3, 3.2), by feature type. Its times are UTC, read as TIMESTAMP.

    Types come from an `.xsd` of the same name beside the file; without one they are found by reading all of it. Schemas
    are neither fetched from the network nor taken from anywhere else. Curves are read as lines, with a point every four
    degrees.
    """

    name: ClassVar[str] = "gml"
    label: ClassVar[str] = "GML"
    extensions: ClassVar[tuple[str, ...]] = (".gml",)
    driver: ClassVar[str] = "GML"

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file and its schema, in a folder of their own; a schema that includes others is left out.

        Raises NodeError: `unreadable_file`, `wrong_encoding`.
        """
        utf_8(path, self.path, self.label)
        with path.open("rb") as file:
            known = b"http://www.opengis.net/gml" in file.read(16_384)
        root = root_element(path)
        if root in ("", "kml", "gpx") or not known:
            raise NodeError(f"'{self.path}' is not GML.", code="unreadable_file")
        closed(path, self.path, root)
        with apart(path, self.path, (".xsd",), context) as own:
            schema = own.with_suffix(".xsd")
            if schema.exists():
                well_formed(schema, f"{self.path.removesuffix(path.suffix)}.xsd")
            if schema.exists() and (root_element(schema) != "schema" or b"include" in schema.read_bytes()):
                schema.unlink()
            yield str(own)

    def read(self, path: Path, context: Context) -> Relation:
        """All features of the layer, of a file that is XML to its end."""
        return not_stopped(super().read(path, context), path, self.path, context)

    def options(self, source: str, layer: str) -> dict[str, Any]:
        """Naming the schema keeps GDAL from looking for one."""
        schema = str(Path(source).with_suffix(".xsd"))
        return {"XSD": schema, "WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO", "EXPOSE_GML_ID": "NO"}

    def shown(self, table: Relation) -> Relation:
        """The geometry is called `geometry` where it has only GML's own name."""
        taken = {name.lower() for name in table.columns}
        if "geometry" in taken:
            return table
        return renamed(table, ["geometry" if name == PROPERTY else name for name in table.columns])


@contextmanager
def _named_safely(path: Path) -> Iterator[Path]:
    """A path to write to. GDAL puts the schema's name into the file as it is, where it must be a URI.

    So the file is written under another name of the length that the URI has, which then takes its place.
    """
    schema = quote(path.with_suffix(".xsd").name)
    if schema == path.with_suffix(".xsd").name:
        yield path
        return
    own = path.with_name(f"{'x' * (len(schema) - 4)}.gml")
    if len(own.name) > LONGEST_NAME:
        raise NodeError("This name is too long for GML: shorten it.", code="invalid_config", path="/config/path")
    yield own
    with own.open("r+b") as file:
        place = file.read(4096).index(own.with_suffix(".xsd").name.encode())
        file.seek(place)
        file.write(schema.encode())
    own.with_suffix(".xsd").replace(path.with_suffix(".xsd"))
    own.replace(path)


def _check_heights(rows: Relation) -> None:
    """GDAL takes the numbers of a line without heights for those of one that has them, where others have."""
    found = vector.kinds(rows)
    if any(height for _, height in found) and any(not height and kind != "Point" for kind, height in found):
        message = "GML holds heights where all geometries but points have them; these are mixed."
        raise NodeError(message, code="geometry_mixed", port="table", hint="write a GeoPackage")


class GmlWriter(Writer):
    """Features as GML 3.2, with a schema (`.xsd`) beside the file.

    Column names become names of XML elements: an underscore stands for what they cannot hold. Times are stored in UTC
    with milliseconds. DOUBLEs have 15 digits. Empty text and an empty geometry come back as null; blanks at the start
    of a text are lost, carriage returns become line feeds. Nested values are JSON text, decimals DOUBLE, further
    geometry columns WKT. Measures (M) are not kept. Coordinate systems need a code, such as EPSG:25832.
    """

    name: ClassVar[str] = "gml"
    label: ClassVar[str] = "GML"
    extensions: ClassVar[tuple[str, ...]] = GmlReader.extensions
    loses: ClassVar[lossy.Losses] = (lossy.EMPTY, lossy.GML_BLANKS, lossy.RETURNS, lossy.DIGITS, *lossy.MICROSECONDS)
    becomes: ClassVar[Mapping[str, str]] = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
    geometry_as: ClassVar[GeometryAs] = "features"

    def files(self, path: Path) -> list[Path]:
        """The schema, then the features."""
        return [path.with_suffix(".xsd"), path.with_suffix(".gfs"), path]

    def check(self, table: Relation) -> None:
        """A geometry column is needed."""
        vector.needs_geometry(table, "GML")

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """The features, with the kind of their geometry where there is one kind only."""
        rows = self.prepare(table, context)
        rows = renamed(rows, [PROPERTY if name in geometry_columns(rows) else name for name in rows.columns])
        system = crs_text(rows)
        options = {"FORMAT": "GML3.2"}
        with vector.held(rows, context) as held:
            _check_heights(held)
            kind = vector.common_kind(held)
            with _named_safely(path) as own:
                count = vector.write(
                    held, own, driver="GML", geometry_type=kind, crs=system, dataset_options=options, numbers=True
                )
                if count:
                    vector.check_system(own, system, "GML")
        return count

    def prepare(self, table: Relation, context: Context) -> Relation:
        """Types and names that GML has."""
        rows = vector.holdable(table, text=("TIME", "BLOB"))
        geometry = geometry_columns(rows)[0]
        names = iter(safe_names([name for name in rows.columns if name != geometry]))
        own = [None if name == geometry else next(names) for name in rows.columns]
        taken = "geometry" in {name.lower() for name in own if name is not None}
        return renamed(rows, [(PROPERTY if taken else "geometry") if name is None else name for name in own])

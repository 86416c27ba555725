"""`osm_pbf`: an extract of OpenStreetMap."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats.base import Context, option
from orchestrator.formats.vector_reader import VectorReader

Layer = Literal["points", "lines", "multilinestrings", "multipolygons", "other_relations"]


class OsmPbfReader(VectorReader):
    """One kind of feature of an OpenStreetMap extract, in WGS 84.

    Frequent tags are columns of text, the others stand in `other_tags` as `"key"=>"value"`. Points have at least one
    tag; closed ways that enclose an area are `multipolygons`.
    """

    name: ClassVar[str] = "osm_pbf"
    label: ClassVar[str] = "OpenStreetMap (PBF)"
    extensions: ClassVar[tuple[str, ...]] = (".osm.pbf", ".pbf")
    driver: ClassVar[str] = "OSM"

    layer: Layer = option("points", "Which features.", "lines", "select")

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The file, if it begins with OpenStreetMap's header."""
        with path.open("rb") as file:
            if b"OSMHeader" not in file.read(64):
                raise NodeError(f"'{self.path}' is not an OpenStreetMap extract (PBF).", code="unreadable_file")
        yield str(path)

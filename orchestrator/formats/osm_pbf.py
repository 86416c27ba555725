"""`osm_pbf`: an extract of OpenStreetMap."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal

from orchestrator.errors import NodeError
from orchestrator.formats.base import Context, option
from orchestrator.formats.cut_short import cut_short
from orchestrator.formats.vector_reader import VectorReader

LONGEST_HEADER = 65_536
# The last field of a block's header: how many bytes follow.
DATA_SIZE = re.compile(rb"\x18([\x80-\xff]*[\x00-\x7f])\Z")
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
        """The file, if it begins with OpenStreetMap's header.

        Raises NodeError, `unreadable_file`, where it does not, or is cut off.
        """
        with path.open("rb") as file:
            if b"OSMHeader" not in file.read(64):
                raise NodeError(f"'{self.path}' is not an OpenStreetMap extract (PBF).", code="unreadable_file")
        if not context.design:
            self._check(path)
        yield str(path)

    def _check(self, path: Path) -> None:
        """The file is a chain of blocks, each with its length before it."""
        place, size = 0, path.stat().st_size
        with path.open("rb") as file:
            while place < size:
                file.seek(place)
                length = int.from_bytes(file.read(4).ljust(4, b"\xff"), "big")
                header = file.read(min(length, LONGEST_HEADER))
                found = DATA_SIZE.search(header)
                if not found and len(header) == min(length, LONGEST_HEADER):
                    return  # no block that this knows
                place += 4 + length + (_varint(found[1]) if found else 0)
        if place > size:
            raise cut_short(self.path, f"its last block ends at byte {place:,}, and it has {size:,}")


def _varint(digits: bytes) -> int:
    return sum((digit & 127) << 7 * place for place, digit in enumerate(digits))

"""The base of the readers whose files GDAL opens."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import Any, ClassVar
from xml.parsers import expat

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Context, FileReader, Layer, Relation, layer_of, option
from orchestrator.formats.gdal import gdal
from orchestrator.formats.in_parts import bytes_of
from orchestrator.formats.vector_reading import read
from orchestrator.formats.xml_ends import closed
from orchestrator.paths import existing
from orchestrator.sql import quote

# What is not allowed in the name of an XML element, of a plain identifier, and within quotes in XML.
ELEMENT, ASCII, QUOTED = r"[^\w.-]", "[^A-Za-z0-9_]", '["<>&\x00-\x1f]'


class VectorReader(FileReader):
    """A file of one layer. A format says which driver opens it, and how it is told from other files."""

    driver: ClassVar[str] = ""
    widen: ClassVar[bool] = False  # whether every integer gets 64 bits
    flat: ClassVar[bool] = False  # whether a geometry whose heights are all 0 has none
    judges: ClassVar[bool] = False  # whether the format itself looks for what GDAL could not read

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """What GDAL is given for this file, after a look at its first bytes.

        Raises:
            NodeError: `unreadable_file`: it is something else.
        """
        yield str(path)

    def chosen(self, source: str) -> str | int | None:
        """The layer that is wanted; None for the first."""
        wanted: str | int | None = getattr(self, "layer", None)
        return wanted

    def options(self, source: str, layer: str) -> dict[str, Any]:
        """Options of pyogrio and of the driver."""
        return {}

    def shown(self, table: Relation) -> Relation:
        """The columns as this format gives them."""
        return table

    def read(self, path: Path, context: Context) -> Relation:
        """All features of the layer that is wanted, in the order of the file."""
        with self._readable(), self.opened(path, context) as source:
            layer = vector.layer_named(source, self.chosen(source), self.path)
            return self._of(source, layer, path, context)

    def layers(self, context: Context) -> list[Layer]:
        """Every layer, with its columns; rows are counted where the file says how many there are."""
        with self.found(context) as path, self._readable(), self.opened(path, context) as source:
            return [self._described(source, name, path, context) for name in vector.layer_names(source)]

    def reason(self, error: Exception) -> str:
        """What a person is told of GDAL's refusal."""
        return f"it is damaged, cut off, or not {self.label}"

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not type(error).__module__.startswith("pyogrio"):
                raise
            message = f"'{self.path}' cannot be read: {self.reason(error)}."
            raise NodeError(message, code="unreadable_file") from None

    def _of(self, source: str, layer: str, path: Path, context: Context) -> Relation:
        kept = {"widen": self.widen, "flat": self.flat, **self.options(source, layer)}
        name = None if self.judges else self.path
        return self.shown(read(source, name, bytes_of(path), context, layer=layer, **kept))

    def _described(self, source: str, layer: str, path: Path, context: Context) -> Layer:
        options = self.options(source, layer)
        with vector.quietly():
            info = gdal().read_info(source, layer=layer, **options)
        rows = int(info["features"])
        table = self._of(source, layer, path, context)
        return layer_of(layer, table, rows if rows >= 0 else None, info["geometry_type"])


class LayerReader(VectorReader):
    """A file of several layers."""

    layer: str | int | None = option(None, "The layer, by name or number from 0; the first by default.", "countries")


def begins_with(path: Path, name: str, magic: bytes, what: str) -> None:
    """Refuse a file that begins with something else. Raises NodeError, `unreadable_file`."""
    with path.open("rb") as file:
        if file.read(len(magic)) != magic:
            raise NodeError(f"'{name}' is not {what}.", code="unreadable_file")


def root_element(path: Path) -> str:
    """The name of an XML file's outermost element, without its namespace; empty where it is not XML."""
    found: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, _: found.append(name.rpartition(" ")[2])
    with path.open("rb") as file, suppress(expat.ExpatError, LookupError):
        while not found and (chunk := file.read(4096)):
            parser.Parse(chunk)
    return found[0] if found else ""


def has_root(path: Path, name: str, element: str, what: str) -> None:
    """Refuse a file that is not XML with this element around all, from its beginning to its end.

    Raises NodeError, `unreadable_file`.
    """
    if root_element(path) != element:
        raise NodeError(f"'{name}' is not {what}.", code="unreadable_file")
    closed(path, name, element)


def safe_names(names: list[str], *, longest: int = 255, letters: str = ELEMENT) -> list[str]:
    """Names with an underscore for what must not be in them (`letters`), cut and numbered to differ."""
    made: list[str] = []
    for name in names:
        clean = re.sub(letters, "_", name)
        clean = f"_{clean}" if letters in (ELEMENT, ASCII) and not re.match(r"[^\W\d]", clean) else clean
        tries = chain([clean[:longest]], (f"{clean[: longest - 1 - len(str(n))]}_{n}" for n in count(1)))
        taken = {each.lower() for each in made} | {each.lower() for each in names if each != name}
        made.append(next(each for each in tries if each.lower() not in taken))
    return made


def renamed(table: Relation, names: list[str]) -> Relation:
    """The same columns under these names."""
    pairs = zip(table.columns, names, strict=True)
    return table.project(", ".join(f"{quote(old)} AS {quote(new)}" for old, new in pairs))


@contextmanager
def apart(path: Path, name: str, suffixes: tuple[str, ...], context: Context) -> Iterator[Path]:
    """The file in a folder of its own, under a plain name, with those beside it that belong to it and no others.

    Raises:
        NodeError: one of them is a link that leads out of the data root.
    """
    folder = name.replace("\\", "/").rpartition("/")[0]
    with tempfile.TemporaryDirectory() as made:
        own = Path(made, f"data{path.suffix.lower()}")
        own.symlink_to(path)
        for each in sorted(path.parent.iterdir()):
            suffix = each.suffix.lower()
            if each.stem == path.stem and suffix in suffixes and suffix != own.suffix:
                found = existing(context.root, f"{folder}/{each.name}" if folder else each.name)
                Path(made, f"data{suffix}").symlink_to(found)
        yield own

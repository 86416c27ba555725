"""`xml`: elements of a document as rows."""

import shutil
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from orchestrator.formats import lossy, records, xml_added, xml_elements, xml_outline
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.encodings import utf_8
from orchestrator.formats.finite import finite
from orchestrator.formats.losses import differs
from orchestrator.formats.samples import SampleSize
from orchestrator.formats.streams import batches
from orchestrator.formats.text_types import of_elements
from orchestrator.formats.workplace import remembered
from orchestrator.formats.xml_shapes import filled, flat, listed, shape
from orchestrator.paths import resolve
from orchestrator.sql import names, quote

SAMPLE = 20_480
DEEPEST = len(("root", "record", "value"))


def _element_path(text: str) -> str:
    if not text.startswith("/") or "" in text[1:].split("/"):
        raise ValueError("a path of elements is written like /root/item; * is any name")
    return text


def _element(text: str) -> str:
    if xml_elements.encoded(text) != text:
        raise ValueError(f"'{text}' cannot be the name of an element.")
    return text


ElementPath = Annotated[str, AfterValidator(_element_path)]
Element = Annotated[str, AfterValidator(_element)]


class XmlReader(FileReader):
    """Elements of an XML document as rows; `.gz` is unpacked.

    An attribute is the column `@name`, an element inside the column of its name; what is in it in turn is joined to
    that name, such as `address.city` or `price.@currency`. Text beside elements or attributes of the record itself is
    `#text`. An element that is repeated in a record makes a list column; attributes and elements inside repeated ones
    make lists of their own. Prefixes of names are left out. `xsi:nil="true"` is null, as is a missing element.

    Entities that the document defines are not expanded, and nothing else is loaded.
    """

    name: ClassVar[str] = "xml"
    label: ClassVar[str] = "XML"
    extensions: ClassVar[tuple[str, ...]] = (".xml", ".xml.gz")

    records: ElementPath = option("/*/*", "The elements that are rows; those in the root by default.", "/orders/order")
    separator: str = option(".", "Between the names of nested elements.", "_", min_length=1, max_length=10)
    types: dict[str, ColumnType] = option({}, "Types of single columns.", {"zip": "VARCHAR"}, "types")
    sample_size: SampleSize = option(
        SAMPLE, "Records that decide on columns and types; -1 for all.", -1, "number", ge=-1
    )

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over a copy of the records in the run's folder, or in memory while they are few."""

        def found() -> Iterator[records.Record]:
            return xml_elements.read(path, self.path, self.records, self.separator)

        utf_8(path, self.path, self.label, or_16=True)
        return records.table(
            found, path, self, context, name=self.path, sample=self.sample_size, types=self.types
        )  # fmt: skip


class XmlWriter(Writer):
    """An element per row, with an element per column; a column `@name` is an attribute, and must not be a list.

    Null is an empty element with `xsi:nil`; in an attribute it is left out. A list is its element repeated, a
    structure has elements inside. Geometry is WKT, BLOB is base64. A letter that no name may have is written as
    `_x0020_`, as in SQL/XML, and read so.

    `append` to a file that was written here puts the new records behind the old ones, where columns and types are
    theirs. Else all are written anew, without comments, under the names of the old file's root and records; what was
    inside of elements gets a name such as `a.b`. A file with a namespace, or with records of several names, is refused.
    """

    name: ClassVar[str] = "xml"
    label: ClassVar[str] = "XML"
    extensions: ClassVar[tuple[str, ...]] = (".xml",)
    loses: ClassVar[lossy.Losses] = (lossy.NOT_FINITE,)
    geometry_as: ClassVar[GeometryAs] = "text"

    root: Element = option("rows", "Name of the element around all rows.", "orders")
    row: Element = option("row", "Name of a row's element.", "order")

    def begin(self, old: Path, place: Path) -> None:
        """Bring along the old records, and how they are called."""
        shutil.copyfile(old, place)

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Row by row."""
        found = xml_outline.names(path)
        root, name = [*found, *(self.root, self.row)[len(found) :]]
        start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns:xsi="{xml_elements.XSI}">\n'
        path.write_bytes(f"{start}</{root}>\n".encode())
        return xml_added.add(path, len(start.encode()), _elements(table, name))

    def add(self, table: Relation, path: Path, context: Context) -> int:
        """The same, behind the records that are there."""
        found, end = xml_outline.names(path), xml_added.end(path)
        if end is None or len(found) < 2:
            return self.write(table, path, context)
        return xml_added.add(path, end, _elements(self.prepare(table, context), found[1]))

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """What is there; None where that is no record, or where the new ones go behind it."""
        path = resolve(context.root, self.path)
        depth = remembered(path, self, lambda: xml_outline.check(path, self.path)) if path.stat().st_size else 0
        if depth == 1 or not path.stat().st_size:
            return None
        if 1 < depth <= DEEPEST and not context.design and self._fits(path, table, context):
            return None
        if depth > DEEPEST:
            message = f"'{self.path}' has elements inside of others: its rows are written anew, with names such as a.b."
            context.warn(message, code="format_changes", hint="the columns that are read stay the same")
        old = super().existing_rows(table, context)
        return listed(old, self.prepare(table, context)) if old is not None else None

    def _fits(self, path: Path, table: Relation, context: Context) -> bool:
        """Whether the file has all columns, and in types in which the new values come back."""
        if xml_added.end(path) is None:
            return False
        old = names(XmlReader(path=self.path).load(replace(context, design=True)))
        new = self.comes_back(self.prepare(table, context))
        return all(name in old and not differs(kind, old[name]) for name, kind in new.items())

    def comes_back(self, table: Relation) -> Mapping[str, str]:
        """As elements are read."""
        return {name: of_elements(kind) for name, kind in zip(table.columns, table.types, strict=True)}

    def prepare(self, table: Relation, context: Context) -> Relation:
        """NaN and infinity become null, and structures the columns in which old ones are read."""
        return flat(finite(table))


def _elements(table: Relation, name: str) -> Generator[str]:
    """An element for each row."""
    count, shapes = 0, [shape(kind) for kind in table.types]
    with batches(_texts(table), 10_000) as (_, parts):
        for batch in parts:
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                values = [filled(value, each) for value, each in zip(row, shapes, strict=True)]
                count += 1
                yield xml_elements.element(name, table.columns, values, count)


def _nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def _texts(table: Relation) -> Any:
    """All columns as text, nested ones as JSON."""
    fields = []
    for name, kind in zip(table.columns, map(str, table.types), strict=True):
        field = quote(name)
        made = f"to_json({field})" if _nested(kind) else f"to_base64({field})" if kind == "BLOB" else field
        fields.append(f"{made}::VARCHAR AS {field}")
    return finite(table).project(", ".join(fields))

"""What a format is.

A format is a file of this package with a `Reader` and, where it can be written, a `Writer`. Their fields are the
format's options. Nothing else is edited to add one.
"""

import uuid
import weakref
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError, at
from orchestrator.formats.problems import sentences
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import FilePath
from orchestrator.paths import existing
from orchestrator.tables import Session, quote

__all__ = [
    "Context",
    "FileReader",
    "Format",
    "GeometryAs",
    "Reader",
    "Relation",
    "Writer",
    "is_read_by",
    "kept",
    "option",
]

GeometryAs = Literal["column", "text", "features"]
_reading: "weakref.WeakKeyDictionary[Session, set[Path]]" = weakref.WeakKeyDictionary()


def option(default: Any, description: str, example: Any, widget: str = "text", **rules: Any) -> Any:
    """A setting of a format with all that the editor shows of it; `rules` are Pydantic's, such as `ge`."""
    extra: dict[str, Any] = {"x-ui": {"widget": widget}}
    return Field(default, description=description, examples=[example], json_schema_extra=extra, **rules)


class Format(BaseModel):
    """What readers and writers share: the name in `source_type` and `target_type`, and what the editor shows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    extensions: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        super().__pydantic_init_subclass__()
        if "name" not in cls.__dict__:
            return
        if not (cls.__doc__ or "").strip() or not cls.label:
            raise TypeError(f"{cls.__name__} needs a docstring and a label: the editor shows them")
        for name, info in cls.model_fields.items():
            if not info.description or not info.examples:
                raise TypeError(f"{cls.__name__}.{name} needs a description and an example: the editor shows them")


class Reader(Format):
    """How a dataset becomes a relation."""

    def load(self, context: Context) -> Relation:
        """The rows, lazily where the format allows it. With `context.design` the same columns, and cheaply.

        Raises:
            NodeError: what is there cannot be read; says why.
            UnknownColumns: in design, where the columns cannot be known.
        """
        raise TypeError(f"{type(self).__name__} has no load")


class FileReader(Reader):
    """A reader of one file below the data root."""

    path: FilePath = Field(description="The file, relative to the data root.", examples=["flights.csv"])

    def load(self, context: Context) -> Relation:
        """Find the file, and read it; errors of other libraries become sentences."""
        with at("/path"):
            found = existing(context.root, self.path)
            if not found.is_file():
                raise NodeError(f"'{self.path}' is a folder, not a file.", code="unreadable_file")
            if not found.stat().st_size:
                raise NodeError(f"File '{self.path}' is empty (0 bytes).", code="file_empty")
        _reading.setdefault(context.session, set()).add(found)
        with at("/path"), sentences(self.path, context.root):
            return self.read(found, context)

    def read(self, path: Path, context: Context) -> Relation:
        """The rows of this file, which exists and is not empty; `path` is absolute and below the data root."""
        raise TypeError(f"{type(self).__name__} has no read")


class Writer(Format):
    """How a relation becomes a file.

    `geometry_as` says what becomes of geometry: a `column` of its type, its `text` alone, or what the format is for.
    """

    geometry_as: ClassVar[GeometryAs] = "column"

    path: FilePath = Field(description="The file to write, relative to the data root.", examples=["out/late.csv"])

    def check(self, table: Relation) -> None:
        """Refuse what this format cannot hold, from the columns alone.

        Raises:
            NodeError: names the column and the rule.
        """

    def prepare(self, table: Relation, context: Context) -> Relation:
        """New rows as the file will hold them, before they are put together with old ones."""
        return table

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Write all rows to this absolute path, a temporary name; returns how many."""
        raise TypeError(f"{type(self).__name__} has no write")

    def begin(self, old: Path, place: Path) -> None:
        """Before rows are added: bring along what else is in the old file."""

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """What an earlier run wrote, for `append`: read with the options that reader and writer share."""
        from orchestrator.formats import readers

        kind = readers()[self.name]
        shared = {key: value for key, value in self if key in kind.model_fields}
        old = kind.model_validate(shared).load(context)
        return _without_untyped(old, table)

    def files(self, path: Path) -> list[Path]:
        """The files that make up this dataset, in the order in which they are put in place."""
        return [path]


def _without_untyped(old: Relation, new: Relation) -> Relation:
    """Leave out old columns of nulls whose type the file could not say; the new rows say it."""
    types = dict(zip(new.columns, new.types, strict=True))
    text = [name for name, kind in zip(old.columns, old.types, strict=True) if kind == "VARCHAR"]
    asked = [name for name in text if types.get(name, "VARCHAR") != "VARCHAR"]
    if not asked:
        return old
    counts = old.aggregate(", ".join(f"count({quote(name)})" for name in asked)).fetchall()[0]
    gone = {name for name, count in zip(asked, counts, strict=True) if not count}
    kept = [quote(name) for name in old.columns if name not in gone]
    return old.project(", ".join(kept)) if kept else old


def kept(table: Relation, context: Context) -> Relation:
    """The rows in a stored table, for who needs them twice: a lazy relation would be computed each time."""
    made = f"{uuid.uuid4().hex}.parquet"
    if context.scratch is None:
        context.session.connection.execute(f"CREATE TEMP TABLE {quote(made)} AS FROM {context.session.name(table)}")
        return context.session.connection.table(quote(made))
    from orchestrator.formats.parquet import copy_parquet

    context.scratch.mkdir(parents=True, exist_ok=True)
    copy_parquet(table, context.scratch / made, context, "lz4")
    return context.session.parquet(context.scratch / made)


def is_read_by(session: Session, path: Path) -> bool:
    """Whether a relation of this session may still be reading this file."""
    return path in _reading.get(session, ())

"""What a format is.

A format is a file of this package with a `Reader` and, where it can be written, a `Writer`. Their fields are the
format's options. Nothing else is edited to add one.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError, at
from orchestrator.formats.found import Found, files
from orchestrator.formats.long_names import with_names
from orchestrator.formats.lost_values import Loss
from orchestrator.formats.problems import sentences
from orchestrator.formats.read_files import note
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import FilePath, NewColumn
from orchestrator.schema import GEOMETRY, Column, columns
from orchestrator.sql import quote

__all__ = [
    "Context", "FileReader", "Format", "GeometryAs", "Layer", "Reader", "Relation", "Target", "Writer", "kept",
    "layer_of", "option",
]  # fmt: skip

GeometryAs = Literal["column", "text", "features"]


def option(default: Any, description: str, example: Any, widget: str = "text", **rules: Any) -> Any:
    """A setting of a format with all that the editor shows of it; `rules` are Pydantic's, such as `ge`.

    A number has an upper limit, by default one that every library counts to.
    """
    extra: dict[str, Any] = {"x-ui": {"widget": widget}}
    if widget == "number":
        rules = {"le": 2**31 - 1, **rules}
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


@dataclass(frozen=True)
class Layer:
    """A table of a dataset: what a reader's `layer` or `sheet` may name. What is not known without reading is None."""

    name: str | None
    geometry_type: str | None = None
    crs: str | None = None
    rows: int | None = None
    columns: tuple[Column, ...] | None = None


def layer_of(name: str | None, table: Relation, rows: int | None = None, geometry_type: str | None = None) -> Layer:
    """The entry of a layer whose columns are known."""
    found = columns(table)
    crs = next((each.crs for each in found if each.type == GEOMETRY), None)
    return Layer(name, geometry_type, crs, rows, found)


class Reader(Format):
    """How a dataset becomes a relation."""

    folder: ClassVar[bool] = False  # whether a dataset may be a folder

    def load(self, context: Context) -> Relation:
        """The rows, lazily where the format allows it. With `context.design` the same columns, and cheaply.

        Raises:
            NodeError: what is there cannot be read; says why.
            UnknownColumns: in design, where the columns cannot be known.
        """
        raise TypeError(f"{type(self).__name__} has no load")

    def layers(self, context: Context) -> list[Layer]:
        """What can be chosen from; by default the one table that `load` gives. `context` is one of design.

        Raises:
            NodeError: what is there cannot be read; says why.
        """
        return [layer_of(None, self.load(context))]


class FileReader(Reader):
    """A reader of files below the data root: of one, of those that fit a pattern, or of one in an archive.

    A pattern has `*` and `?` within a name, `[abc]`, and `**` for any number of folders; its files come in the order
    of their names. A `.zip` is named with the file inside behind it, `data.zip/a.csv`, or with `inside`.
    """

    may_be_empty: ClassVar[bool] = False  # a file without a byte is a table without rows
    late: ClassVar[bool] = False  # values are read where rows are asked for: then a broken one is found

    path: FilePath = Field(
        description="The file, relative to the data root; or a pattern, such as in/*.csv.", examples=["flights.csv"]
    )

    inside: str | None = option(
        None, "The file inside a .zip; by default the only one that fits the format.", "2013/flights.csv", min_length=1
    )
    filename_column: NewColumn | None = option(None, "New column with the path of each row's file.", "file")
    across_files: Literal["union", "same"] = option(
        "union", "Where a pattern means several files: unite their columns by name, or refuse other columns than the "
        "first has.", "same", "select",
    )  # fmt: skip

    def load(self, context: Context) -> Relation:
        """Find the file or files, and read them; errors of other libraries become sentences."""
        from orchestrator.formats.many import described, together

        with at("/path"):
            found = files(context.root, self.path, self.inside)
        if context.design and len(found) > 1 and self.lines_needed() is not None:
            tables = described(self, found, self.one, context)
        else:
            tables = {each.name: self.one(each, context) for each in found}
        return together(tables, self.filename_column, self.across_files, context)

    def one(self, file: Found, context: Context) -> Relation:
        """The rows of one of its files. Raises NodeError: it cannot be read."""
        with self._usable(file, context):
            note(context.session, self, file)
            reader = self.model_copy(update={"path": file.name, "inside": file.inside})
            if not self._is_packed(file):
                return with_names(reader.read(file.path, context), file.name)
            from orchestrator.formats.many import unpacked

            return with_names(unpacked(reader, file, context), file.name)

    @contextmanager
    def found(self, context: Context) -> Iterator[Path]:
        """The file, or the first that fits, which is there and not empty; errors inside become sentences about it."""
        with at("/path"):
            file = files(context.root, self.path, self.inside)[0]
        with self._usable(file, context):
            yield file.path

    @contextmanager
    def _usable(self, file: Found, context: Context) -> Iterator[None]:
        with at("/path"), sentences(file.name, context.root):
            if not file.path.is_file() and not (self.folder and file.path.is_dir()):
                raise NodeError(f"'{file.name}' is a folder, not a file.", code="unreadable_file")
            if not file.path.stat().st_size and not self.may_be_empty:
                raise NodeError(f"File '{file.name}' is empty (0 bytes).", code="file_empty")
            yield

    def _is_packed(self, file: Found) -> bool:
        """Whether the file is an archive that the format does not read by itself."""
        if file.inside is not None:
            return True
        ends = tuple(end for end in self.extensions if end.endswith(file.path.suffix.lower()))
        return file.path.suffix.lower() in (".zip", ".gz") and not ends

    def lines_needed(self) -> int | None:
        """How many lines of a text file say which columns there are; None for all of it."""
        return None

    def read(self, path: Path, context: Context) -> Relation:
        """The rows of this file, which exists and is not empty; `path` is absolute and below the data root.

        Raises NodeError: it cannot be read.
        """
        raise TypeError(f"{type(self).__name__} has no read")


class Target(Format):
    """How a relation becomes a dataset of any kind: a file (`Writer`), or a table somewhere else."""

    def save(self, table: Relation, context: Context) -> Relation:
        """Write all rows, note how many (`rows_written`), and give the rows back; in design only check.

        Raises:
            NodeError: it cannot be written; the old dataset is whole.
        """
        raise TypeError(f"{type(self).__name__} has no save")


class Writer(Target):
    """How a relation becomes a file; `data_writer` saves it.

    `geometry_as` says what becomes of geometry: a `column` of its type, its `text` alone, or what the format is for;
    `becomes`, in which type a prepared column comes back, where in another; `geometry_name`, under which name geometry
    does, where the format has none for it; `changes` are modes that change a file; `loses`, what is not kept.
    """

    geometry_as: ClassVar[GeometryAs] = "column"
    becomes: ClassVar[Mapping[str, str]] = {}
    geometry_name: ClassVar[str] = ""
    changes: ClassVar[tuple[str, ...]] = ()
    loses: ClassVar[tuple[Loss, ...]] = ()

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
        """Write all rows to this absolute path, a temporary name; returns how many.

        Raises NodeError: it cannot be written.
        """
        raise TypeError(f"{type(self).__name__} has no write")

    def add(self, table: Relation, path: Path, context: Context) -> int:
        """Write all rows below what `begin` has brought, where `existing_rows` gives none; returns how many."""
        return self.write(table, path, context)

    def change(self, table: Relation, path: Path, context: Context) -> int:
        """Change the file in place, whole or not at all, in one of the modes `changes`; returns how many rows.

        Raises NodeError: it cannot be changed.
        """
        raise TypeError(f"{type(self).__name__} has no changes")

    def foresee(self, table: Relation, path: Path, context: Context) -> None:
        """Refuse what `change` would refuse of the file as it is now, from the columns alone."""

    def comes_back(self, table: Relation) -> Mapping[str, str] | None:
        """Of files that say of no value which type it had: in which type, or words, the reader gives each column."""
        return None

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
    """Old columns of nulls whose type the file could not say in the type that the new rows say."""
    types = {name: kind for name, kind in zip(new.columns, new.types, strict=True) if kind != "VARCHAR"}
    asked = [name for name, kind in zip(old.columns, old.types, strict=True) if kind == "VARCHAR" and name in types]
    if not asked:
        return old
    counts = old.aggregate(", ".join(f"count({quote(name)})" for name in asked)).fetchall()[0]
    gone = {name for name, count in zip(asked, counts, strict=True) if not count}
    fields = (f"CAST(NULL AS {types[each]}) AS {quote(each)}" if each in gone else quote(each) for each in old.columns)
    return old.project(", ".join(fields))


def kept(table: Relation, context: Context) -> Relation:
    """The rows in a stored table, for who needs them twice: a lazy relation would be computed each time."""
    made = f"{uuid.uuid4().hex}.parquet"
    if context.scratch is None:
        context.session.connection.execute(f"CREATE TEMP TABLE {quote(made)} AS FROM {context.session.name(table)}")
        return context.session.connection.table(quote(made))
    context.session.store(table, context.scratch / made)
    return context.session.parquet(context.scratch / made)

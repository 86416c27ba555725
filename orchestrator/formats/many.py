"""What a reader of one file does where there are several, or where it is packed."""

import re
import tempfile
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import NodeError
from orchestrator.formats.found import Found
from orchestrator.formats.packed import unpack
from orchestrator.formats.workplace import empty, new_file, remembered
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import literal, names, quote
from orchestrator.suggest import listing
from orchestrator.tables import Session

if TYPE_CHECKING:
    from orchestrator.formats.base import FileReader

AT_ONCE = 20  # tables in one query


def together(tables: Mapping[str, Relation], filename_column: str | None, across: str, context: Context) -> Relation:
    """The tables of several files as one, in their order; with their names in a column.

    Raises:
        NodeError: `duplicate_column`, `type_mismatch`: their columns differ.
    """
    first, *others = tables
    if across == "same":
        for each in others:
            _check_same(tables, first, each)
    named = [_named(table, name, filename_column) for name, table in tables.items()]
    if not others:
        return named[0]
    try:
        return _united(named, context)
    except NodeError as error:
        message = f"The files do not fit together: {_of_files(error.message, list(tables))}"
        raise NodeError(message, code=error.code, path="/config/path", hint=listing(tables)) from None


def _of_files(message: str, files: list[str]) -> str:
    """What `union` says of tables by their numbers, said of files; as it is where they are put together in parts."""
    if len(files) > AT_ONCE:
        return message
    named = re.sub(r"\bin table (\d+)\b", lambda found: f"in '{files[int(found[1]) - 1]}'", message)
    return named.replace("Convert one of them first.", "Set the column's type, or read the files apart.")


def described(
    reader: "FileReader", found: Iterable[Found], read: Callable[[Found, Context], Relation], context: Context
) -> dict[str, Relation]:
    """An empty table for each set of columns that files of text have, named after the first that has it."""
    tables: dict[tuple[tuple[str, str], ...], str] = {}
    for file in found:
        settings = reader.model_copy(update={"path": file.name})
        kinds = remembered(file.path, settings, partial(_kinds, read, file, context))
        tables.setdefault(tuple(kinds.items()), file.name)
    return {name: empty(context, dict(kinds)) for kinds, name in tables.items()}


def _kinds(read: Callable[[Found, Context], Relation], file: Found, context: Context) -> Mapping[str, str]:
    return names(read(file, context))


def _united(tables: list[Relation], context: Context) -> Relation:
    """One table below the other. Very many are stored in parts: in one query each would keep its file open."""
    from orchestrator.ops.union import Union

    union = Union(columns="all", source_column=None)
    if not context.design and (len(tables) <= AT_ONCE or context.scratch is None):
        return union.run(tables, context)
    kinds = {tuple(names(table).items()): names(table) for table in tables}
    columns = union.run([empty(context, each) for each in kinds.values()], context)
    if context.design or context.scratch is None:
        return columns
    context.scratch.mkdir(parents=True, exist_ok=True)
    paths = [new_file(context.scratch, ".parquet") for _ in range(0, len(tables), AT_ONCE)]
    for number, path in enumerate(paths):
        part = tables[number * AT_ONCE : (number + 1) * AT_ONCE]
        context.session.store(union.run([columns, *part], context), path)
    return context.session.parquet(*paths)


def _check_same(tables: Mapping[str, Relation], first: str, other: str) -> None:
    wanted, found = names(tables[first]), names(tables[other])
    if wanted == found:
        return
    name = next(each for each in [*wanted, *found] if wanted.get(each) != found.get(each))
    kinds = [f"{kind} in '{file}'" for file, kind in ((first, wanted.get(name)), (other, found.get(name))) if kind]
    where = " and ".join(kinds) + ("" if len(kinds) > 1 else " only")
    message = f"'{other}' has other columns than '{first}': '{name}' is {where}."
    raise NodeError(message, code="type_mismatch", path="/config/across_files", hint="across_files: union")


def _named(table: Relation, name: str, column: str | None) -> Relation:
    if column is None:
        return table
    if column.lower() in map(str.lower, table.columns):
        message = f"'{name}' has a column '{column}' already: give the file's name another one."
        raise NodeError(message, code="duplicate_column", path="/config/filename_column")
    return table.project(f"{literal(name)} AS {quote(column)}, *")


def unpacked(reader: "FileReader", file: Found, context: Context) -> Relation:
    """The rows of a file in an archive, unpacked into the run's folder; in design as much as says the columns."""
    if context.design:
        return context.session.arrow(remembered(file.path, reader, lambda: _apart(reader, file, design=True)))
    if context.scratch is None:
        return context.session.arrow(_apart(reader, file, design=False))
    return _read(reader, file, replace(context, root=context.scratch / uuid.uuid4().hex))


def _apart(reader: "FileReader", file: Found, *, design: bool) -> Any:
    """The same as an Arrow table, in a folder and a session of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        with Session([folder]) as session:
            table = _read(reader, file, Context(session, folder, design=design))
            return (table.limit(0) if design else table).to_arrow_table()


def _read(reader: "FileReader", file: Found, context: Context) -> Relation:
    """The rows of the file, unpacked below the context's root."""
    lines = reader.lines_needed() if context.design else None
    path = unpack(file, context.root, reader.extensions, lines)
    if not (context.root / path).stat().st_size and not reader.may_be_empty:
        raise NodeError(f"File '{path}' is empty (0 bytes).", code="file_empty")
    return reader.model_copy(update={"path": path}).read((context.root / path).resolve(), context)

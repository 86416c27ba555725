"""What a format cannot keep of a table, said before anything is written."""

from collections.abc import Iterator, Mapping

from orchestrator.formats.arrow_features import free_name
from orchestrator.formats.base import Writer
from orchestrator.formats.losses import differs
from orchestrator.ops._types import plain
from orchestrator.ops.base import Context, Relation
from orchestrator.schema import is_geometry
from orchestrator.sql import names

MOST = 5


def warn(writer: Writer, table: Relation, context: Context) -> None:
    """Warn of the columns that come back under another name or in another type, or not at all."""
    found = list(_changes(writer, table, context))
    if not found:
        return
    told = "; ".join(found[:MOST]) + (f"; and {len(found) - MOST} more" if len(found) > MOST else "")
    hint = "rename or cast these columns before, or write a format that keeps them"
    context.warn(f"Not all is kept as it is in {writer.label}: {told}.", code="format_changes", hint=hint)


def warn_of_old(writer: Writer, old: Relation, together: Relation, context: Context) -> None:
    """Warn of columns of the file whose type changes in the rows that are there, so that the new ones fit."""
    before, after = names(old), names(together)
    found = [
        f"'{name}' ({plain(kind)}) becomes {plain(after[name])}"
        for name, kind in before.items()
        if name in after and differs(kind, after[name])
    ]
    if found:
        message = f"These rows have other types than '{writer.path}' has: {'; '.join(found[:MOST])}, in all its rows."
        context.warn(message, code="format_changes", hint="cast these columns before, or write another file")


def _changes(writer: Writer, table: Relation, context: Context) -> Iterator[str]:
    before, untyped = names(table), writer.comes_back(table)
    after = names(writer.prepare(table, context)) if untyped is None else untyped
    if len(before) != len(after):
        there = {name.lower() for name in after}
        lost = [name for name, kind in before.items() if name.lower() not in there and not is_geometry(kind)]
        yield from (f"column '{name}' is left out" for name in lost)
        if untyped is None:
            return
        before = {name: kind for name, kind in before.items() if name in after}
    called = _geometry_called(writer, after)
    for (name, kind), (new, made) in zip(before.items(), called, strict=True):
        kept = writer.becomes.get(made, made)
        if differs(kind, kept) and not (is_geometry(kind) and writer.geometry_as == "text"):
            said = plain(kept) if name == new else f"'{new}' ({plain(kept)})"
            yield f"'{name}' ({plain(kind)}) becomes {said}"
        elif name != new:
            yield f"'{name}' is called '{new}'"


def _geometry_called(writer: Writer, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and types as they come back: geometry under the format's own name for it, where it has one."""
    for name, kind in columns.items():
        others = {each.lower() for each in columns if each != name}
        own = bool(writer.geometry_name) and is_geometry(kind)
        yield free_name(writer.geometry_name, others) if own else name, kind

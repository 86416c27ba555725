"""Values that a format gives back as others, counted on their way into the file: the run's log tells of them."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, NamedTuple, Protocol

import duckdb

from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote


class Loss(NamedTuple):
    """Which values, what becomes of them, the types that have them, and SQL that is true for one of them.

    `ending` is that of the files in which it happens, where a format has several; `names` those of the columns in which
    it does, where not in all.
    """

    what: str
    becomes: str
    kinds: re.Pattern[str]
    test: Callable[[str, Any], str]
    ending: str = ""
    names: re.Pattern[str] = re.compile("")

    def happens(self, name: str, kind: Any, path: str) -> bool:
        """Whether values of a column may be lost in a file of this name."""
        fits = self.kinds.fullmatch(str(kind)) and self.names.search(name)
        return bool(fits) and path.lower().endswith(self.ending)


class Lossy(Protocol):
    """A writer, as far as it matters here."""

    label: ClassVar[str]
    loses: ClassVar[tuple[Loss, ...]]

    @property
    def path(self) -> str:
        """The file's name."""


@contextmanager
def told(writer: Lossy, table: Relation, context: Context) -> Iterator[Relation]:
    """The same rows, whose losses are counted as they are computed; the log has them where nothing was raised.

    A sequence counts, so that the rows are computed once and need not be stored. CASE asks for its next value only
    where the condition holds.
    """
    connection, prefix = context.session.connection, f"_l{uuid.uuid4().hex}_"
    found: dict[str, tuple[str, Loss]] = {}
    fields = {name: quote(name) for name in table.columns}
    for name, kind in zip(table.columns, table.types, strict=True):
        for loss in writer.loses:
            if loss.happens(name, kind, writer.path):
                sequence = f"{prefix}{len(found)}"
                never = f"CASE WHEN {loss.test(quote(name), kind)} THEN nextval('{sequence}') < 0 END"
                fields[name] = f"CASE WHEN {never} THEN NULL ELSE {fields[name]} END"
                found[sequence] = (name, loss)
    if not found:
        yield table
        return
    connection.execute("; ".join(f"CREATE TEMP SEQUENCE {each}" for each in found))
    try:
        yield table.project(", ".join(f"{field} AS {quote(name)}" for name, field in fields.items()))
        counts = connection.execute("SELECT sequence_name, last_value FROM duckdb_sequences()").fetchall()
        for (name, loss), count in ((found[each], count) for each, count in counts if each in found and count):
            said = f"{loss.what} ({count:,}) in column '{name}' {loss.becomes}"
            context.log("warning", f"{said}: {writer.label} does not keep them.")
    finally:
        with suppress(duckdb.Error):  # what went wrong inside is what matters
            connection.execute("; ".join(f"DROP SEQUENCE {each}" for each in found))


def tell_filled(writer: Lossy, old: Relation, new: Relation, rows: tuple[int, int], context: Context) -> None:
    """Tell of nulls that stand where old or new rows lack a column of the others, and that the format does not keep.

    `rows` are how many of each there are.
    """
    sides = (
        (new, old, rows[0], "of the rows that were there"),
        (old, new, rows[1], "of the file, which these rows do not have,"),
    )
    for full, lacking, count, said in sides:
        there = {name.lower() for name in lacking.columns}
        for name, kind in zip(full.columns, full.types, strict=True) if count else ():
            losses = () if name.lower() in there else _of_null(writer, name, kind, context)
            for loss in losses:
                told_of = f"{loss.what} ({count:,}) in column '{name}' {said} {loss.becomes}"
                context.log("warning", f"{told_of}: {writer.label} does not keep them.")


def _of_null(writer: Lossy, name: str, kind: Any, context: Context) -> list[Loss]:
    fitting = [each for each in writer.loses if each.happens(name, kind, writer.path)]
    tests = ", ".join(loss.test(f"NULL::{kind}", kind) for loss in fitting)
    found = context.session.connection.execute(f"SELECT {tests}").fetchall()[0] if fitting else ()
    return [loss for loss, lost in zip(fitting, found, strict=True) if lost]

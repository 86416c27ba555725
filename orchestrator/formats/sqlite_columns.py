"""The columns of a table of an SQLite database, and whether those of other rows go with them."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from orchestrator.errors import NodeError
from orchestrator.formats.keyed import not_in_table
from orchestrator.formats.sqlite_tables import meaning
from orchestrator.sql import quote

NUMBERS = frozenset({"int", "float"})
# Between these some values fit; between all others none does, but for a column of text.
NEAR = (NUMBERS, frozenset({"date", "timestamp"}))


class Column(NamedTuple):
    """A column of the table: the type that it was declared with, and what its reader takes that for."""

    name: str
    said: str
    kind: str


def columns_of(connection: sqlite3.Connection, table: str) -> dict[str, Column]:
    """The columns of a table by their names in small letters; none where there is no such table."""
    found = connection.execute("SELECT name, type, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table,))
    return {name.lower(): Column(name, said, "" if computed else meaning(said)) for name, said, computed in found}


def matched(
    connection: sqlite3.Connection, table: str, declared: Mapping[str, str], there: Mapping[str, Column]
) -> dict[str, Column]:
    """The column of the table for each that comes in; what the table has not is added to it, as `declared`.

    Raises:
        NodeError: `query_failed`: one that the table computes.
    """
    columns = {}
    for name, said in declared.items():
        column = there.get(name.lower())
        if column is None:
            connection.execute(f"ALTER TABLE {quote(table)} ADD COLUMN {quote(name)} {said}")
            column = Column(name, said, meaning(said))
        if not column.kind:
            message = f"Column '{column.name}' of table '{table}' is computed by the table: leave it out."
            raise NodeError(message, code="query_failed", path="/config/table", port="table")
        columns[name] = column
    return columns


def check_names(wanted: Iterable[str], there: Mapping[str, Column], table: str) -> None:
    """See that the table has these columns.

    Raises:
        NodeError: `unknown_column`.
    """
    for each in wanted:
        if each.lower() not in there:
            raise not_in_table(each, table, [column.name for column in there.values()])


def check_types(declared: Mapping[str, str], there: Mapping[str, Column], table: str) -> None:
    """See that values of the columns that come in, as they would be `declared`, may fit into those of the table.

    Raises:
        NodeError: `type_mismatch`.
    """
    for name, said in declared.items():
        column, new = there.get(name.lower()), meaning(said)
        if column is None or "any" in (column.kind, new) or column.kind in ("", new):
            continue
        if any({column.kind, new} <= each for each in NEAR) or (column.kind == "text" and new != "blob"):
            continue
        message = f"Column '{column.name}' of table '{table}' is declared {column.said}, and {said} comes in."
        raise NodeError(message, code="type_mismatch", port="table", hint="cast it before, or give it another name")

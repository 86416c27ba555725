"""Whether rows fit the columns of a table of an SQLite database, which itself would take anything in any of them."""

import sqlite3
from collections.abc import Iterable, Mapping

from orchestrator.errors import NodeError
from orchestrator.formats.keyed import not_in_table
from orchestrator.formats.sqlite_tables import meaning

ANY = ""  # declared as nothing, which takes everything
# What else than itself a column takes so that it is still read as what it was.
TAKES: Mapping[str, frozenset[str]] = {
    "int": frozenset({"bool"}),
    "float": frozenset({"int"}),
    "timestamp": frozenset({"date"}),
    "text": frozenset({"int", "float", "date", "timestamp", "timestamptz", "time"}),
}


def columns_of(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Each column of a table, and the type that it was declared with; none where there is no such table."""
    return dict(connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall())


def check_names(wanted: Iterable[str], there: Iterable[str], table: str) -> None:
    """See that the table has these columns.

    Raises:
        NodeError: `unknown_column`.
    """
    known = {each.lower() for each in there}
    for each in wanted:
        if each.lower() not in known:
            raise not_in_table(each, table, there)


def check_types(declared: Mapping[str, str], there: Mapping[str, str], table: str) -> None:
    """See that the columns that come in, as they would be `declared`, are read back as the table's own types.

    Raises:
        NodeError: `type_mismatch`.
    """
    known = {name.lower(): said for name, said in there.items()}
    for name, said in declared.items():
        old, new = meaning(known.get(name.lower(), ANY)), meaning(said)
        if "any" not in (old, new) and old != new and new not in TAKES.get(old, ()):
            message = f"Column '{name}' of table '{table}' is {known[name.lower()]}, and {said} comes in."
            raise NodeError(message, code="type_mismatch", port="table", hint="cast it before, or write another column")

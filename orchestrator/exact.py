"""An INTERVAL stored exactly: that of Parquet has no sign and no microseconds.

So a stored table has it as text, in a struct whose only field is called after the column's type.
"""

from collections.abc import Mapping

import duckdb
from duckdb import DuckDBPyRelation as Relation

from orchestrator.sql import names, quote
from orchestrator.storable import mapped

AS_TEXT = {"INTERVAL": "VARCHAR"}
MARK = "stored as text: "


def stored_fields(kinds: Mapping[str, str]) -> dict[str, str]:
    """SQL for those of these columns, name to type, that are stored as text, by name."""
    return {name: f"{{{quote(MARK + kinds[name])}: {text}}}" for name, text in _texts(kinds).items()}


def read_fields(stored: Relation) -> str:
    """A SELECT list of a stored table's columns in their own types: `*` where they are as they are stored."""
    found = ((name, _own(kind)) for name, kind in zip(stored.columns, stored.types, strict=True))
    fields = (f"CAST({quote(name)}.{quote(MARK + own)} AS {own}) AS {quote(name)}" for name, own in found if own)
    replaced = ", ".join(fields)
    return f"* REPLACE ({replaced})" if replaced else "*"


def plain(table: Relation) -> Relation:
    """The table for other programs, its intervals as text. As it is where it has none."""
    fields = ", ".join(f"{text} AS {quote(name)}" for name, text in _texts(names(table)).items())
    return table.project(f"* REPLACE ({fields})") if fields else table


def _texts(kinds: Mapping[str, str]) -> dict[str, str]:
    """SQL for the columns that hold intervals, text in their places, by name."""
    wanted = {name: mapped(duckdb.sqltype(kind), AS_TEXT) for name, kind in kinds.items() if "INTERVAL" in kind}
    return {name: f"CAST({quote(name)} AS {kind})" for name, kind in wanted.items() if kind != kinds[name]}


def _own(kind: duckdb.sqltypes.DuckDBPyType) -> str | None:
    """The type that a stored column stands for; None where it is its own."""
    if kind.id != "struct" or len(kind.children) != 1 or not kind.children[0][0].startswith(MARK):
        return None
    return kind.children[0][0].removeprefix(MARK)

"""Names and texts in SQL, and what a relation's columns are called."""

import re
from collections.abc import Mapping

from duckdb import DuckDBPyRelation as Relation

SYSTEM = re.compile(r"GEOMETRY\('(?:\{.*?\}|[^'{]*)'\)", re.DOTALL)


def quote(name: str) -> str:
    """An SQL identifier for any name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """An SQL string for any text."""
    return "'" + value.replace("'", "''") + "'"


def names(table: Relation) -> Mapping[str, str]:
    """Column name to DuckDB type text."""
    return dict(zip(table.columns, map(str, table.types), strict=True))


def shown(kinds: str) -> str:
    """Text about types without the coordinate systems of geometry, each of which is a page of JSON."""
    return SYSTEM.sub("GEOMETRY", kinds) if "GEOMETRY('" in kinds else kinds

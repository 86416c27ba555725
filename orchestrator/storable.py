"""Types that a stored table keeps. What Parquet has no type for becomes the nearest it has, stored or not.

So a node sees the same types whether the table before it was stored or handed on, and before anything runs.
"""

from collections.abc import Mapping
from functools import lru_cache

import duckdb
from duckdb import DuckDBPyRelation as Relation
from duckdb.sqltypes import DuckDBPyType as Kind

from orchestrator.crs import projjson
from orchestrator.schema import crs_of, is_geometry
from orchestrator.sql import literal, quote

PLAIN = {
    "HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "BIGNUM": "VARCHAR", "BIT": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP",
}  # fmt: skip
NULL = '"NULL"'


def storable(table: Relation) -> Relation:
    """The same table in types that are kept; an untyped null is text. As it is where nothing changes."""
    made, changed = [], False
    for name, kind in zip(table.columns, map(str, table.types), strict=True):
        kept = _kept(quote(name), kind)
        changed = changed or kept is not None
        made.append(f"{kept} AS {quote(name)}" if kept else quote(name))
    return table.project(", ".join(made)) if changed else table


@lru_cache(maxsize=4096)
def _kept(column: str, kind: str) -> str | None:
    """The expression that makes the column storable, where it is not."""
    if is_geometry(kind):
        system = crs_of(kind)
        named = system is not None and "{" not in kind
        return f"st_setcrs({column}, {literal(projjson(str(system)))})" if named else None
    if kind == "TIME WITH TIME ZONE":
        return f"timezone('UTC', {column})"  # a file keeps the time, not the zone in which it was said
    wanted = "VARCHAR" if kind == NULL else stored_as(kind)
    return None if wanted == kind else f"CAST({column} AS {wanted})"


@lru_cache(maxsize=1024)
def stored_as(kind: str) -> str:
    """The type, as DuckDB names it, that a table of this type has once it is stored."""
    simple = kind.isidentifier() or kind.startswith(("DECIMAL", "TIMESTAMP", "TIME "))
    return PLAIN.get(kind, kind) if simple else mapped(duckdb.sqltype(kind), PLAIN)


def mapped(kind: Kind, others: Mapping[str, str]) -> str:
    """A type in which these, by name, are others, at any depth; of enums and unions text."""
    if kind.id in ("enum", "union"):
        return "VARCHAR"
    if kind.id not in ("list", "array", "map", "struct", "tuple"):
        return others.get(str(kind), str(kind))
    parts = [(name, str(part), mapped(part, others)) for name, part in kind.children if isinstance(part, Kind)]
    if kind.id not in ("array", "tuple") and all(before == after for _, before, after in parts):
        return str(kind)
    kept = [after for _, _, after in parts]
    if kind.id in ("list", "array"):
        return f"{kept[0]}[]"
    if kind.id == "map":
        return f"MAP({', '.join(kept)})"
    names = [name or f"element{number}" for number, (name, _, _) in enumerate(parts, 1)]
    return f"STRUCT({', '.join(f'{quote(name)} {part}' for name, part in zip(names, kept, strict=True))})"

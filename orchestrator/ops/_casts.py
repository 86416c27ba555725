"""Which types can be cast to which, and how: DuckDB says so when it meets a value, nothing for nulls or no rows."""

from functools import lru_cache

import duckdb

from orchestrator.expressions import connection
from orchestrator.ops._types import family, nested

VALUES = {
    "number": "1", "BOOLEAN": "true", "date": "'2000-01-01'", "TIME": "'01:00'", "INTERVAL": "'1 day'", "BLOB": "''",
    "UUID": "'00000000-0000-0000-0000-000000000000'", "geometry": "'POINT (0 0)'",
}  # fmt: skip
ANYTHING = ("text", "JSON")


@lru_cache(maxsize=4096)
def castable(kind: str, wanted: str) -> bool:
    """Whether values of a type can be of another at all. That some of them cannot is for the run to find."""
    if nested(kind) and not nested(wanted):
        return family(wanted) in ANYTHING
    empty = "'[]'" if kind.endswith("]") else "'{}'"
    value = empty if nested(kind) else VALUES.get(family(kind))
    if value is None:
        return True
    try:
        connection().execute(f"SELECT CAST(CAST({value} AS {kind}) AS {wanted})")
    except duckdb.Error as error:
        return "Unimplemented type for cast" not in str(error)
    return True


def converted(value: str, kind: str, wanted: str) -> str:
    """SQL of a value of this type as another; null where it, or what is inside of it, does not become one.

    Of JSON that becomes a struct only what is wanted is looked at: it may lack fields, and a field's value is null.
    """
    if not nested(wanted) or ("JSON" in kind and "STRUCT(" in wanted):
        return f"TRY_CAST({value} AS {wanted})"
    return f"TRY(CAST({value} AS {wanted}))"  # TRY_CAST would put null in the places of some elements

"""What is inside of structs and JSON, in SQL."""

from collections.abc import Iterator

from duckdb.sqltypes import DuckDBPyType as Kind

from orchestrator.ops._casts import converted
from orchestrator.ops._types import nested
from orchestrator.sql import literal

STRUCTS = ("struct", "tuple")
NESTED = ("list", "array", "map", *STRUCTS)


def leaves(value: str, kind: Kind, depth: int | None = None) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every field of a struct, and of structs in it down to so many levels: the names on the way, and its SQL.

    A field without a name is called as a stored table calls it, such as `element1`.
    """
    for number, (name, part) in enumerate(kind.children, 1):
        inner = f"struct_extract({value}, {literal(name) if name else number})"
        names = (name or f"element{number}",)
        if isinstance(part, Kind) and part.id in STRUCTS and depth != 1:
            yield from ((names + more, sql) for more, sql in leaves(inner, part, depth and depth - 1))
        else:
            yield names, inner


def json_of(column: str, kind: Kind) -> str:
    """A column as JSON; null where a text is none."""
    return f"to_json({column})" if kind.id in NESTED else f"TRY_CAST({column} AS JSON)"


def from_json(value: str, kind: str) -> str:
    """A JSON value as this type; null where it does not become one, and of JSON's null."""
    if kind == "JSON":
        return f"CASE WHEN json_type({value}) <> 'NULL' THEN {value} END"
    if nested(kind):
        return converted(value, "JSON", kind)
    return f"TRY_CAST(json_extract_string({value}, '$') AS {kind})"


def fails(value: str, kind: str) -> str:
    """Whether a JSON value is there and does not become this type."""
    return f"(json_type({value}) <> 'NULL' AND {from_json(value, kind)} IS NULL)"

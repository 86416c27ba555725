"""What libpq says of the columns of an answer, and the driver of Arrow does not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from orchestrator.connections.postgres.answers import Answered

CASTS = {bool: "bool", int: "int8", float: "float8"}
ELEMENTS = """
WITH RECURSIVE element(array_type, type) AS (
    SELECT oid, typelem FROM pg_type WHERE oid = ANY(%s)
    UNION ALL SELECT array_type, typbasetype FROM element JOIN pg_type ON oid = type WHERE typtype = 'd'
)
SELECT array_type, typname FROM element JOIN pg_type ON oid = type WHERE typtype <> 'd'
"""


def modifiers(cursor: Any, query: str, values: Sequence[Any]) -> dict[str, int]:
    """The type modifiers of an answer's columns, which ADBC does not say of geometry."""
    sizes = {each.name: each.internal_size or -1 for each in _described(cursor, query, values)}
    return {name: size + 4 if size > 0 else -1 for name, size in sizes.items()}


def of_domains(cursor: Any, answered: list[Answered], query: str, values: Sequence[Any]) -> list[Answered]:
    """The columns of an answer, arrays of a domain as arrays of what it is made of.

    ADBC names them after the domain, though not a column of a domain, or of one that is made of an array.
    """
    kinds = {each.name: each.type_code for each in _described(cursor, query, values)}
    asked = [kinds[each.name] for each in answered if each.may_be_of_a_domain()]
    cursor.execute(ELEMENTS, (asked,))
    elements = dict(cursor.fetchall())
    kept = ((each, elements.get(kinds[each.name])) for each in answered)
    return [replace(each, type=f"_{element}") if element else each for each, element in kept]


def _described(cursor: Any, query: str, values: Sequence[Any]) -> Sequence[Any]:
    """The columns.

    The query has been prepared before as one statement: it cannot end the parenthesis it is put into.
    """
    for number in range(len(values), 0, -1):
        value = values[number - 1]
        kind = CASTS.get(type(value)) or {"date": "date", "datetime": "timestamp"}.get(type(value).__name__, "text")
        query = query.replace(f"${number}", f"(NULL::{kind})")
    cursor.execute(f"SELECT * FROM (\n{query}\n) AS asked LIMIT 0")
    return tuple(cursor.description)

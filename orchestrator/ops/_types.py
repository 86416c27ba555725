"""Types as users name them, and which types go together."""

import itertools
import re
from functools import lru_cache
from typing import Annotated

import duckdb
from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator import expressions
from orchestrator import storable as kept
from orchestrator.errors import NodeError
from orchestrator.ops.settings import invalid
from orchestrator.schema import is_geometry
from orchestrator.sql import shown
from orchestrator.suggest import TYPES, no_type

NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)")
INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
NULL = '"NULL"'
# DuckDB would make null of all such values.
APART = frozenset(
    frozenset(pair)
    for pair in itertools.combinations(("number", "date", "geometry", "TIME", "UUID"), 2)
    if pair != ("date", "TIME")
) | {frozenset({"BOOLEAN", "date"}), frozenset({"BOOLEAN", "geometry"})}
LONGEST = 1000
storable = kept.storable


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """DuckDB's own name of a type, such as `TIMESTAMP WITH TIME ZONE` for `timestamptz`; safe to put into SQL.

    128-bit integers become DECIMAL(38,0), since no file format keeps them.
    Raises pydantic.ValidationError for what is no type.
    """
    try:
        tree = expressions.tree(f"CAST(NULL AS {text[:LONGEST]})")
        if tree["class"] != "CAST" or tree["child"]["class"] != "CONSTANT":
            raise invalid(f"'{text}' is not one type.")
        kind = str(expressions.connection().cursor().sql(f"SELECT CAST(NULL AS {text[:LONGEST]}\n)").types[0])
    except (duckdb.Error, NodeError):
        raise invalid(no_type(text)) from None
    return "DECIMAL(38,0)" if kind in ("HUGEINT", "UHUGEINT") else kind


TypeName = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(canonical),
    WithJsonSchema({"type": "string", "minLength": 1, "examples": list(TYPES), "x-ui": {"widget": "type"}}),
]


def family(kind: object) -> str:
    """What a type can be compared with: all numbers are one family, so are dates and timestamps, and texts."""
    text = str(kind)
    if is_geometry(text):
        return "geometry"
    if NUMERIC.fullmatch(text):
        return "number"
    if text == "DATE" or text.startswith("TIMESTAMP"):
        return "date"
    return "text" if text == "VARCHAR" or text.startswith("ENUM(") else text


def apart(kind: object, other: object) -> bool:
    """Whether no value of the one type has a form in the other."""
    return frozenset({family(kind), family(other)}) in APART


def nested(kind: str) -> bool:
    """Whether its values have others inside: a list, a struct or a map."""
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP("))


def plain(kind: object) -> str:
    """A type in a message: a geometry's without its coordinate system."""
    return shown(str(kind)).strip('"')


def free(names: object, wanted: str) -> str:
    """`wanted`, or the first of `wanted_2`, `wanted_3`, … that is none of these names, whatever their case."""
    taken = {str(name).lower() for name in names}  # type: ignore[attr-defined]
    made, number = wanted, 2
    while made.lower() in taken:
        made, number = f"{wanted}_{number}", number + 1
    return made

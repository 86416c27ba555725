"""Whether a type can hold all that another can."""

from typing import Any

import duckdb

from orchestrator.ops._types import INTEGER, nested
from orchestrator.schema import is_geometry

WIDER = {("FLOAT", "DOUBLE"), ("TIMESTAMP_S", "TIMESTAMP"), ("TIMESTAMP_MS", "TIMESTAMP")}
AS_GOOD = ("UUID", "JSON", '"NULL"')  # their text is what they are


def differs(kind: str, kept: str) -> bool:
    """Whether something of a type is lost in another: not where there is only more room, also inside of others."""
    if kind == kept or (is_geometry(kind) and is_geometry(kept)):
        return False
    if nested(kind) and nested(kept):
        try:
            return _differ(duckdb.sqltype(kind), duckdb.sqltype(kept))
        except duckdb.Error:  # words instead of a type, or a coordinate system that only a session knows
            return True
    wider = (INTEGER.fullmatch(kind) and INTEGER.fullmatch(kept)) or (kind, kept) in WIDER
    return not wider and not (kind in AS_GOOD and kept == "VARCHAR")


def _differ(kind: Any, kept: Any) -> bool:
    if not (nested(str(kind)) and nested(str(kept))):
        return differs(str(kind), str(kept))
    if kind.id != kept.id or kind.id not in ("list", "map", "struct"):
        return str(kind) != str(kept)
    before, after = kind.children, kept.children
    if [name for name, _ in before] != [name for name, _ in after]:
        return True
    return any(_differ(one, other) for (_, one), (_, other) in zip(before, after, strict=True))

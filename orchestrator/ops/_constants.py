"""Values from the settings as SQL constants that are exactly of a column's type."""

from collections.abc import Iterable
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.expressions import connection
from orchestrator.ops._clauses import typed
from orchestrator.ops._rows import short
from orchestrator.ops._types import NULL, plain
from orchestrator.schema import is_geometry


def constant(value: Any, kind: str, column: str) -> str:
    """A value in SQL as this type, without loss; null is a null of it. `column` is named in the refusal.

    Raises:
        NodeError: `type_mismatch`, the value is none of the type, is too large for it or would be rounded.
    """
    if is_geometry(kind):
        raise NodeError(f"Column '{column}' is a geometry: no value can stand for one.", code="type_mismatch")
    if value is None:
        return f"CAST(NULL AS {'VARCHAR' if kind == NULL else kind})"
    given = typed(value, kind, column)
    if kind in ("VARCHAR", NULL):
        return given
    if not (_surely(value, kind) or _exact(given, kind)):
        raise NodeError(f"Column '{column}' is {plain(kind)}; {short(value)} does not fit.", code="type_mismatch")
    return f"CAST({given} AS {kind})"


def _surely(value: Any, kind: str) -> bool:
    """Whether there is no need to ask DuckDB, which takes its time where a table has a thousand values."""
    return (kind == "BIGINT" and isinstance(value, int) and -(2**63) <= value < 2**63) or (
        kind == "DOUBLE" and isinstance(value, int | float)
    )


def _exact(given: str, kind: str) -> bool:
    same = "IS NOT NULL" if kind in ("FLOAT", "DOUBLE") else f"= {given}"
    return connection().cursor().sql(f"SELECT TRY_CAST({given} AS {kind}) {same}").fetchall() == [(True,)]


def fits(value: Any, kind: str) -> bool:
    """Whether a column of this type can hold the value."""
    try:
        constant(value, kind, "")
    except NodeError:
        return False
    return True


def kind_of(values: Iterable[Any]) -> str:
    """The type for all of these: of true and false, of numbers, else text. Nulls do not count."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds == {int}:
        return "BIGINT"
    return "DOUBLE" if kinds and kinds <= {int, float} else "VARCHAR"

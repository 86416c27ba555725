"""Values as YAML holds them: which types become text, and what Arrow's values are in Python."""

from decimal import Decimal
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.casts import cast
from orchestrator.ops.base import Relation
from orchestrator.schema import is_geometry

TEXT = (
    "TIME", "TIME_NS", "TIME WITH TIME ZONE", "TIMESTAMP_NS", "UUID", "INTERVAL", "BIT", "JSON", "VARIANT", "BIGNUM",
)  # fmt: skip


def holdable(table: Relation) -> Relation:
    """The rows with text for what YAML has no type for, also inside of others."""
    return cast(table, _text)


def _text(kind: str) -> str | None:
    return "VARCHAR" if kind in TEXT or kind.startswith(("ENUM(", "UNION(")) or is_geometry(kind) else None


def values(column: Any, name: str) -> list[Any]:
    """The values of a column of Arrow, a mapping for each MAP.

    Raises:
        NodeError: `invalid_value`: a date is before the year 1 or after 9999.
    """
    try:
        return [number(value) for value in column.to_pylist(maps_as_pydicts="strict")]
    except (OverflowError, ValueError):
        message = f"Column '{name}' has a date or time before the year 1 or after 9999, which YAML does not have."
        hint = "cast the column to VARCHAR before"
        raise NodeError(message, code="invalid_value", port="table", hint=hint) from None


def number(value: Any) -> Any:
    """A whole DECIMAL as a whole number with all its digits, one with a fraction as a DOUBLE."""
    if not isinstance(value, Decimal):
        return value
    return float(value) if int(value.as_tuple().exponent) < 0 else int(value)

"""Whether values fit into a column that is there, whose type stays as it is."""

from typing import Any

from orchestrator.errors import NodeError


def widens(kind: Any, wanted: Any) -> bool:
    """Whether values of one Arrow type may fit into another: numbers that stay what they are, a date as a moment."""
    import pyarrow.types as is_

    if kind == wanted:
        return True
    if is_.is_date(kind) and is_.is_timestamp(wanted):
        return wanted.tz is None
    if is_.is_floating(kind) and is_.is_floating(wanted):
        return bool(kind.bit_width <= wanted.bit_width)
    return all(is_.is_integer(each) or is_.is_floating(each) for each in (kind, wanted))


def fitted(values: Any, wanted: Any, column: str, said: str, place: str) -> Any:
    """The values in the Arrow type of a column, every one of them as it was; nulls fit everywhere.

    `said` is the column's type and `place` the table's or layer's name as a person knows them.

    Raises:
        NodeError: `type_mismatch`.
    """
    import pyarrow

    if values.type == wanted:
        return values
    if values.null_count == len(values):
        return pyarrow.nulls(len(values), wanted)
    try:
        if widens(values.type, wanted):
            return values.cast(wanted)
    except pyarrow.ArrowInvalid:
        raise misfit(values.filter([not _fits(each, wanted) for each in values]), column, said, place) from None
    raise misfit(values.drop_null(), column, said, place)


def _fits(value: Any, wanted: Any) -> bool:
    import pyarrow

    try:
        value.cast(wanted)
    except pyarrow.ArrowInvalid:
        return False
    return True


def misfit(values: Any, column: str, said: str, place: str) -> NodeError:
    """The problem of values that a column would change, or not give back as what they are; the first is named."""
    value = str(values[0].as_py())[:50]
    message = f"Column '{column}' of {place} is {said}, which '{value}' of these rows does not fit."
    hint = f"cast '{column}' before, give it another name, or overwrite what is there"
    return NodeError(message, code="type_mismatch", port="table", value=value, hint=hint)

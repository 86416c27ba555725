"""Arrow's values as Python's, for libraries that write row by row."""

from typing import Any

from orchestrator.errors import NodeError

DAY = 86_400_000_000


def values(batch: Any) -> list[list[Any]]:
    """The values of each column of a batch.

    Raises:
        NodeError: `invalid_value`: a date or time that Python does not have; names the column.
    """
    return [_column(name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)]


def _column(name: str, column: Any) -> list[Any]:
    import pyarrow
    from pyarrow import compute

    if column.type == pyarrow.time64("us") and (compute.max(column.cast("int64")).as_py() or 0) >= DAY:
        message = f"Column '{name}' holds the time 24:00:00, which this format does not have."
        raise NodeError(message, code="invalid_value", port="table", value="24:00:00", hint="TIME '00:00:00'")
    try:
        made: list[Any] = column.to_pylist()
    except OverflowError:
        message = f"Column '{name}' holds a date or time that is not in the years 1 to 9999, or is infinite."
        raise NodeError(
            message, code="invalid_value", port="table", hint="leave it out, make it text, or write parquet"
        ) from None
    return made

"""Files of text that an earlier run left without rows: their columns are not known, and nothing is to be kept."""

from collections.abc import Callable

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation


def rows_or_none(
    read: Callable[[Relation, Context], Relation | None], table: Relation, context: Context
) -> Relation | None:
    """What `read` gives of the old file; None where it holds no row."""
    try:
        return read(table, context)
    except NodeError as error:
        if error.code != "file_empty":
            raise
        return None

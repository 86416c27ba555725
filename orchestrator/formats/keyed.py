"""Writing by key: rows of a table are replaced or removed by those that come in with the same keys."""

from collections.abc import Iterable
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.ops.settings import invalid
from orchestrator.suggest import listing, near

KEYED = ("upsert", "delete")
KEYS = "The columns that tell rows apart, for upsert and delete; upsert needs them unique."


def with_keys(writer: Any) -> Any:
    """A writer whose `keys` go with its `mode`: none without a need, and none without a use.

    Raises pydantic.ValidationError, on `keys`, where they do not.
    """
    if writer.mode in KEYED and not writer.keys:
        raise invalid(f"Mode '{writer.mode}' needs the columns that tell rows apart.", "keys")
    if writer.mode not in KEYED and writer.keys:
        raise invalid(f"Keys are for upsert and delete; mode '{writer.mode}' uses none.", "keys")
    return writer


def not_in_table(column: str, table: str, there: Iterable[str]) -> NodeError:
    """The problem of a column that the table of a database does not have."""
    columns = list(there)
    message = f"Column '{column}' is not in table '{table}'.{near(column, columns)}"
    return NodeError(message, code="unknown_column", path="/config/table", port="table", hint=listing(columns))

"""Names of columns that no setting can hold."""

from orchestrator.errors import NodeError
from orchestrator.ops.base import Relation

LONGEST_NAME = 1_000


def with_names(table: Relation, file: str) -> Relation:
    """The table, if its columns have names that a setting can hold."""
    if said := too_long(table):
        message = f"'{file}' is no table: {said}."
        raise NodeError(message, code="no_table", hint=f"at most {LONGEST_NAME:,}; is the delimiter right?")
    return table


def too_long(table: Relation) -> str | None:
    """What is wrong with the longest name of a column."""
    longest = max(table.columns, key=len, default="")
    said = f"the name of a column has {len(longest):,} letters ('{longest[:40]}…')"
    return said if len(longest) > LONGEST_NAME else None

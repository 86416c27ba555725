"""Names of columns in files that no setting can hold."""

from orchestrator.errors import NodeError
from orchestrator.ops._new_columns import AT_MOST, too_long
from orchestrator.ops.base import Relation


def with_names(table: Relation, file: str) -> Relation:
    """The table, if a setting can hold its columns' names. Raises NodeError, `no_table`, where one is too long."""
    if said := too_long(max(table.columns, key=len, default="")):
        raise NodeError(f"'{file}' is no table: {said}.", code="no_table", hint=f"{AT_MOST}; is the delimiter right?")
    return table

"""A row for each element of a list, the other columns beside it."""

from collections.abc import Sequence

from orchestrator.ops._types import free
from orchestrator.ops.base import Relation
from orchestrator.sql import quote


def with_list(table: Relation, elements: str) -> tuple[Relation, str]:
    """The table with a list, which is given in SQL, as its last column, and that column's quoted name."""
    made = quote(free(table.columns, "_list"))
    return table.project(f"*, {elements} AS {made}"), made


def element(made: str) -> str:
    """The SQL of an element of the list in this column, in a row of its own; null in the one row of no elements."""
    return f"unnest(CASE WHEN len({made}) > 0 THEN {made} ELSE [NULL] END)"


def place(made: str) -> str:
    """The same of its place in the list, from 1."""
    return f"unnest(CASE WHEN len({made}) > 0 THEN range(1, len({made}) + 1) ELSE [NULL] END)"


def exploded(table: Relation, made: str, terms: Sequence[str], keep_rows: bool) -> Relation:
    """Rows of these terms, `element` and `place` among them, in the order of the table and of each list.

    A row whose list is null or has no elements comes out once if `keep_rows` says so.
    """
    return (table if keep_rows else table.filter(f"len({made}) > 0")).project(", ".join(terms))

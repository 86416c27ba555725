"""Which of several tables that are not read yet cannot be made."""

from collections.abc import Iterable

from orchestrator.errors import Interrupted, NodeError
from orchestrator.faults import blame
from orchestrator.formats.problems import BROKEN
from orchestrator.formats.streams import batches
from orchestrator.ops.base import Relation

DATA_ERRORS = frozenset({"conversion_failed", "out_of_range", "invalid_value", "node_failed"})


def of_data(error: NodeError) -> bool:
    """Whether an error may be of a query that an earlier node made: what node types refuse themselves is their own."""
    return error.code in DATA_ERRORS or error.message.startswith(BROKEN)


def first_failing(tables: Iterable[tuple[str, Relation]]) -> NodeError | None:
    """Read tables one after the other; the error of the first that fails, on the node that it is beside."""
    for node_id, table in tables:
        try:
            with blame(node_id), batches(table, 100_000) as (_, rows):
                for _ in rows:
                    pass
        except Interrupted:
            raise
        except NodeError as error:
            return error
    return None

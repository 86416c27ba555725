"""Rows rejected where nobody sees them."""

from collections.abc import Collection, Mapping

from orchestrator.errors import NodeError
from orchestrator.graph import RunSettings
from orchestrator.ops.base import Relation

REJECTED = "rejected"


def refuse_rejected(made: Mapping[str, Relation], connected: Collection[str], settings: RunSettings) -> None:
    """Fail for a row on a `rejected` port that is not connected, unless the workflow says `on_rejected: continue`.

    Raises:
        NodeError: `rejected_rows`, with the row's reason.
    """
    if REJECTED not in made or REJECTED in connected or settings.on_rejected == "continue":
        return
    row = next(iter(made[REJECTED].limit(1).fetchall()), None)
    if row is not None:
        said = dict(zip(made[REJECTED].columns, row, strict=True))
        reason = said.get("rejection_message") or "it could not be processed"
        message = f"A row was rejected, and nothing is connected to 'rejected': {reason}"
        raise NodeError(message, code="rejected_rows", port=REJECTED)

"""Rows rejected where nobody sees them."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.graph import RunSettings
from orchestrator.ops._rejected import REASONS
from orchestrator.ops.base import Relation

REJECTED = "rejected"


def refuse_rejected(made: Mapping[str, Relation], connected: Collection[str], settings: RunSettings) -> None:
    """Fail for a row on a `rejected` port that is not connected, unless the workflow says `on_rejected: continue`.

    Raises:
        NodeError: `rejected_rows`, with the row and its reason.
    """
    if REJECTED not in made or REJECTED in connected or settings.on_rejected == "continue":
        return
    row = next(iter(made[REJECTED].limit(1).fetchall()), None)
    if row is not None:
        said = dict(zip(made[REJECTED].columns, row, strict=True))
        reason = said.get("rejection_message") or "it could not be processed"
        message = f"A row was rejected, and nothing is connected to 'rejected': {reason}"
        raise NodeError(message, code="rejected_rows", port=REJECTED, value=_shown(said))


def _shown(row: Mapping[str, Any]) -> str:
    """The row as JSON, without the reason and without what is not text or a number, such as geometry."""
    own = {name: value for name, value in row.items() if name not in REASONS and not isinstance(value, bytes)}
    return json.dumps(own, default=str, ensure_ascii=False)

"""Writing by key: rows of a table are replaced or removed by those that come in with the same keys."""

from collections.abc import Sequence

from orchestrator.ops.settings import invalid

KEYED = ("upsert", "delete")
KEYS = "The columns that tell rows apart, for upsert and delete; upsert needs them unique."


def check_keys(mode: str, keys: Sequence[str]) -> None:
    """Raises: ValueError on `keys`, where a mode needs them and has none, or has some that it does not use."""
    if mode in KEYED and not keys:
        raise invalid(f"Mode '{mode}' needs the columns that tell rows apart.", "keys")
    if mode not in KEYED and keys:
        raise invalid(f"Keys are for upsert and delete; mode '{mode}' uses none.", "keys")

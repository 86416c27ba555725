"""Names for Dagster (`[A-Za-z0-9_]+`) from names that may be anything, and near-misses for messages."""

import difflib
import hashlib
import re
from collections.abc import Iterable

LONGEST = 80


def key(node_id: str) -> str:
    """A file and Dagster name for a node id; different ids give different keys.

    Letters and digits stay, any other character becomes `_<hex>_`. An id whose key would be too long is hashed, behind
    `_h_`, which no escape can produce.
    """
    made = re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}_", node_id)
    if len(made) <= LONGEST and made:
        return made
    return "_h_" + hashlib.sha256(node_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def alias(node_id: str, label: str) -> str:
    """The name of a node in Dagster: its label for the person, then its key, so that no two nodes share one."""
    slug = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")[:40].strip("_") or "node"
    return f"{slug}__{key(node_id)}"


def near(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name, or nothing: `" Did you mean 'amount'?"`."""
    options = list(known)
    lower = {option.lower(): option for option in reversed(options)}
    found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f" Did you mean '{lower[found[0]]}'?" if found else ""


def listing(names: Iterable[str], limit: int = 20) -> str:
    """The names with commas, cut after `limit` of them."""
    options = list(names)
    return ", ".join(options[:limit]) + (f", … ({len(options)} in all)" if len(options) > limit else "")

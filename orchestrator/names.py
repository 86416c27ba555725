"""Names for Dagster (`[A-Za-z0-9_]+`) from names that may be anything, and near-misses for messages."""

import difflib
import hashlib
import re
from collections.abc import Iterable
from heapq import nlargest

LONGEST = 80
COMPARED, COMPARED_LENGTH = 50, 200  # comparing two names takes up to a millisecond


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
    lower = {option.lower(): option for option in reversed(list(known)) if len(option) <= COMPARED_LENGTH}
    wanted = name.lower()
    if not wanted or len(wanted) > COMPARED_LENGTH:
        return ""
    options = lower if len(lower) <= COMPARED else nlargest(COMPARED, lower, lambda option: _same_ends(wanted, option))
    found = difflib.get_close_matches(wanted, options, n=1, cutoff=0.6)
    return f" Did you mean '{lower[found[0]]}'?" if found else ""


def _same_ends(one: str, other: str) -> int:
    """How many characters two names share at their beginning and end: nearly all, where one is a slip of the other."""
    return _same_start(one, other) + _same_start(one[::-1], other[::-1])


def _same_start(one: str, other: str) -> int:
    differing = (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    return next(differing, min(len(one), len(other)))


def listing(names: Iterable[str], limit: int = 20) -> str:
    """The names with commas, cut after `limit` of them."""
    options = list(names)
    return ", ".join(options[:limit]) + (f", … ({len(options)} in all)" if len(options) > limit else "")

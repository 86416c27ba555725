"""Near-misses and lists of names, for messages."""

import difflib
from collections.abc import Iterable

COMPARED, COMPARED_LENGTH = 10, 200  # comparing two names with care takes up to a millisecond
TYPES = (
    "BIGINT", "INTEGER", "DOUBLE", "DECIMAL(18,2)", "VARCHAR", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ",
    "GEOMETRY", "JSON", "BLOB", "UUID", "INTERVAL", "SMALLINT", "FLOAT",
)  # fmt: skip


def near(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name, or nothing: `" Did you mean 'amount'?"`."""
    from rapidfuzz import fuzz, process

    lower = {option.lower(): option for option in reversed(list(known)) if len(option) <= COMPARED_LENGTH}
    wanted = name.lower()
    if not wanted or len(wanted) > COMPARED_LENGTH:
        return ""
    options = [option for option, *_ in process.extract(wanted, list(lower), scorer=fuzz.ratio, limit=COMPARED)]
    found = difflib.get_close_matches(wanted, options, n=1, cutoff=0.6)
    return f" Did you mean '{lower[found[0]]}'?" if found else ""


def no_type(name: str) -> str:
    """The sentence about a type that there is not, with the nearest of those in use."""
    return f"There is no type '{name}'.{near(name, TYPES)}"


def listing(names: Iterable[str], limit: int = 20) -> str:
    """The names with commas, cut after `limit` of them."""
    options = list(names)
    return ", ".join(options[:limit]) + (f", … ({len(options)} in all)" if len(options) > limit else "")

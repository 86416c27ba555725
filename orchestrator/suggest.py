"""Near-misses and lists of names, for messages."""

import difflib
from collections.abc import Iterable

COMPARED, COMPARED_LENGTH = 10, 200  # comparing two names with care takes up to a millisecond


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


def listing(names: Iterable[str], limit: int = 20) -> str:
    """The names with commas, cut after `limit` of them."""
    options = list(names)
    return ", ".join(options[:limit]) + (f", … ({len(options)} in all)" if len(options) > limit else "")

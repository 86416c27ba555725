"""Which media type to answer in (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException

from orchestrator.suggest import listing


def best(accept: str | None, offered: Sequence[str]) -> str:
    """The offered media type that the client likes best; among equals the one that is offered first.

    Raises:
        HTTPException: 406, naming what there is.
    """
    ranges = [_range(each) for each in (accept or "*/*").split(",") if each.strip()] or [("*/*", 1.0)]
    weighed = [(_quality(each, ranges), -place, each) for place, each in enumerate(offered)]
    quality, _, found = max(weighed)
    if quality <= 0:
        raise HTTPException(406, f"'{(accept or '')[:200]}' cannot be given; there is {listing(offered)}.")
    return found


def _range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return media, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return media, 0.0


def _quality(offered: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the most specific range that covers it."""
    kind = offered.partition("/")[0]
    by_range = dict(reversed(ranges))
    return next((by_range[each] for each in (offered, f"{kind}/*", "*/*") if each in by_range), 0.0)

"""Which media type a client likes best."""

import pytest
from starlette.exceptions import HTTPException

from api.negotiation import best

OFFERED = ("application/json", "application/geo+json", "text/csv")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/geo+json;q=0.9", "application/geo+json"),
        ("application/*, text/csv", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("application/json;q=0, */*", "application/geo+json"),
        ("text/csv; charset=utf-8; q=1.0", "text/csv"),
        ("*/*;q=0.1, text/csv;q=0.2", "text/csv"),
        ("text/csv;q=7", "text/csv"),
    ],
)
def test_the_best(accept: str | None, expected: str) -> None:
    assert best(accept, OFFERED) == expected


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "*/*;q=0", "text/csv;q=x", "none", "a/b, image/*"])
def test_none(accept: str) -> None:
    with pytest.raises(HTTPException, match="application/geo\\+json"):
        best(accept, OFFERED)

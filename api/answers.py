"""JSON as it goes out: text stays text, times are RFC 3339 in UTC."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response


class Json(Response):
    """Any JSON, as `dumps` writes it."""

    media_type = "application/json"

    def __init__(
        self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str | None = None
    ) -> None:
        super().__init__(content, status, headers, media_type)

    def render(self, content: Any) -> bytes:
        """The bytes."""
        return dumps(content)


def dumps(content: Any) -> bytes:
    """Plain values, times and models as JSON; half a surrogate pair is escaped, not an error."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()
    except UnicodeEncodeError:
        return json.dumps(content, separators=(",", ":"), default=_plain).encode()


def rfc3339(moment: datetime) -> str:
    """The moment in UTC, `2026-01-31T12:00:00.123456Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is no JSON")

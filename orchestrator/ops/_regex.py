"""Regular expressions of a node's settings."""

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator.ops.settings import invalid
from orchestrator.patterns import wrong


def check(pattern: str, replacement: str = "", *place: str) -> str:
    """The pattern, if RE2 can replace it so. Raises pydantic.ValidationError, at this place, with what RE2 says."""
    if message := wrong(pattern, replacement):
        raise invalid(message, *place)
    return pattern


Pattern = Annotated[
    str,
    Field(min_length=1, max_length=10_000),
    AfterValidator(check),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 10_000}),
]

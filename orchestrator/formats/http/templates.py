"""Texts with `{column}` in them, filled from a row; `{{` and `}}` are braces."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BeforeValidator

from orchestrator.errors import NodeError
from orchestrator.literals import PLACEHOLDER, as_text
from orchestrator.ops.settings import Bound, invalid

PART = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
Row = Mapping[str, Any]


def template(value: Any) -> Any:
    """A text, checked; the braces in a parameter's value are no places for columns.

    Raises pydantic.ValidationError, `invalid_config`, for a brace that stands alone.
    """
    if isinstance(value, Bound):
        braces = {name: as_text(each).replace("{", "{{").replace("}", "}}") for name, each in value.values.items()}
        value = PLACEHOLDER.sub(lambda match: braces[match[1]], value.template)
    if isinstance(value, str):
        for found in PART.finditer(value):
            if found[0] in ("{", "}"):
                raise invalid(f"'{found[0]}' stands alone: a column is {{name}}, and a brace is written twice.")
    return value


Template = Annotated[str, BeforeValidator(template)]


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers. Raises pydantic.ValidationError for a name that none can have (RFC 9110, a token)."""
    for name in headers:
        if not TOKEN.fullmatch(name):
            raise invalid(f"A header cannot be called '{name[:100]}': letters, digits and - are allowed.", name)
    return headers


def unsendable(headers: Mapping[str, str]) -> str | None:
    """What is wrong with the first value that cannot be sent."""
    bad = (name for name, value in headers.items() if not value.isprintable())
    return next((f"The value of header '{name}' has a line break or the like." for name in bad), None)


def document(value: Any) -> Any:
    """A JSON value with templates for its texts, checked."""
    if isinstance(value, dict):
        return {key: document(each) for key, each in value.items()}
    if isinstance(value, list):
        return [document(each) for each in value]
    return template(value)


def columns_in(value: Any) -> Iterator[str]:
    """The columns that the texts of a JSON value name."""
    if isinstance(value, str):
        yield from (found[1] for found in PART.finditer(value) if found[1])
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from columns_in(each)


def alone(text: str) -> str | None:
    """The column, where the text is nothing else."""
    found = PART.fullmatch(text)
    return found[1] if found else None


def filled(text: str, row: Row) -> str | None:
    """The text with the row's values; None where one of them is null."""
    names = list(columns_in(text))
    if any(row[name] is None for name in names):
        return None
    return PART.sub(lambda found: _text(row[found[1]]) if found[1] else found[0][0], text)


def address(text: str, row: Row) -> str:
    """The same for an address: values are percent-encoded; a column alone is an address as it is.

    Raises:
        NodeError: `invalid_value`, a value is null.
    """
    for name in columns_in(text):
        if row[name] is None:
            raise NodeError(f"Column '{name}' is null, and the address needs it.", code="invalid_value")
    if (whole := alone(text)) is not None:
        return str(row[whole])
    return PART.sub(lambda found: _encoded(_text(row[found[1]])) if found[1] else found[0][0], text)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else as_text(value)


def _encoded(value: str) -> str:
    return value.replace(".", "%2E") if value in (".", "..") else quote(value, safe="")


def as_json(value: Any, row: Row) -> Any:
    """A JSON value filled: a column alone keeps its type; in a text, null is nothing."""
    if isinstance(value, dict):
        return {key: as_json(each, row) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each, row) for each in value]
    if not isinstance(value, str):
        return value
    whole = alone(value)
    return row[whole] if whole is not None else filled(value, {k: "" if v is None else v for k, v in row.items()})

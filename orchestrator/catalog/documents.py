"""JSON documents as the database keeps them: their text, their digest, and what PostgreSQL cannot store."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from orchestrator.errors import InvalidGraph, Problem
from orchestrator.pointers import escaped

Used = Sequence[tuple[str, int]]  # workflows, by id and version
LONGEST_INTEGER = 14_000  # bits; Python writes no number of more than 4,300 digits


@dataclass(frozen=True, slots=True)
class Draft:
    """A document ready to be stored: its JSON text, keys in their order, and the digest that tells it from others."""

    document: Mapping[str, Any]
    text: str
    digest: str
    valid: bool


def draft(document: Mapping[str, Any], *, valid: bool, used: Used = ()) -> Draft:
    """Encode a document, which is another one where it uses other versions of other workflows.

    Raises InvalidGraph naming every string and number that cannot be stored.
    """
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError as error:
        raise InvalidGraph(list(_unstorable(document)) or [_problem("", str(error))]) from None
    except RecursionError:
        raise InvalidGraph([Problem(code="invalid_graph", message="The document is nested too deeply.")]) from None
    # The backslash before `u0000` may itself be an escaped one, so the strings decide.
    if "\\u0000" in text and (problems := list(_unstorable(document))):
        raise InvalidGraph(problems)
    return Draft(document, text, digest([document, used] if used else document), valid)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, as hex: the order of keys does not count."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _unstorable(document: Any) -> Iterator[Problem]:
    waiting = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            for key, below in value.items():
                if found := _blemish(key):
                    yield _problem(path, f"A key has {found}")
                else:
                    waiting.append((f"{path}/{escaped(key)}", below))
        elif isinstance(value, list | tuple):
            waiting.extend((f"{path}/{index}", below) for index, below in enumerate(value))
        elif found := _blemish(value):
            yield _problem(path, f"The text has {found}" if isinstance(value, str) else f"The value is {found}")


def _blemish(value: Any) -> str | None:
    if isinstance(value, float):
        return None if math.isfinite(value) else "not a finite number"
    if isinstance(value, int):
        return None if value.bit_length() < LONGEST_INTEGER else "a number of too many digits"
    if not isinstance(value, str):
        return None
    if "\x00" in value:
        return "a NUL character (\\u0000)"
    return "half of a surrogate pair" if any("\ud800" <= letter <= "\udfff" for letter in value) else None


def _problem(path: str, found: str) -> Problem:
    return Problem(code="invalid_graph", message=f"{found}, which cannot be stored.", path=path)

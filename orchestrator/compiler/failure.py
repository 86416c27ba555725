"""A node's error as Dagster stores it, and back."""

import json
from typing import Any

from dagster import Failure

from orchestrator.errors import NodeError

NOTE = "graphmill: "


def failure(error: NodeError, *, again: bool = False) -> Failure:
    """A node's error as Dagster stores it: the sentence, and where it belongs as metadata.

    Of a node that is tried `again`, Dagster stores the words alone, until it has failed for the last time: they say the
    place, too.
    """
    place = {
        "graphmill/node": error.node_id,
        "graphmill/code": error.code,
        "graphmill/path": error.path,
        "graphmill/port": error.port,
        "graphmill/row": error.row,
        "graphmill/value": None if error.value is None else _text(str(error.value)[:1000]),
    }
    known = {key: value for key, value in place.items() if value is not None}
    made = Failure(description=_text(error.message), metadata=known, allow_retries=error.code != "canceled")
    if again:
        made.add_note(NOTE + json.dumps(known))
    return made


def noted(words: str) -> tuple[str, dict[str, Any]] | None:
    """The sentence and the place in the words of the failure of a node that is tried again; None where they lack it."""
    said, found, note = words.rstrip().rpartition(f"\n{NOTE}")
    if not found or not note.endswith("}"):  # it was cut
        return None
    return said.partition(": ")[2], json.loads(note)


def _text(said: str) -> str:
    """What UTF-8 can write: an exception of the user's code, or a file's name, may hold half of a surrogate pair."""
    return said.encode(errors="replace").decode()

"""A node's error as Dagster stores it, and back."""

from dagster import Failure

from orchestrator.errors import NodeError


def failure(error: NodeError) -> Failure:
    """A node's error as Dagster stores it: the sentence, and where it belongs as metadata."""
    place = {
        "graphmill/node": error.node_id,
        "graphmill/code": error.code,
        "graphmill/path": error.path,
        "graphmill/port": error.port,
        "graphmill/row": error.row,
        "graphmill/value": None if error.value is None else _text(str(error.value)[:1000]),
    }
    known = {key: value for key, value in place.items() if value is not None}
    return Failure(description=_text(error.message), metadata=known, allow_retries=error.code != "canceled")


def _text(said: str) -> str:
    """What UTF-8 can write: an exception of the user's code, or a file's name, may hold half of a surrogate pair."""
    return said.encode(errors="replace").decode()

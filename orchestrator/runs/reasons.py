"""Why a step failed, from what Dagster has stored of it."""

from collections.abc import Iterator
from typing import Any

from orchestrator.compiler.failure import noted
from orchestrator.errors import GraphmillError
from orchestrator.faults import scrub
from orchestrator.runs.shapes import RunError

CANCELED = "canceled"
INTERRUPTS = ("DagsterExecutionInterruptedError", "InterruptException", "KeyboardInterrupt", "Interrupted")


def error_of(data: Any, node_id: str | None) -> RunError:
    """A step's failure as a sentence: ours carries its place, any other says its message's first line."""
    said = getattr(data, "user_failure_data", None)
    if said is not None:
        return _placed(said.description, {key: each.value for key, each in (said.metadata or {}).items()}, node_id)
    for error in _chain(data):
        if error.cls_name == "Failure" and (found := noted(error.message)):  # it is going to be tried again
            return _placed(*found, node_id)
    root = next(reversed(list(_chain(data))), None)
    if root is not None and root.cls_name in INTERRUPTS:
        return RunError(message="The run was canceled.", code=CANCELED, node_id=node_id)
    if ours := sentence_of(data):
        return RunError(message=ours, code="node_failed", node_id=node_id)
    text = "The node failed." if root is None else root.message.strip().splitlines()[0]
    return RunError(message=scrub(text.split(": ", 1)[-1]), code="internal", node_id=node_id)


def sentence_of(data: Any) -> str | None:
    """The sentence for a person, where there is an error of ours among those that led to a failure."""
    ours = (each for each in _chain(data) if each.message.startswith(f"{GraphmillError.__module__}."))
    return next((str(each.message.split(": ", 1)[-1].strip().splitlines()[0]) for each in ours), None)


def _placed(message: str | None, metadata: dict[str, Any], node_id: str | None) -> RunError:
    place = {key.removeprefix("graphmill/"): value for key, value in metadata.items()}
    return RunError(
        message=message or "The node failed.", code=str(place.get("code", "failed")),
        node_id=place.get("node", node_id), path=place.get("path"), port=place.get("port"),
        row=place.get("row"), value=place.get("value"),
    )  # fmt: skip


def _chain(data: Any) -> Iterator[Any]:
    """An error and those that led to it, the first of them last."""
    error = getattr(data, "error", None)
    while error is not None:
        yield error
        error = error.cause

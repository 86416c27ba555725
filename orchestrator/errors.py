"""Everything Graphmill refuses, in one place.

GraphmillError
├── InvalidGraph          a graph or a setting that cannot run: carries problems
├── NotFound              the thing asked for is not there
├── Conflict              the thing is not in the state that the call needs
├── PreconditionFailed    somebody else saved first (If-Match)
├── TooLarge              over a limit
├── Unavailable           a part of the system does not answer now
└── NodeError             a node cannot do its work; carries node, path, port and row where they are known
    └── Interrupted       the run was told to stop
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ANSWERED = ConfigDict(json_schema_serialization_defaults_required=True)  # what always comes is no optional field


class Problem(BaseModel):
    """One thing that is wrong with a graph, and where."""

    model_config = ConfigDict(frozen=True, **ANSWERED)

    severity: Literal["error", "warning"] = "error"
    code: str
    message: str
    node_id: str | None = None
    edge_id: str | None = None
    port: str | None = None
    path: str | None = None
    hint: str | None = None


class GraphmillError(Exception):
    """Base of all errors that are meant for a person; `code` is stable, the message is one sentence."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.hint = hint


class InvalidGraph(GraphmillError):
    """A graph or a setting that cannot run."""

    code = "invalid_graph"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(p.message for p in self.problems) or "The graph is not valid.")


class NotFound(GraphmillError):
    """The thing asked for is not there."""

    code = "not_found"


class Conflict(GraphmillError):
    """The thing is not in the state that the call needs; `problems` say of a graph why it is not."""

    code = "conflict"

    def __init__(self, message: str, *, code: str | None = None, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, code=code)
        self.problems = tuple(problems)


class PreconditionFailed(GraphmillError):
    """Somebody else saved first: the caller's version is stale."""

    code = "precondition_failed"


class TooLarge(GraphmillError):
    """Over a limit."""

    code = "too_large"


class Unavailable(GraphmillError):
    """A part of the system does not answer now; trying again may help."""

    code = "unavailable"


class NodeError(GraphmillError):
    """A node cannot do its work. `path` is a JSON pointer into the node, such as `/config/condition`.

    `position` is the character of an expression, from 0, that it is about.
    """

    code = "node_failed"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, path: str | None = None,
        port: str | None = None, row: int | None = None, value: Any = None, position: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message, code=code, hint=hint)
        self.node_id: str | None = None
        self.path = path
        self.port = port
        self.row = row
        self.value = value
        self.position = position

    def problem(self) -> Problem:
        """The same, as a problem of the graph."""
        return Problem(
            code=self.code, message=self.message, hint=self.hint, node_id=self.node_id, path=self.path, port=self.port
        )


class Interrupted(NodeError):
    """The run was told to stop."""

    code = "canceled"


class UnknownColumns(Exception):
    """A node's columns cannot be known before it runs, such as the answer of a web service. No failure.

    With a code it is shown as a warning, such as that of a database that does not answer now.
    """

    def __init__(self, message: str = "", *, code: str | None = None, path: str | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.path = message, code, path

    def warnings(self, node_id: str) -> list[Problem]:
        """The warning, if it is one."""
        if self.code is None:
            return []
        return [Problem(severity="warning", code=self.code, message=self.message, node_id=node_id, path=self.path)]


@contextmanager
def at(path: str) -> Iterator[None]:
    """Say which setting an error inside belongs to, as a JSON pointer below the config: `at("/condition")`.

    Foreign errors, such as DuckDB's, carry it as `setting` until they are translated (`orchestrator.faults`).
    """
    try:
        yield
    except NodeError as error:
        error.path = error.path or f"/config{path}"
        raise
    except Exception as error:
        if not hasattr(error, "setting"):
            error.setting = f"/config{path}"  # type: ignore[attr-defined]
        raise

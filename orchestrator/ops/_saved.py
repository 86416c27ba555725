"""What node types know of saved workflows that they run: where they come from is the compiler's business."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Op, Port, Relation
from orchestrator.ops.settings import refuse
from orchestrator.pointers import parts
from orchestrator.suggest import listing, near

Tables = Mapping[str, Relation]


class Saved(Protocol):
    """A version of a saved workflow that can run, with its `input` and `output` nodes as ports, by name."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def size(self) -> int:
        """How many nodes run, with those of the workflows inside."""

    @property
    def inputs(self) -> Mapping[str, Port]:
        """Where tables go in."""

    @property
    def outputs(self) -> Mapping[str, Port]:
        """Where tables come out."""

    def check(self, given: "Given") -> None:
        """Raise what is wrong with these values of its parameters."""

    def run(self, tables: Tables, given: "Given", context: Context) -> dict[str, Relation]:
        """Run it on tables by input; its tables by output."""


class Given(NamedTuple):
    """Values for a workflow's parameters, as JSON; those `waiting` come when it runs."""

    values: Mapping[str, Any]
    waiting: frozenset[str] = frozenset()


class Find(Protocol):
    """Finds saved workflows: by id, and version where one is pinned."""

    def __call__(self, id: str, version: int | None) -> Saved:
        """The workflow. Raises NodeError, on the setting that names it."""


class RunsSaved(Op):
    """Base of node types that run a saved workflow."""

    workflow: str = Field(
        min_length=1,
        max_length=100,
        description="Id of the saved workflow.",
        examples=["q3v9x0c1m2ab"],
        json_schema_extra={"x-ui": {"widget": "workflow"}},
    )
    version: int | None = Field(
        None,
        ge=1,
        description="Its version; if empty, the newest there was when this workflow was saved.",
        examples=[3],
    )
    _saved: Saved | None = PrivateAttr(None)
    _waiting: frozenset[str] = PrivateAttr(frozenset())

    @model_validator(mode="after")
    def _found(self, info: ValidationInfo) -> Self:
        known = info.context or {}
        find: Find | None = known.get("find")
        try:
            if find is None:
                message = f"Workflow '{self.workflow}' cannot be used here: there is no catalog of saved workflows."
                raise NodeError(message, code="unknown_workflow", path="/config/workflow")
            self._saved = find(self.workflow, self.version)
            self._waiting = _parameters_at(known.get("waiting", ()))
            self._fits(self._saved)
        except NodeError as error:
            raise refuse(error) from None
        return self

    def _fits(self, saved: Saved) -> None:
        """Raise what is wrong with the settings for this workflow."""

    @property
    def saved(self) -> Saved:
        """The workflow that it runs. Raises TypeError where the settings were read without a catalog."""
        if self._saved is None:
            raise TypeError("the settings were not read with a catalog")
        return self._saved


def one_of(name: str, known: Mapping[str, Port], what: str, saved: Saved, path: str) -> str:
    """The name if it is known, or where there is but one, that. Raises NodeError, `invalid_config`, on `path`."""
    if not name and len(known) == 1:
        return next(iter(known))
    if name in known:
        return name
    there = listing(known) or "none"
    problem = f"has no {what} '{name}'.{near(name, known)}" if name or not known else f"has several {what}s: name one."
    raise NodeError(f"'{saved.name}' {problem}", code="invalid_config", hint=f"{what}s: {there}", path=path)


def _parameters_at(pointers: Iterable[str]) -> frozenset[str]:
    """Of the places of settings, the parameters there."""
    places = map(parts, pointers)
    return frozenset(each[2] for each in places if each[:2] == ["config", "parameters"] and each[2:])


def plain(value: Any) -> Any:
    """A value as JSON would give it to a parameter."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def size_of(op: Op, settled: bool) -> int:
    """How many nodes run where this one stands: itself, or those of the workflow that it runs."""
    return op.saved.size if isinstance(op, RunsSaved) and settled else 1

"""What the catalog gives back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a workflow. `updated_at` is when this version was saved, `created_at` when the workflow was."""

    id: str
    version: int
    document: dict[str, Any]
    valid: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WorkflowSummary:
    """A workflow in a list: everything but its nodes. `valid` speaks of the latest version, when it was saved."""

    id: str
    name: str
    description: str
    version: int
    valid: bool
    created_at: datetime
    updated_at: datetime
    last_run_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A version in a workflow's history; `valid` is as it was when it was saved."""

    version: int
    valid: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and how many there are in all."""

    items: list[Item]
    total: int

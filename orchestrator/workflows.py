"""What the editor does with a graph: judge it, know its columns, save it."""

from collections.abc import Mapping, Set
from typing import Any

from orchestrator.catalog import Catalog, Stored
from orchestrator.compiler.judge import Judged, judge
from orchestrator.compiler.saved import Library
from orchestrator.errors import InvalidGraph
from orchestrator.ops._saved import Find

__all__ = ["Judged", "create", "finder", "judge", "restore", "save"]


def finder(catalog: Catalog, document: Any = None, workflow_id: str | None = None) -> Library:
    """What finds the saved workflows that a posted graph uses; it cannot use `workflow_id`, which it will be itself."""
    name = document.get("name") if isinstance(document, Mapping) else None
    return Library(catalog.find, inside={workflow_id: str(name or workflow_id)} if workflow_id else {})


def create(catalog: Catalog, document: Any, *, draft: bool = False) -> tuple[Stored, Judged]:
    """Save a new workflow.

    Raises:
        InvalidGraph: it has errors and is not saved as a draft.
    """
    judged = _storable(document, draft, find := finder(catalog))
    return catalog.create(document, valid=judged.valid, used=find.used), judged


def save(
    catalog: Catalog, workflow_id: str, document: Any, *, expected: Set[int] | None = None, draft: bool = False
) -> tuple[Stored, Judged]:
    """Save a new version of a workflow; an unchanged graph, whose workflows inside are unchanged too, makes none.

    Raises:
        InvalidGraph: it has errors and is not saved as a draft.
        PreconditionFailed: the latest version is not among `expected`.
        NotFound: no such workflow.
    """
    judged = _storable(document, draft, find := finder(catalog, document, workflow_id))
    return catalog.save(workflow_id, document, valid=judged.valid, expected=expected, used=find.used), judged


def restore(
    catalog: Catalog, workflow_id: str, number: int, *, expected: Set[int] | None = None
) -> tuple[Stored, Judged]:
    """Save an earlier version again, as a new one that is judged anew: what it refers to may have come or gone.

    Raises:
        PreconditionFailed, NotFound: as `save`.
    """
    return save(catalog, workflow_id, catalog.version(workflow_id, number).document, expected=expected, draft=True)


def _storable(document: Any, draft: bool, find: Find) -> Judged:
    judged = judge(document, find)
    too_large = any(problem.code == "too_large" and problem.node_id is None for problem in judged.problems)
    if too_large or (not judged.valid and not (draft and isinstance(document, Mapping))):
        raise InvalidGraph(judged.problems)
    return judged

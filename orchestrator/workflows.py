"""What the editor does with a graph: judge it, know its columns, save it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.catalog import Catalog, Stored
from orchestrator.compiler import advise, infer, inspect
from orchestrator.compiler.saved import Library
from orchestrator.errors import InvalidGraph, Problem
from orchestrator.graph import read
from orchestrator.ops._saved import Find
from orchestrator.settings import settings


@dataclass(frozen=True)
class Judged:
    """A posted graph with what is known of it: its problems, and the columns at every port (`Inferred.as_json`)."""

    problems: tuple[Problem, ...]
    nodes: Mapping[str, Any]

    @property
    def valid(self) -> bool:
        """Whether it can run: it has no problem but warnings."""
        return not any(problem.severity == "error" for problem in self.problems)


def judge(document: Any, find: Find | None = None) -> Judged:
    """Check and infer a posted graph. Whatever it is, the answer is problems, never an error.

    `find` (a `Library`) gives the saved workflows that it uses. Advice is for a graph that can run.
    """
    workflow, unread = read(document)
    if workflow is None:
        return Judged(tuple(unread), {})
    checked, problems = inspect(workflow, find=find)
    inferred = infer(checked, settings().data)
    judged = Judged((*unread, *problems, *inferred.problems), inferred.as_json())
    advice = advise(checked, inferred, settings().data) if judged.valid else ()
    return replace(judged, problems=(*judged.problems, *advice))


def finder(catalog: Catalog, document: Any = None, workflow_id: str | None = None) -> Find:
    """What finds the saved workflows that a posted graph uses; it cannot use `workflow_id`, which it will be itself."""
    name = document.get("name") if isinstance(document, Mapping) else None
    return Library(catalog.find, inside={workflow_id: str(name or workflow_id)} if workflow_id else {})


def create(catalog: Catalog, document: Any, *, draft: bool = False) -> tuple[Stored, Judged]:
    """Save a new workflow.

    Raises:
        InvalidGraph: it has errors and is not saved as a draft.
    """
    judged = _storable(document, draft, Library(catalog.find))
    return catalog.create(document, valid=judged.valid), judged


def save(
    catalog: Catalog, workflow_id: str, document: Any, *, expected: Set[int] | None = None, draft: bool = False
) -> tuple[Stored, Judged]:
    """Save a new version of a workflow; an unchanged graph makes none.

    Raises:
        InvalidGraph: it has errors and is not saved as a draft.
        PreconditionFailed: the latest version is not among `expected`.
        NotFound: no such workflow.
    """
    judged = _storable(document, draft, finder(catalog, document, workflow_id))
    return catalog.save(workflow_id, document, valid=judged.valid, expected=expected), judged


def _storable(document: Any, draft: bool, find: Find) -> Judged:
    judged = judge(document, find)
    too_large = any(problem.code == "too_large" for problem in judged.problems)
    if too_large or (not judged.valid and not (draft and isinstance(document, Mapping))):
        raise InvalidGraph(judged.problems)
    return judged

"""All passes over a posted graph that come before a run, for whoever asks what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.compiler.advice import advise
from orchestrator.compiler.check import inspect
from orchestrator.compiler.infer import infer
from orchestrator.errors import Problem
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

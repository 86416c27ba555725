"""Compiled jobs, one per version of a workflow, kept while they are in use."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.catalog import Catalog
from orchestrator.compiler.check import check
from orchestrator.compiler.plan import Plan, plan
from orchestrator.compiler.saved import Library
from orchestrator.graph import parse
from orchestrator.ops._saved import Find

if TYPE_CHECKING:
    from dagster import JobDefinition

KEPT = 256


@dataclass(frozen=True)
class Compiled:
    """A version of a workflow, ready to run."""

    workflow_id: str
    version: int
    plan: Plan
    job: "JobDefinition"


def compile_document(document: Any, workflow_id: str, version: int, find: Find | None = None) -> Compiled:
    """Check, plan and emit a posted graph; `find` gives the saved workflows that it uses.

    Raises:
        InvalidGraph: with every problem there is.
    """
    from orchestrator.compiler.emit import emit

    made = plan(check(parse(document), find=find))
    return Compiled(workflow_id, version, made, emit(made, workflow_id, version))


class Jobs:
    """Compiles versions from the catalog; a version never changes, so it is compiled once. Safe between threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: OrderedDict[tuple[str, int], Compiled] = OrderedDict()
        self._lock = threading.RLock()

    def document(self, workflow_id: str, version: int) -> Any:
        """A version as it was posted, also where it cannot be compiled any more. Raises NotFound."""
        return self._catalog.version(workflow_id, version, deleted=True).document

    def get(self, workflow_id: str, version: int) -> Compiled:
        """The compiled version.

        Raises:
            NotFound: no such version.
            InvalidGraph: it was saved as a draft and cannot run.
        """
        key = (workflow_id, version)
        with self._lock:
            if key not in self._kept:
                stored = self._catalog.version(workflow_id, version, deleted=True)
                library = Library.of(self._catalog, stored)
                self._kept[key] = compile_document(stored.document, workflow_id, version, library)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

"""The nodes of a run: those of the posted graph, and below them those of the saved workflows that they run."""

from datetime import datetime

from orchestrator.compiler.opened import RESULT, Scope, ends
from orchestrator.compiler.plan import Plan
from orchestrator.runs.shapes import NodeRun, NodeStatus, RunError


class Tree:
    """Every node by its place. One that runs a workflow is the sum of the nodes inside, once `sum_up` was called."""

    def __init__(self, plan: Plan) -> None:
        self._scopes = plan.scopes
        self._in: dict[str, Scope] = {}
        self._own_ids: dict[str, str] = {}
        self.nodes: dict[str, NodeRun] = {}
        self.top = {each.node_id: each for each in self._add(plan.root)}
        for place, scope in plan.scopes.items():
            self.nodes[place].nodes = self._add(scope)
        self._stale = set(plan.scopes)

    def _add(self, scope: Scope) -> list[NodeRun]:
        made = []
        for node in scope.checked.workflow.nodes:
            if not node.is_layout:
                place = scope.place(node.id)
                self._in[place], self._own_ids[place] = scope, node.id
                self.nodes[place] = NodeRun(node_id=place)
                made.append(self.nodes[place])
        return made

    def path(self, place: str) -> list[str]:
        """The places of the nodes around this one, outermost first, and its own."""
        found = [place]
        while (step := self._in[found[0]].step) is not None:
            found.insert(0, step.node.id)
        return found

    def changed(self, place: str) -> NodeRun:
        """A node that is about to change."""
        self._stale.update(self.path(place)[:-1])
        return self.nodes[place]

    def line(self, place: str) -> NodeRun:
        """A node of the posted graph, with those alone inside that lead to a place."""
        *around, own = self.path(place)
        found = self.nodes[own]
        for each in reversed(around):
            found = self.nodes[each].model_copy(update={"nodes": [found]})
        return found

    def sum_up(self) -> None:
        """Bring the nodes that run workflows up to date, those furthest inside first."""
        for place in sorted(self._stale, key=lambda each: len(self._scopes[each].path), reverse=True):
            self._sum(self.nodes[place], self._scopes[place])
        self._stale.clear()

    def _sum(self, node: NodeRun, scope: Scope) -> None:
        inside = node.nodes
        node.status = _status({each.status for each in inside})
        node.attempts = max((each.attempts for each in inside), default=0)
        node.started_at = min(filter(None, (each.started_at for each in inside)), default=None)
        ended: list[datetime] = [each.completed_at for each in inside if each.completed_at is not None]
        node.completed_at = max(ended, default=None) if node.status in ("completed", "failed") else None
        results = {name: self.nodes[scope.place(step.node.id)].outputs for name, step in ends(scope)}
        node.outputs = {name: outputs[RESULT] for name, outputs in results.items() if RESULT in outputs}
        failed = next((each for each in inside if each.status == "failed" and each.error is not None), None)
        node.error = None if failed is None or failed.error is None else self._outside(failed.node_id, failed.error)

    def seen_from_above(self, place: str, error: RunError) -> RunError:
        """The error of a node as that of the node of the posted graph that it is inside of."""
        for each in reversed(self.path(place)):
            error = self._outside(each, error)
        return error

    def _outside(self, place: str, error: RunError) -> RunError:
        """The error of a node as that of the node around it; an error on that node itself stays."""
        scope = self._in[place]
        if scope.step is None or error.node_id == scope.step.node.id:
            return error
        message = f"In node '{self._own_ids[place]}' of '{scope.name}': {error.message}"
        around = {"message": message, "node_id": scope.step.node.id, "path": "/config/workflow", "port": None}
        return error.model_copy(update=around)


def _status(found: set[NodeStatus]) -> NodeStatus:
    """What a workflow's nodes come to."""
    for worst in ("failed", "canceled", "running"):
        if worst in found:
            return worst
    if "pending" in found:
        return "running" if "completed" in found else "pending"
    return next((each for each in ("completed", "cached") if each in found), "skipped")

"""Errors where a node computes with a secret, it or one before it: what it has become cannot be found and masked."""

import re
from collections.abc import Collection, Iterable

from orchestrator.compiler.check import Step
from orchestrator.compiler.failing import DATA_ERRORS
from orchestrator.compiler.opened import Scope
from orchestrator.compiler.wanted import expression_names
from orchestrator.errors import NodeError
from orchestrator.graph import Workflow
from orchestrator.literals import placeholders
from orchestrator.pointers import parts

# Settings that are no expressions, and yet make other values of what they are given.
COMPUTING = frozenset({"query", "code", "parameters"})
CHOOSING = frozenset({"condition"})
TELLING = {
    "conversion_failed": "A value could not be converted.",
    "out_of_range": "A value is out of range.",
    "invalid_value": "A value cannot be used.",
    "rejected_rows": "A row was rejected, and nothing is connected to 'rejected'.",
}
VALUES = TELLING.keys() | DATA_ERRORS | {
    "invalid_expression", "mixed_types", "python_failed", "query_failed", "type_mismatch", "unreadable_file",
}  # fmt: skip
Reading = tuple[str, Step, Collection[str]]  # a node by its place, and the parameters that are secret there
RAISED = re.compile(r"(?:Line \d+: )?\w+(?=: |$)")


def secret_names(workflow: Workflow) -> frozenset[str]:
    """The parameters of a workflow that are secret."""
    return frozenset(each.name for each in workflow.parameters if each.type == "secret")


def secrets_in(scope: Scope) -> frozenset[str]:
    """The parameters of a workflow of a run that are secret, or that the workflow around puts a secret into."""
    own = secret_names(scope.checked.workflow)
    if scope.step is None or scope.around is None:
        return own
    around, given = secrets_in(scope.around), scope.step.node.config.get("parameters")
    return own | {parts(path)[1] for path, name in placeholders(given) if name in around}


def computing(place: str, leading: Iterable[Reading], *, sure: bool = True) -> str | None:
    """What has computed with a secret, for an error at a place: its node, or one of those leading to it.

    A header or a password only goes along as it is, and a condition of another node only chooses among rows; unless it
    is not sure that the error is not of that node.
    """
    found = [(node_id, _settings(step, secret)) for node_id, step, secret in leading]
    if any(settings for node_id, settings in found if node_id == place):
        return "the node"
    return "a node before it" if any(settings - (CHOOSING if sure else frozenset()) for _, settings in found) else None


def _settings(step: Step, secret: Collection[str]) -> frozenset[str]:
    """The names of the settings with which a node makes other values of these parameters."""
    used = (parts(path) for path, name in placeholders(step.node.config) if name in secret)
    return (COMPUTING | expression_names(type(step.op))) & {str(each) for path in used for each in path}


def without_values(error: NodeError, who: str) -> NodeError:
    """The error, saying no more than its code does where its words may hold a value; `who` computes with a secret."""
    if error.code in VALUES:
        raised = RAISED.match(error.message) if error.code == "python_failed" else None
        said = f"{raised[0]}." if raised else TELLING.get(error.code, "The node failed.")
        error.message = f"{said} Values are not shown: {who} computes with a secret."
        error.value = error.hint = None
    return error

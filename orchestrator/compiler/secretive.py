"""Errors of nodes that compute with a secret: what it has become can no longer be found in a message and masked."""

import re
from collections.abc import Collection

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
TELLING = {
    "conversion_failed": "A value could not be converted.",
    "out_of_range": "A value is out of range.",
    "invalid_value": "A value cannot be used.",
    "rejected_rows": "A row was rejected, and nothing is connected to 'rejected'.",
}
VALUES = TELLING.keys() | DATA_ERRORS | {
    "invalid_expression", "mixed_types", "python_failed", "query_failed", "type_mismatch", "unreadable_file",
}  # fmt: skip
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


def computes_with(step: Step, secret: Collection[str]) -> bool:
    """Whether a node makes other values of these parameters; a header or a password only goes along as it is."""
    computing = COMPUTING | expression_names(type(step.op))
    used = (parts(path) for path, name in placeholders(step.node.config) if name in secret)
    return any(computing.intersection(map(str, path)) for path in used)


def without_values(error: NodeError) -> NodeError:
    """The error, saying no more than its code does where its words may hold a value."""
    if error.code in VALUES:
        raised = RAISED.match(error.message) if error.code == "python_failed" else None
        said = f"{raised[0]}." if raised else TELLING.get(error.code, "The node failed.")
        error.message = f"{said} Values are not shown: the node computes with a secret."
        error.value = error.hint = None
    return error

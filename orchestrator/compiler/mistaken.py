"""What is wrong with a node's expressions beyond the one mistake that DuckDB tells of, and whatever values come in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.compiler.wanted import expressions_in
from orchestrator.errors import NodeError, Problem
from orchestrator.expressions import names
from orchestrator.faults import unknown_column
from orchestrator.literals import PLACEHOLDER
from orchestrator.ops.base import Op

UNKNOWN, MISMATCH = "unknown_column", "type_mismatch"


def stays_wrong(op: type[Op], config: Any, problem: Problem) -> bool:
    """Whether an expression is wrong with any value of its open parameters: they are values, never columns."""
    text = dict(expressions_in(op, config)).get(problem.path or "")
    if text is None or '"' in text:  # between these a parameter is a name
        return False
    return problem.code == UNKNOWN or (problem.code == "invalid_expression" and _names(text) is None)


def unknown_columns(op: Op, config: Any, columns: Sequence[str], error: Problem) -> Iterator[Problem]:
    """This mistake of a node with one table of these columns, and every other `unknown_column` of its expressions.

    A name that stands anywhere in the settings may be a column that the node makes: of it nothing is said.
    """
    (port,) = op.ports.inputs
    first = error.model_copy(update={"port": port}) if error.code == UNKNOWN else error
    yield first
    known = {each.lower() for each in columns} | {each.lower() for each in _strings(config)}
    for path, text in expressions_in(type(op), config):
        for name in _names(text) or ():
            if name.lower() in known:
                continue
            found = unknown_column(name, columns, port).problem()
            if (path, found.message) != (first.path, first.message):
                yield found.model_copy(update={"node_id": error.node_id, "path": path})


def _names(text: str) -> tuple[str, ...] | None:
    """The columns that an expression names, its parameters left out; None where it does not parse.

    A name may hold a parameter: then none.
    """
    if '"' in text and PLACEHOLDER.search(text):
        return ()
    try:
        return names(PLACEHOLDER.sub("NULL", text))
    except NodeError:
        return None


def _strings(setting: Any) -> Iterator[str]:
    if isinstance(setting, str):
        yield setting
    elif isinstance(setting, Mapping):
        for each in setting.values():
            yield from _strings(each)
    elif isinstance(setting, list):
        for each in setting:
            yield from _strings(each)

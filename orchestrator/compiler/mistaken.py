"""What is wrong with a node's expressions beyond the one mistake that DuckDB tells of, and whatever values come in."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.compiler.wanted import expressions_in
from orchestrator.errors import NodeError, Problem
from orchestrator.expressions import names, parts
from orchestrator.faults import unknown_column
from orchestrator.literals import PLACEHOLDER
from orchestrator.ops._impossible import impossible
from orchestrator.ops.base import Op

UNKNOWN, MISMATCH = "unknown_column", "type_mismatch"


def stays_wrong(op: type[Op], config: Any, problem: Problem) -> bool:
    """Whether an expression is wrong with any value of its open parameters: they are values, never columns."""
    text = dict(expressions_in(op, config)).get(problem.path or "")
    if text is None or '"' in text:  # between these a parameter is a name
        return False
    return problem.code == UNKNOWN or (problem.code == "invalid_expression" and _names(text) is None)


def mistakes(op: Op, config: Any, kinds: Mapping[str, str], error: Problem) -> Iterator[Problem]:
    """This mistake of a node with one table of these columns, and every other one of its kind in its expressions.

    A name that stands anywhere in the settings may be a column that the node makes: of it nothing is said.
    """
    (port,) = op.ports.inputs
    first = error.model_copy(update={"port": port}) if error.code == UNKNOWN else error
    yield first
    said = {(first.path, first.message)}
    made = {each.lower() for each in _strings(config)}
    for path, text in expressions_in(type(op), config):
        for found in (*_unknown(text, kinds, made, port), *(_mismatched(text, kinds, made) if op.row_by_row else ())):
            if (path, found.message) not in said:
                said.add((path, found.message))
                yield found.problem().model_copy(update={"node_id": error.node_id, "path": path})


def _unknown(text: str, kinds: Mapping[str, str], made: set[str], port: str) -> Iterator[NodeError]:
    known = made | {each.lower() for each in kinds}
    return (unknown_column(name, kinds, port) for name in _names(text) or () if name.lower() not in known)


def _mismatched(text: str, kinds: Mapping[str, str], made: set[str]) -> Iterator[NodeError]:
    if not PLACEHOLDER.search(text) and _names(text) is not None and not parts(text) & made:
        yield from impossible(text, kinds)


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

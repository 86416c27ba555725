"""Which setting of a node its rows fail for: a query names the value that fails, not the expression that it is of."""

import duckdb

from orchestrator.compiler.check import Step
from orchestrator.compiler.failing import of_data
from orchestrator.compiler.run import RunContext
from orchestrator.compiler.wanted import expressions_in
from orchestrator.errors import NodeError
from orchestrator.faults import translate
from orchestrator.literals import PLACEHOLDER
from orchestrator.ops.base import Relation


def setting(run: RunContext, error: NodeError) -> str | None:
    """The JSON pointer of the expression or query that fails with this error; None where it is none, or not known."""
    planned = next((each for each in run.plan.steps if each.node_id == error.node_id), None)
    if planned is None or not of_data(error):
        return None
    step = planned.step
    found = dict(expressions_in(type(step.op), step.node.config))
    if not found and "query" in type(step.op).model_fields:
        return "/config/query"
    if len(found) == 1:
        return next(iter(found))
    table = _arriving(run, step)
    if table is None:
        return None
    return next((path for path, text in found.items() if not PLACEHOLDER.search(text) and _fails(table, text)), None)


def _arriving(run: RunContext, step: Step) -> Relation | None:
    """The first table that came to a node."""
    aliases = {each.node_id: each.alias for each in run.plan.steps}
    places = [(aliases.get(wire.source, ""), wire.source_port) for wire in step.wires]
    return run.made.get(places[0]) if places else None


def _fails(table: Relation, text: str) -> bool:
    try:
        table.aggregate(f"count((\n{text}\n))").fetchall()
    except duckdb.Error as error:
        return of_data(translate(error))  # not where it reads a column that another one makes
    return False

"""Which column a geometry is in that cannot be read: DuckDB reads a file's rows late, and says neither."""

import duckdb

from orchestrator.compiler.run import RunContext
from orchestrator.errors import NodeError
from orchestrator.formats.problems import BROKEN
from orchestrator.ops.base import Relation
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote


def broken_geometry(run: RunContext, error: NodeError) -> NodeError:
    """The error, with the column where it is one of broken WKB in what its node gave; else as it came."""
    if not error.message.startswith(BROKEN):
        return error
    tables = (
        run.made[step.alias, port]
        for step in run.plan.steps
        if step.node_id == error.node_id
        for port in step.step.op.ports.outputs
        if (step.alias, port) in run.made
    )
    name = next((each for table in tables for each in geometry_columns(table) if _is_broken(table, each)), None)
    if name is not None:
        error.message = error.message.replace(BROKEN, f"A geometry of column '{name}' is broken", 1)
    return error


def _is_broken(table: Relation, name: str) -> bool:
    try:
        table.aggregate(f"max(octet_length(ST_AsWKB({quote(name)})::BLOB))").fetchall()
    except duckdb.InvalidInputException:
        return True
    return False

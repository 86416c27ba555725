"""Dagster's IO manager: where the table of a port goes between two nodes.

With `cache` every port is stored as Parquet and handed on as a scan of it: each can be looked at, a retry starts from
what is there, memory stays bounded. Without it relations are handed on unevaluated, DuckDB runs the fused query at the
sinks, and only an output that feeds several nodes is stored, once.
"""

import time
from collections.abc import Callable
from typing import Any

from dagster import (
    InputContext,
    IOManager,
    MetadataValue,
    OutputContext,
    TableColumn,
    TableRecord,
    TableSchema,
    io_manager,
)

from orchestrator.compiler.culprit import cause, failed
from orchestrator.compiler.failure import failure
from orchestrator.compiler.run import RunContext
from orchestrator.errors import NodeError
from orchestrator.faults import blame
from orchestrator.names import port_of
from orchestrator.ops.base import Relation
from orchestrator.schema import GEOMETRY, Column
from orchestrator.sql import quote, shown
from orchestrator.tables import Session

Columns = tuple[Column, ...]
PREVIEW_ROWS = 10
ROW_COUNT = "dagster/row_count"


class TableStore(IOManager):
    """Keeps relations; see the module."""

    def handle_output(self, context: OutputContext, obj: Relation) -> None:
        """Store a port's table where it must be, and tell Dagster what is in it.

        Raises Failure, on the node that caused it, where the rows cannot be made.
        """
        run: RunContext = context.resources.run
        alias = context.step_key
        step = run.steps[alias]
        port = port_of(context.name)
        sink = run.is_end(step)
        try:
            with blame(step.node_id):
                known = run.columns[alias, port]
                metadata: dict[str, Any] = {"dagster/column_schema": _schema(known)}
                written = run.notes.get(alias, {}).get("rows_written")
                if run.cache or port in step.shared or (sink and written is None):
                    metadata |= self._store(run, alias, port, obj, known)
                elif written is not None:
                    metadata[ROW_COUNT] = MetadataValue.int(written)
        except NodeError as error:
            raise failed(run, alias, error) from cause(run, error)
        context.add_output_metadata(metadata)

    def _store(self, run: RunContext, alias: str, port: str, table: Relation, known: Columns) -> dict[str, Any]:
        started = time.perf_counter()
        path = run.table(alias, port)
        rows = run.session.store(table, path)
        stored = run.made[alias, port] = run.session.parquet(path)  # whoever reads the port reads that
        seconds = run.seconds.get(alias, 0.0) + time.perf_counter() - started
        return {
            ROW_COUNT: MetadataValue.int(rows),
            "seconds": MetadataValue.float(round(seconds, 4)),
            "preview": _preview(known, _head(run.session, stored, known) if rows else [], run.masked),
        }

    def load_input(self, context: InputContext) -> Relation:
        """The table of the port that feeds an input: of this run, or kept from the run that this one retries.

        Raises Failure, `output_not_found`, where it is not stored.
        """
        run: RunContext = context.resources.run
        source = context.upstream_output
        if source is None:
            raise TypeError("every input of a node is wired to an output")
        place = (source.step_key, port_of(source.name))
        if place not in run.made:
            path = run.table(*place)
            if not path.is_file():
                text = f"What node '{run.steps[place[0]].node_id}' gave is not stored: run this from the start."
                raise failure(NodeError(text, code="output_not_found"), again=True)
            run.made[place] = run.session.parquet(path)
        return run.made[place]


def _schema(known: Columns) -> Any:
    """What is known of a table before it is read."""
    return MetadataValue.table_schema(TableSchema(columns=[TableColumn(each.name, shown(each.type)) for each in known]))


def _head(session: Session, stored: Relation, known: Columns) -> list[tuple[Any, ...]]:
    fields = [f"CAST({quote(each.name)} AS VARCHAR)" if each.type == GEOMETRY else quote(each.name) for each in known]
    query = f"SELECT {', '.join(fields)} FROM {session.name(stored)} LIMIT {PREVIEW_ROWS}"
    return session.connection.execute(query).fetchall()


def _preview(known: Columns, head: list[tuple[Any, ...]], masked: Callable[[str], str]) -> Any:
    """The first rows, as Dagster's UI shows them: every value as text, without the run's secrets."""
    names = [each.name for each in known]
    records = [
        TableRecord({name: _shown(value, masked) for name, value in zip(names, row, strict=True)}) for row in head
    ]
    return MetadataValue.table(records, TableSchema(columns=[TableColumn(name, "string") for name in names]))


def _shown(value: Any, masked: Callable[[str], str]) -> str | int | float | bool | None:
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    plain = value if isinstance(value, bool | int) else None if value is None else str(value)
    return masked(plain)[:200] if isinstance(plain, str) else plain


@io_manager(required_resource_keys={"run"})
def table_store(_: Any) -> TableStore:
    """The IO manager of every port."""
    return TableStore()

"""A page of a stored table."""

import json
from pathlib import Path
from typing import Any, TypedDict

from duckdb import DuckDBPyRelation as Relation

from orchestrator.errors import NodeError
from orchestrator.preview.as_json import loads, row
from orchestrator.preview.selection import Selection, asked, at
from orchestrator.preview.sessions import existing, reading, within
from orchestrator.schema import GEOMETRY, Column, columns
from orchestrator.sql import literal
from orchestrator.tables import Session

LARGEST = 10_000
LONGEST_S = 30.0  # a function that is busy inside hears no interrupt; memory ends it


class Page(TypedDict):
    """Columns as `name`, `type`, `nullable` (geometry: `crs`, `geometry_types`), rows, and how many rows there are."""

    columns: list[dict[str, Any]]
    rows: list[list[Any]]
    total: int


def page(path: Path, limit: int = 100, offset: int = 0, sort: str | None = None, where: str | None = None) -> Page:
    """A page of a stored table; every value as JSON can carry it (see `as_json`). `total` counts what `where` leaves.

    Raises:
        NodeError: `invalid_request` (`limit` is at most 10,000), `unknown_column`, `invalid_expression`; its path is
            the query parameter, such as `/query/where`.
        NotFound: `output_not_found`.
    """
    if limit > LARGEST:
        message = f"'limit' is {limit:,}; it is at most {LARGEST:,}. A download has all rows."
        raise NodeError(message, code="invalid_request", path=at("limit"))
    selection = Selection(where or None, sort or None, limit, offset)
    path, seconds = existing(path), LONGEST_S if where else None
    with asked("where" if selection.where else None), reading(path) as session, within(session, seconds):
        table = session.parquet(path)
        total = session.connection.execute(selection.count(session, path, table.columns)).fetchall()[0][0]
        query = f"SELECT {row(table)} FROM ({selection.rows(session, path, table.columns)})"
        found = session.connection.execute(query).fetchall()
        known = described(session, table, path)
    rows = loads(f"[{','.join(each[0] for each in found)}]")
    return {"columns": [each.model_dump(mode="json") for each in known], "rows": rows, "total": int(total)}


def described(session: Session, table: Relation, path: Path) -> tuple[Column, ...]:
    """The columns of a stored table; geometry with the kinds that its file says are in it."""
    known = columns(table)
    if not any(each.type == GEOMETRY for each in known):
        return known
    query = f"SELECT value FROM parquet_kv_metadata({literal(str(path))}) WHERE key::VARCHAR = 'geo'"
    found = session.connection.execute(query).fetchall()
    said = json.loads(found[0][0])["columns"] if found else {}
    kinds = {name: {"geometry_types": tuple(each["geometry_types"])} for name, each in said.items()}
    return tuple(each.model_copy(update=kinds.get(each.name)) for each in known)

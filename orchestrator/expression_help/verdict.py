"""Whether an expression is right for these columns, of which type it is, and where it is wrong."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyRelation as Relation
from pydantic import BaseModel, JsonValue, ValidationError

from orchestrator.compiler.parameters import samples, unknown_parameters
from orchestrator.compiler.text_compared import compared_text
from orchestrator.crs import projjson
from orchestrator.errors import ANSWERED, InvalidGraph, NodeError, Problem
from orchestrator.expression_help.values import MEMORY, first_values
from orchestrator.expressions import as_query, character, tree
from orchestrator.faults import translate, unknown_column
from orchestrator.graph import Workflow
from orchestrator.literals import PLACEHOLDER, substitute, written_at
from orchestrator.ops._impossible import check_possible
from orchestrator.ops._types import canonical
from orchestrator.preview.sessions import existing
from orchestrator.schema import GEOMETRY, Column, column
from orchestrator.sql import literal, names, quote, shown
from orchestrator.tables import Session

PLACE = "/expression"


class Located(Problem):
    """A problem of an expression; `position` is the character, from 0, that it is about, where that is known."""

    position: int | None = None


class Verdict(BaseModel):
    """`type` is null where columns or parameters that are not known decide it, `values` where nobody asked for them.

    A warning leaves it valid: its values could not be computed, or some row may end a run.
    """

    model_config = ANSWERED

    valid: bool
    type: str | None = None
    problem: Located | None = None
    values: list[JsonValue] | None = None


class Parameters:
    """What `${name}` stands for: defaults, else a value of the parameter's type; NULL where nobody says the type."""

    def __init__(self, text: str, declared: Workflow | None) -> None:
        """Raises: InvalidGraph, where a parameter itself is wrong."""
        self.text = text
        self.values, open_names, problems = samples(declared) if declared else ({}, frozenset[str](), [])
        if problems:
            raise InvalidGraph(problems)
        used = PLACEHOLDER.findall(text)
        if declared is None:
            self.values = dict.fromkeys(used)
            open_names = frozenset(used)
        self.open = not open_names.isdisjoint(used)

    def sql(self) -> str:
        """The expression with values in it.

        Raises:
            NodeError: `unknown_parameter`, `invalid_expression`.
        """
        found = list(PLACEHOLDER.finditer(self.text))
        for error in unknown_parameters([(PLACE, each[1]) for each in found], self.values):
            error.position = next(each.start() for each in found if each[1] not in self.values)
            raise error
        return substitute(self.text, self.values)


def judge_expression(
    text: str, columns: Sequence[Column] | None, workflow: Workflow | None = None, stored: Path | None = None
) -> Verdict:
    """Judge an expression over these columns (None: any may be there), with the parameters that a workflow declares.

    `stored` is a table on whose first rows it is computed; without `columns` it also says which there are.

    Raises:
        InvalidGraph: the columns or parameters make no sense.
        NotFound: `output_not_found`.
    """
    parameters = Parameters(text, workflow)
    try:
        sql = parameters.sql()
        tree(sql)
    except NodeError as error:
        return _refused(error, parameters)
    if columns is None and stored is None:
        return Verdict(valid=True)
    stored = stored and existing(stored)
    with Session([stored.parent] if stored else [], memory_limit=MEMORY, threads=1) as session:
        source = session.parquet(stored) if stored and columns is None else _empty(session, columns or ())
        kinds = names(source) if source is not None else {}
        try:
            kind = _kind(session, sql, source, kinds)
        except NodeError as error:
            doubtful = parameters.open and (error.code == "type_mismatch" or '"' in text)
            return Verdict(valid=True) if doubtful else _refused(error, parameters)
    warned = compared_text(sql, kinds)
    verdict = Verdict(valid=True, type=kind, problem=warned and _located(warned, parameters, "warning"))
    if stored is None or parameters.open:
        return verdict
    try:
        return verdict.model_copy(update={"values": first_values(stored, sql)})
    except NodeError as error:
        return verdict.model_copy(update={"problem": _located(error, parameters, "warning")})


def _refused(error: NodeError, parameters: Parameters) -> Verdict:
    return Verdict(valid=False, problem=_located(error, parameters, "error"))


def _located(error: NodeError, parameters: Parameters, severity: str) -> Located:
    """Positions are those of the posted text, before values were put into it."""
    place = error.position
    if place is not None and error.code != "unknown_parameter":
        place = written_at(parameters.text, parameters.values, place)
    said = error.problem().model_dump() | {"severity": severity, "path": PLACE, "port": None}
    return Located(**said, position=place)


def _kind(session: Session, sql: str, source: Relation | None, kinds: Mapping[str, str]) -> str:
    """The type of an expression, as columns have it.

    Raises:
        NodeError: with the position.
    """
    query = as_query(sql, f"({source.sql_query()})" if source is not None else "")
    check_possible(sql, kinds)
    try:
        return shown(column("", str(session.connection.sql(query).types[0])).type)
    except duckdb.Error as error:
        found = session.connection.execute("SELECT json_serialize_plan(?::VARCHAR)", [query]).fetchall()
        said: Mapping[str, Any] = json.loads(found[0][0] or "{}")
        made = translate(error)
        if said.get("error_subtype") == "COLUMN_NOT_FOUND":
            made = unknown_column(said["name"], source.columns if source is not None else ())
        made.position = character(sql, said.get("position"))
        raise made from None


def _empty(session: Session, columns: Sequence[Column]) -> Relation | None:
    """An empty table of these columns; None where there are none.

    Raises:
        InvalidGraph: a type that is none, or two columns of one name.
    """
    seen: set[str] = set()
    parts = []
    for index, each in enumerate(columns):
        if each.name.lower() in seen:
            message = f"Two columns are called '{each.name}'."
            raise InvalidGraph([Problem(code="duplicate_column", message=message, path=f"/columns/{index}/name")])
        seen.add(each.name.lower())
        try:
            parts.append(f"{_null(each)} AS {quote(each.name)}")
        except ValidationError as error:
            message, path = error.errors()[0]["msg"], f"/columns/{index}/type"
            raise InvalidGraph([Problem(code="invalid_request", message=message, path=path)]) from None
    return session.empty(session.connection.sql(f"SELECT {', '.join(parts)}")) if parts else None


def _null(known: Column) -> str:
    """A null of a column's type. A coordinate system that has a name alone, and no code, is left out."""
    if known.type != GEOMETRY:
        return f"NULL::{canonical(known.type)}"
    try:
        said = projjson(known.crs or "")
    except NodeError:
        return f"NULL::{GEOMETRY}"
    return f"st_setcrs(NULL::{GEOMETRY}, {literal(said)})"

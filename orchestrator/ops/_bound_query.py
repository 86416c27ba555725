"""A checked query put onto the tables it names, and DuckDB's complaints about it as sentences."""

import re
from collections.abc import Mapping

import duckdb

from orchestrator.errors import NodeError
from orchestrator.faults import translate, unknown_column
from orchestrator.ops._numbered import steady
from orchestrator.ops._query import fold
from orchestrator.ops._query_places import complaint, located
from orchestrator.ops.base import Relation
from orchestrator.sql import names, quote
from orchestrator.suggest import listing, near
from orchestrator.tables import Session

NAME = r'"((?:[^"]|"")*)"'
UNKNOWN_COLUMN = re.compile(rf"{NAME} does not have a column named {NAME}")
UNKNOWN_LISTED = re.compile(rf"Column {NAME} in \w+ list not found")
UNKNOWN_TABLE = re.compile(rf"Referenced table {NAME} not found")
TWICE = re.compile(r'the name "(.*)" occurs multiple times', re.DOTALL)


def bound(query: str, tables: Mapping[str, Relation], session: Session) -> Relation:
    """The query over these tables, which are put before it by WITH; nothing is read yet.

    Raises:
        NodeError: `unknown_column`, `unknown_table`, `duplicate_column`, or another complaint of DuckDB, with line and
            column where it says where.
    """
    given = f"WITH {', '.join(_defined(name, table, session) for name, table in tables.items())}"
    try:
        # Only here does DuckDB refuse a name that comes twice; in a subquery it changes it.
        _ = session.connection.sql(f"{given} (\n{query}\n) UNION ALL BY NAME (SELECT NULL WHERE false)").columns
        made = session.connection.sql(f"{given} SELECT * FROM (\n{query}\n)")
        found = made.columns
    except duckdb.Error as error:
        byte = complaint(query, {name: names(table) for name, table in tables.items()}, str(error))
        raise located(_explained(error, tables), query, byte) from None
    seen: set[str] = set()
    for name in found:
        if name.lower() in seen:
            raise _twice(name)
        seen.add(name.lower())
    return made


def _defined(name: str, table: Relation, session: Session) -> str:
    """With its schema, so that a table of the user's with a view's name is not taken for it.

    DuckDB holds what a query reads twice; what is stored is better read twice, with the filters of each place.
    """
    return f"{quote(name)} AS {'NOT MATERIALIZED ' * steady(table)}(FROM memory.main.{session.view(table)})"


def whole(table: Relation) -> Relation:
    """The same rows with 128-bit integers, such as a sum of integers, as BIGINT; a number beyond it is an error."""
    kinds = names(table)
    huge = {name for name, kind in kinds.items() if kind in ("HUGEINT", "UHUGEINT")}
    if not huge:
        return table
    said = (f"CAST({quote(name)} AS BIGINT) AS {quote(name)}" if name in huge else quote(name) for name in kinds)
    return table.project(", ".join(said))


def _explained(error: duckdb.Error, tables: Mapping[str, Relation]) -> NodeError:
    """A complaint of DuckDB's as the problem that it is."""
    text = str(error)
    if found := UNKNOWN_COLUMN.search(text):
        return _unknown(_plain(found[2]), _plain(found[1]), tables)
    if found := UNKNOWN_LISTED.search(text):
        return _unknown(_plain(found[1]), None, tables)
    if found := UNKNOWN_TABLE.search(text):
        name = _plain(found[1])
        message = f"There is no table '{name}' in this part of the query.{near(name, tables)}"
        return NodeError(message, code="unknown_table", hint=f"tables: {listing(tables)}")
    if found := TWICE.search(text):
        return _twice(_plain(found[1].removeprefix('"').removesuffix('"')))
    return translate(error)


def _unknown(column: str, table: str | None, tables: Mapping[str, Relation]) -> NodeError:
    of = next((each for name, each in tables.items() if table and fold(name) == fold(table)), None)
    known = (
        of.columns if of is not None else [name for each in tables.values() for name in each.columns if name != column]
    )
    return unknown_column(column, dict.fromkeys(known))


def _twice(column: str) -> NodeError:
    message = f"Two columns that come out are called '{column}': give one another name, such as {quote(column)} AS b."
    return NodeError(message, code="duplicate_column")


def _plain(name: str) -> str:
    return name.replace('""', '"')

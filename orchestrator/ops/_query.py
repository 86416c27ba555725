"""Queries that users write: one SELECT over named tables, parsed and checked before anything runs.

The tree is DuckDB's own, as for expressions. What may stand in it is listed here; anything else is refused.
"""

import json
import string
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from orchestrator import expressions
from orchestrator.constant_costs import too_costly
from orchestrator.errors import NodeError
from orchestrator.ops._query_places import located
from orchestrator.ops.settings import bound_expression, refuse
from orchestrator.patterns import first_wrong
from orchestrator.sql import quote
from orchestrator.suggest import listing, near

LONGEST = 100_000
CLASSES = expressions.ALLOWED | {"SUBQUERY", "WINDOW", "STAR", "POSITIONAL_REFERENCE"}
PARTS = frozenset({
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
    "BASE_TABLE", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "PIVOT", "TABLE_FUNCTION",
    "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER",
    "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
})  # fmt: skip
REFUSED = {
    "SHOW_REF": "DESCRIBE, SHOW and SUMMARIZE are not allowed",
    "PARAMETER": "'?' and '$1' are not allowed: use ${name} for a parameter",
}
TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
TOO_DEEP = "it is nested too deeply; do a part of it in another node first"
SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class _Refused(Exception):
    """What is wrong with a query, and the byte where if that is known."""

    def __init__(
        self, reason: str, place: Any = None, *, code: str = "invalid_expression", hint: str | None = None
    ) -> None:
        end = "" if reason.endswith(("?", ".")) else "."
        super().__init__(reason)
        self.error = NodeError(f"This query cannot be used: {reason}{end}", code=code, hint=hint)
        self.place = None if place is None else int(place)


@contextmanager
def _said_of(query: str) -> Iterator[None]:
    try:
        yield
    except _Refused as refused:
        raise located(refused.error, query, refused.place) from None


@lru_cache(maxsize=512)
def tree(query: str) -> dict[str, Any]:
    """DuckDB's parse tree of one SELECT.

    Raises:
        NodeError: `invalid_expression`, not one SELECT, or with something in it that is not allowed; with line and
            column where they are known.
    """
    with _said_of(query):
        return _tree(query)


def _tree(query: str) -> dict[str, Any]:
    if len(query) > LONGEST:
        raise _Refused(f"it is longer than {LONGEST:,} characters")
    rows = expressions.connection().cursor().execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()
    try:
        parsed = json.loads(rows[0][0])
    except RecursionError:
        raise _Refused(TOO_DEEP) from None
    if parsed.get("error"):
        reason = str(parsed.get("error_message", "")).split("\n")[0].strip()
        reason = TOO_DEEP if "max_expression_depth" in reason else reason
        reason = "it must be a SELECT" if "SELECT statements" in reason else reason
        raise _Refused(reason, parsed.get("position"))
    if len(parsed["statements"]) != 1:
        raise _Refused("it must be one SELECT: ';' is not allowed" if parsed["statements"] else "a SELECT is needed")
    node = dict(parsed["statements"][0]["node"])
    _check(node)
    if found := first_wrong(expressions.nodes(node)) or too_costly(node):
        raise _Refused(*found)
    return node


def _check(node: Any, depth: int = 1) -> None:
    if depth > expressions.DEEPEST:
        raise _Refused(TOO_DEEP)
    if isinstance(node, list):
        for each in node:
            _check(each, depth + 1)
    if not isinstance(node, Mapping):
        return
    kind, part, place = node.get("class"), node.get("type"), node.get("query_location")
    if kind is not None and kind not in CLASSES:
        raise _Refused(REFUSED.get(kind, f"{kind.lower().replace('_', ' ')} is not allowed"), place)
    if kind is None and isinstance(part, str) and part not in PARTS:
        raise _Refused(REFUSED.get(part, f"{part.lower().replace('_', ' ')} is not allowed"), place)
    if part == "TABLE_FUNCTION" and kind is None:
        name = str(node["function"]["function_name"]).lower()
        if name not in TABLE_FUNCTIONS or _qualified(node["function"]):
            hint = f"allowed: {listing(TABLE_FUNCTIONS)}"
            raise _Refused(f"table function '{name}' is not allowed", place, hint=hint)
        node = {**node, "function": node["function"]["arguments"]}  # its rows are no one value, however many they are
    elif kind in ("FUNCTION", "WINDOW") and not node.get("is_operator"):
        _check_function(node, over=kind == "WINDOW")
        if kind == "FUNCTION" and (reason := expressions.oversized(node)):
            raise _Refused(reason, place)
    for value in node.values():
        _check(value, depth + 1)


def _qualified(node: Mapping[str, Any]) -> bool:
    said = ("schema", "catalog", "schema_name", "catalog_name")
    return any(node.get(each) for each in said) or len((node.get("qualified_name") or {}).get("path", ())) > 1


def _check_function(node: Mapping[str, Any], over: bool) -> None:
    name, qualified, place = str(node["function_name"]).lower(), _qualified(node), node.get("query_location")
    if name == "unnest" and not qualified:
        return
    if reason := expressions.unusable(name, qualified):
        raise _Refused(reason, place)
    kinds = expressions.functions()[name]
    if not kinds & {"scalar", "aggregate", "macro"} and not (over and "window" in kinds):
        said = "needs OVER (…)" if "window" in kinds else "is not allowed"
        raise _Refused(f"function '{name}' {said}", place)


def fold(name: str) -> str:
    """A table's name as DuckDB compares it: only the letters A to Z have another case."""
    return name.translate(SMALL)


@lru_cache(maxsize=1)
def reserved() -> frozenset[str]:
    """The tables that DuckDB has of itself. They tell about the server, so that nothing else may be called like one."""
    query = "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'"
    return frozenset(fold(name) for (name,) in expressions.connection().cursor().execute(query).fetchall())


def check_tables(query: str, names: Collection[str]) -> None:
    """See that the query reads these tables only, and those it defines itself by WITH.

    Raises:
        NodeError: `unknown_table`, with the near-miss, the tables there are, line and column.
    """
    with _said_of(query):
        _tables(tree(query), frozenset(map(fold, names)), names)


def _tables(node: Any, scope: frozenset[str], names: Collection[str]) -> None:
    """A name defined by WITH is known in what follows it, and in itself only in the second part of a recursive one."""
    if isinstance(node, list):
        for each in node:
            _tables(each, scope, names)
    if not isinstance(node, Mapping):
        return
    if node.get("type") == "BASE_TABLE" and "class" not in node:
        _check_table(node, scope, names)
    for each in (node.get("cte_map") or {}).get("map", ()):
        _tables(each["value"], scope, names)
        scope |= {_defined(str(each["key"]))}
    again = {_defined(str(node["cte_name"]))} if node.get("type") == "RECURSIVE_CTE_NODE" else frozenset()
    for key, value in node.items():
        if key != "cte_map":
            _tables(value, scope | again if key == "right" else scope, names)


def _check_table(node: Mapping[str, Any], scope: frozenset[str], names: Collection[str]) -> None:
    name, hint, place = str(node["table_name"]), f"tables: {listing(names)}", node.get("query_location")
    if _qualified(node):
        alone = f": write {quote(name)} alone" if fold(name) in scope else ""
        raise _Refused(f"schema names are not allowed{alone}", place, code="unknown_table", hint=hint)
    if fold(name) not in scope:
        raise _Refused(f"there is no table '{name}' here.{near(name, names)}", place, code="unknown_table", hint=hint)
    if node.get("at_clause"):
        raise _Refused("AT is not allowed: a table has one version", place)


def _defined(name: str) -> str:
    if fold(name) in reserved():
        raise _Refused(f"a table cannot be called '{name}': DuckDB has one of that name")
    return fold(name)


def _checked(query: str) -> str:
    try:
        tree(query)
    except NodeError as error:
        raise refuse(error) from None
    return query


Query = Annotated[
    str,
    BeforeValidator(bound_expression),
    AfterValidator(lambda text: text.rstrip("; \t\r\n")),
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "minLength": 1, "x-ui": {"widget": "sql"}}),
]

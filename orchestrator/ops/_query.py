"""Queries that users write: one SELECT over named tables, parsed and checked before anything runs.

The tree is DuckDB's own, as for expressions. What may stand in it is listed here; anything else is refused.
"""

import json
import string
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from orchestrator import expressions
from orchestrator.constant_costs import too_costly
from orchestrator.errors import NodeError
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


def _refused(reason: str, code: str = "invalid_expression", hint: str | None = None) -> NodeError:
    end = "" if reason.endswith(("?", ".")) else "."
    return NodeError(f"This query cannot be used: {reason}{end}", code=code, hint=hint)


@lru_cache(maxsize=512)
def tree(query: str) -> dict[str, Any]:
    """DuckDB's parse tree of one SELECT.

    Raises:
        NodeError: `invalid_expression`, not one SELECT, or with something in it that is not allowed.
    """
    if len(query) > LONGEST:
        raise _refused(f"it is longer than {LONGEST:,} characters")
    rows = expressions.connection().cursor().execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()
    try:
        parsed = json.loads(rows[0][0])
    except RecursionError:
        raise _refused(TOO_DEEP) from None
    if parsed.get("error"):
        reason = str(parsed.get("error_message", "")).split("\n")[0].strip()
        reason = TOO_DEEP if "max_expression_depth" in reason else reason
        raise _refused("it must be a SELECT" if "SELECT statements" in reason else reason)
    if len(parsed["statements"]) != 1:
        raise _refused("it must be one SELECT: ';' is not allowed" if parsed["statements"] else "a SELECT is needed")
    node = dict(parsed["statements"][0]["node"])
    _check(node)
    if found := first_wrong(expressions.nodes(node)) or too_costly(node):
        raise _refused(found[0])
    return node


def _check(node: Any, depth: int = 1) -> None:
    if depth > expressions.DEEPEST:
        raise _refused(TOO_DEEP)
    if isinstance(node, list):
        for each in node:
            _check(each, depth + 1)
    if not isinstance(node, Mapping):
        return
    kind, part = node.get("class"), node.get("type")
    if kind is not None and kind not in CLASSES:
        raise _refused(REFUSED.get(kind, f"{kind.lower().replace('_', ' ')} is not allowed"))
    if kind is None and isinstance(part, str) and part not in PARTS:
        raise _refused(REFUSED.get(part, f"{part.lower().replace('_', ' ')} is not allowed"))
    if part == "TABLE_FUNCTION" and kind is None:
        name = str(node["function"]["function_name"]).lower()
        if name not in TABLE_FUNCTIONS or _qualified(node["function"]):
            raise _refused(f"table function '{name}' is not allowed", hint=f"allowed: {listing(TABLE_FUNCTIONS)}")
        node = {**node, "function": node["function"]["arguments"]}  # its rows are no one value, however many they are
    elif kind in ("FUNCTION", "WINDOW") and not node.get("is_operator"):
        _check_function(str(node["function_name"]).lower(), _qualified(node), kind == "WINDOW")
        if kind == "FUNCTION" and (reason := expressions.oversized(node)):
            raise _refused(reason)
    for value in node.values():
        _check(value, depth + 1)


def _qualified(node: Mapping[str, Any]) -> bool:
    said = ("schema", "catalog", "schema_name", "catalog_name")
    return any(node.get(each) for each in said) or len((node.get("qualified_name") or {}).get("path", ())) > 1


def _check_function(name: str, qualified: bool, over: bool) -> None:
    if name == "unnest" and not qualified:
        return
    if reason := expressions.unusable(name, qualified):
        raise _refused(reason)
    kinds = expressions.functions()[name]
    if not kinds & {"scalar", "aggregate", "macro"} and not (over and "window" in kinds):
        raise _refused(f"function '{name}' {'needs OVER (…)' if 'window' in kinds else 'is not allowed'}")


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
        NodeError: `unknown_table`, with the near-miss and the tables there are.
    """
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
    name, hint = str(node["table_name"]), f"tables: {listing(names)}"
    if _qualified(node):
        alone = f": write {quote(name)} alone" if fold(name) in scope else ""
        raise _refused(f"schema names are not allowed{alone}", "unknown_table", hint=hint)
    if fold(name) not in scope:
        raise _refused(f"there is no table '{name}' here.{near(name, names)}", "unknown_table", hint=hint)
    if node.get("at_clause"):
        raise _refused("AT is not allowed: a table has one version")


def _defined(name: str) -> str:
    if fold(name) in reserved():
        raise _refused(f"a table cannot be called '{name}': DuckDB has one of that name")
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

"""Queries that users write: one SELECT over named tables, parsed and checked before anything runs.

The tree is DuckDB's own, as for expressions. What may stand in it is listed here; anything else is refused.
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from orchestrator import expressions
from orchestrator.errors import NodeError
from orchestrator.names import listing, near
from orchestrator.ops.settings import bound_expression, refuse

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
    parsed = json.loads(rows[0][0])
    if parsed.get("error"):
        reason = str(parsed.get("error_message", "")).split("\n")[0].strip()
        raise _refused("it must be a SELECT" if "SELECT statements" in reason else reason)
    if len(parsed["statements"]) != 1:
        raise _refused("it must be one SELECT: ';' is not allowed" if parsed["statements"] else "a SELECT is needed")
    node = dict(parsed["statements"][0]["node"])
    _check(node)
    return node


def _check(node: Any) -> None:
    if isinstance(node, list):
        for each in node:
            _check(each)
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
    elif kind in ("FUNCTION", "WINDOW") and not node.get("is_operator"):
        _check_function(str(node["function_name"]).lower(), _qualified(node))
    for value in node.values():
        _check(value)


def _qualified(node: Mapping[str, Any]) -> bool:
    return bool(node.get("schema") or node.get("catalog") or node.get("schema_name") or node.get("catalog_name"))


def _check_function(name: str, qualified: bool) -> None:
    if name == "unnest" and not qualified:
        return
    if reason := expressions.unusable(name, qualified):
        raise _refused(reason)
    if not expressions.functions()[name] & {"scalar", "aggregate", "macro", "window"}:
        raise _refused(f"function '{name}' is not allowed")


def check_tables(query: str, names: Collection[str]) -> None:
    """See that the query reads these tables only, and those it defines itself by WITH.

    Raises:
        NodeError: `unknown_table`, with the near-miss and the tables there are.
    """
    _tables(tree(query), frozenset(name.lower() for name in names), names)


def _tables(node: Any, scope: frozenset[str], names: Collection[str]) -> None:
    """A name defined by WITH is known in what follows it, and in itself only where it is recursive."""
    if isinstance(node, list):
        for each in node:
            _tables(each, scope, names)
    if not isinstance(node, Mapping):
        return
    if node.get("type") == "BASE_TABLE" and "class" not in node:
        name = str(node["table_name"])
        if _qualified(node) or name.lower() not in scope:
            reason = f"there is no table '{name}' here.{near(name, names)}"
            raise _refused(reason, "unknown_table", hint=f"tables: {listing(names)}")
    if node.get("type") == "RECURSIVE_CTE_NODE":
        scope |= {str(node["cte_name"]).lower()}
    for each in (node.get("cte_map") or {}).get("map", ()):
        _tables(each["value"], scope, names)
        scope |= {str(each["key"]).lower()}
    for key, value in node.items():
        if key != "cte_map":
            _tables(value, scope, names)


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

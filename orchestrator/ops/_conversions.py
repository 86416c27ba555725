"""Every conversion that an expression or a query asks for, said or implied, as DuckDB's own plan has them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from orchestrator.expressions import as_query, connection, names, nodes, parts, tree
from orchestrator.ops._plan_types import kind_of
from orchestrator.ops._types import INTEGER, NULL, family, plain
from orchestrator.sql import quote

# What is inside may not be asked for every row, or may fail without harm, as what is behind THEN in a CASE.
GUARDED = frozenset({"LAMBDA", "OPERATOR_COALESCE", "OPERATOR_TRY"})
CONSTANTS = {"number": ("INTEGER", "NUMERIC"), "text": ("STRING",)}
COMPARING = frozenset({"COLUMN_REF", "COMPARISON", "CONJUNCTION", "BETWEEN"})
SAID = frozenset({"return_type", "arguments", "value", "function_data", "qname"})  # nothing is converted in these
TRUTH = {"id": "BOOLEAN"}  # of AND, OR and BETWEEN, of which a plan says no type
NAMED = re.compile(r'(\w+|"([^"]|"")*")(\s*\.\s*(\w+|"([^"]|"")*"))*')
PLAN = "SELECT json_serialize_plan(?::VARCHAR, optimize := false)"
LONGEST = 20_000  # characters of a query: a list of many constants makes a plan of many megabytes


@dataclass(frozen=True)
class Operand:
    """A column (by `name`), a constant (by `value`), or what is neither; `kind` is its type, `text` how it is said."""

    kind: str
    text: str
    name: str | None = None
    value: str | int | None = None


@dataclass(frozen=True)
class Conversion:
    """What becomes a `wanted` type, `place` the byte where; `sides` are those of the comparison that it is for.

    It is `implied` if nobody wrote it, and `later` if it is in a test of a CASE behind the first.
    """

    operand: Operand
    wanted: str
    place: int
    sides: tuple[Operand, ...]
    implied: bool
    later: bool = False


def converted(text: str, kinds: Mapping[str, str]) -> tuple[Conversion, ...]:
    """Those of an expression over columns of these types; a column that is not there is taken for a null."""
    used, known = parts(text), {name.lower() for name in kinds}
    columns = {name: kind for name, kind in kinds.items() if name.lower() in used}
    columns |= {name: NULL for name in names(text) if name.lower() not in known}
    if _alike(text, columns):
        return ()
    return conversions(as_query(text, f"({_stand_in(columns)})" if columns else ""))


def _alike(text: str, columns: Mapping[str, str]) -> bool:
    """Whether all there is are comparisons of numbers, or of texts, which takes no plan to see."""
    families = {"text" if kind == "VARCHAR" else family(kind) for kind in columns.values()}
    constants = CONSTANTS.get(families.pop()) if len(families) == 1 else None
    return constants is not None and all(
        node["class"] in COMPARING or (node["class"] == "CONSTANT" and (node["literal"] or {}).get("kind") in constants)
        for node in nodes(tree(text))
    )


def converted_in(query: str, tables: Mapping[str, Mapping[str, str]]) -> tuple[Conversion, ...]:
    """Those of a query over tables with columns of these types."""
    return conversions(f"{over(tables)}{query}\n)")


def over(tables: Mapping[str, Mapping[str, str]]) -> str:
    """What stands before a query, in parentheses, over tables with columns of these types."""
    given = ", ".join(f"{quote(name)} AS ({_stand_in(kinds)})" for name, kinds in tables.items())
    return f"WITH {given} SELECT * FROM (\n"


def _stand_in(kinds: Mapping[str, str]) -> str:
    typed = ((quote(name), "" if kind == NULL else f"::{plain(kind)}") for name, kind in kinds.items())
    return "SELECT " + ", ".join(f"NULL{kind} AS {name}" for name, kind in typed)


@lru_cache(maxsize=4096)
def conversions(query: str) -> tuple[Conversion, ...]:
    """From the left; none of a query that is too long, or that DuckDB does not bind or cannot write down."""
    if len(query) > LONGEST:
        return ()
    try:
        said = json.loads(connection().execute(PLAN, [query]).fetchall()[0][0] or "{}")
    except RecursionError:
        return ()
    return tuple(sorted(_found(said.get("plans", []), query.encode()), key=lambda each: each.place))


def _found(plans: Any, query: bytes) -> Iterator[Conversion]:
    """Without recursion, for a plan may be deep; each node goes with the comparison that it is a side of."""
    waiting: list[tuple[Any, Any, bool]] = [(plans, None, False)]
    while waiting:
        node, comparison, later = waiting.pop()
        if "comparison" in node:  # of a join
            node = {"type": node["comparison"], "children": [node["left"], node["right"]]}
        if isinstance(node, list):
            waiting += [(each, comparison, later) for each in node if isinstance(each, dict | list)]
        elif (kind := str(node.get("type"))) == "CASE_EXPR":
            tests = (each["when_expr"] for each in node["case_checks"])
            waiting += [(test, None, later or number > 0) for number, test in enumerate(tests)]
        elif kind not in GUARDED:
            if _is_cast(node) and not (node["function_data"]["try_cast"] or _harmless(node, comparison, query)):
                yield replace(_conversion(node, comparison, query), later=later)
            inside = node if kind.startswith("COMPARE_") else comparison if _unsaid(node) else None
            below = [(key, each) for key, each in node.items() if isinstance(each, dict | list)]
            waiting += [(each, inside if key == "children" else None, later) for key, each in below if key not in SAID]


def _conversion(cast: Mapping[str, Any], comparison: Any, query: bytes) -> Conversion:
    implied = _implied(cast, query)
    operand = _operand(cast if implied else cast["children"][0], query)
    sides = (_operand(each, query) for each in comparison["children"]) if comparison and implied else ()
    return Conversion(operand, kind_of(cast["return_type"]), int(cast["query_location"]), tuple(sides), implied)


def _is_cast(node: Mapping[str, Any]) -> bool:
    return node.get("type") == "OPERATOR_CAST"


def _is_null(node: Mapping[str, Any]) -> bool:
    while _is_cast(node):
        node = node["children"][0]
    return node["type"] == "VALUE_CONSTANT" and bool(node["value"]["is_null"])


def _harmless(cast: Mapping[str, Any], comparison: Any, query: bytes) -> bool:
    """Whether a null is converted, or a value only to be compared with one, which DuckDB does not do."""
    pair = comparison["children"] if comparison and len(comparison["children"]) == 2 else ()
    return _is_null(cast) or (any(map(_is_null, pair)) and _implied(cast, query))


def _unsaid(node: Mapping[str, Any]) -> bool:
    """A function that DuckDB puts in by itself, as it does to compare an INTERVAL."""
    return node.get("type") == "BOUND_FUNCTION" and len(node["children"]) == 1 and not node["query_location_length"]


def _said(node: Mapping[str, Any], query: bytes) -> str:
    start = int(node["query_location"])
    text = query[start : start + int(node["query_location_length"])].decode(errors="ignore")
    return "" if text.startswith("::") else text  # of such a cast only this is its place


def _implied(cast: Mapping[str, Any], query: bytes) -> bool:
    """Nobody wrote it: it stands where that stands which it converts. A column has no place of its own in a plan."""
    child = cast["children"][0]
    same = child["query_location"] == cast["query_location"]
    return same or (child["type"] == "BOUND_REF" and NAMED.fullmatch(_said(cast, query)) is not None)


def _operand(node: Mapping[str, Any], query: bytes) -> Operand:
    """What a node gives, before DuckDB converts it without being asked."""
    text = _said(node, query)
    while _unsaid(node) or (_is_cast(node) and _implied(node, query)):
        node = node["children"][0]
        text = text or _said(node, query)
    if node["type"] == "VALUE_CONSTANT":
        kind, value = kind_of(node["value"]["type"]), node["value"].get("value")
        as_said = kind == "VARCHAR" or INTEGER.fullmatch(kind)  # of DECIMAL 2.5 the value is 25
        return Operand(kind, text, value=value if as_said and isinstance(value, str | int) else None)
    kind = kind_of(node.get("return_type") or TRUTH)
    return Operand(kind, text, name=node["alias"] if node["type"] == "BOUND_REF" else None)

"""Expressions that users write: scalar DuckDB SQL, parsed and checked before anything runs.

The tree is DuckDB's own (`json_serialize_sql`), so what is checked is what will run. No subquery, no table function,
no aggregate, no window, no second statement can get through; parameters enter as typed literals (`literals.py`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from orchestrator.constant_costs import too_costly
from orchestrator.elsewhere import instead
from orchestrator.errors import NodeError
from orchestrator.expression_sizes import LARGEST, oversized, whole_number
from orchestrator.literals import refused, sql_literal, substitute
from orchestrator.parsing import connection
from orchestrator.patterns import first_wrong

__all__ = [
    "as_query", "character", "check", "columns", "connection", "functions", "oversized", "refused", "sql_literal",
    "substitute", "tree", "unusable", "usable",
]  # fmt: skip

BEFORE = "SELECT (\n"
LONGEST, LONGEST_AHEAD, FEW = 100_000, 2_000, 10
DEEPEST = 700  # levels of the tree's JSON, of which a level of the expression takes three
ALLOWED = {
    *("COLUMN_REF", "CONSTANT", "FUNCTION", "COMPARISON", "CONJUNCTION", "OPERATOR"),
    *("CAST", "CASE", "BETWEEN", "LAMBDA", "COLLATE", "TYPE"),
}
TOO_DEEP = "it is nested too deeply; compute a part of it into a column first"
REFUSED = {
    "SUBQUERY": "a subquery is not allowed: join the other table in first",
    "WINDOW": "a window function is not allowed here",
    "STAR": "'*' is not allowed: name the columns",
    "PARAMETER": "'?' and '$1' are not allowed: use ${name} for a parameter",
    "DEFAULT": "DEFAULT is not allowed",
}
# Scalar functions that tell about the server, or reach for files or other queries, rather than compute on a row.
DENIED = re.compile(
    r"^(__(?!postfix).*|getenv|get_current_.*|current_(setting|database|schema|schemas|user|role|query|catalog)|"
    r"(next|curr)val|set_.*|pg_.*|has_.*_privilege|txid_current|in_search_path|version|json_(de)?serialize_(sql|plan)|"
    r"json_execute_serialized_sql|write_log|parse_duckdb_log_message|query|query_table|glob|read_.*|.*_scan|"
    r"sleep.*|duckdb_.*|pragma_.*|user|session_user|inet_.*|connection_id|"
    r"current_(connection|transaction|query)_id|get_block_size|setval|file_exists|.*_secret.*|is_histogram_other_bin|stats|alias|variable|getvariable)$"
)
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_ahead: dict[str, str] = {}


@lru_cache(maxsize=4096)
def check(text: str) -> str:
    """The expression, if it is one scalar expression over columns.

    Raises:
        NodeError: `invalid_expression`, says what is not allowed or where it does not parse.
    """
    tree(text)
    return text


@lru_cache(maxsize=4096)
def columns(text: str) -> tuple[str, ...]:
    """The columns that an expression reads, in the order in which they first appear."""
    found = dict.fromkeys(
        node["column_names"][-1] for node in nodes(tree(text)) if node.get("class") == "COLUMN_REF"
    )  # fmt: skip
    return tuple(found)


def names(text: str) -> tuple[str, ...]:
    """The columns that an expression names for certain: none where a lambda has names of its own, none with dots."""
    every = list(nodes(tree(text)))
    if any(node["class"] == "LAMBDA" for node in every):
        return ()
    found = (node["column_names"] for node in every if node["class"] == "COLUMN_REF")
    return tuple(dict.fromkeys(each[0] for each in found if len(each) == 1))


@lru_cache(maxsize=4096)
def parts(text: str) -> frozenset[str]:
    """Every part of every column that an expression reads, in small letters: of `a.b`, both."""
    return frozenset(part.lower() for node in nodes(tree(text)) for part in node.get("column_names", ()))


@lru_cache(maxsize=4096)
def calls(text: str) -> frozenset[str]:
    """The functions and operators that an expression calls, in small letters."""
    return frozenset(node["function_name"].lower() for node in nodes(tree(text)) if "function_name" in node)


@lru_cache(maxsize=4096)
def tree(text: str) -> dict[str, Any]:
    """DuckDB's parse tree of one checked scalar expression.

    Raises NodeError, `invalid_expression`, with the character where it is known.
    """
    _check_text(text)
    select = _select(text)
    expressions = select.pop("select_list", ())  # a UNION has none
    if len(expressions) != 1 or expressions[0].get("alias") or _shape(select) != _shape(_bare()):
        raise refused("it must be one scalar expression: no FROM, no second expression, no statement")
    if expressions[0].get("function_name") == "row" and not text.strip().lower().startswith("row"):
        raise refused("it must be one expression: ',' is not allowed")
    if _closes_early(text) and '"error":true' in _serialized(f"SELECT CAST(\n{text}\n AS VARCHAR)")[:20]:
        raise refused("it is not complete, or has a ')' too many")
    every = list(nodes(expressions[0]))
    for node in every:
        try:
            _check_node(node)
        except NodeError as error:
            error.position = character(text, node.get("query_location"))
            raise
    if found := first_wrong(every) or too_costly(expressions[0]):
        raise refused(found[0], character(text, found[1]))
    return dict(expressions[0])


def _check_text(text: str) -> None:
    if not text.strip():
        raise refused("an expression is needed, such as amount > 100")
    if len(text) > LONGEST:
        raise refused(f"it is longer than {LONGEST:,} characters")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise refused("it has a character that is no text (NUL, or half of a surrogate pair)")


def _closes_early(text: str) -> bool:
    """Whether `1) + (2`, which is one expression in the parentheses of `as_query`, may be none without them."""
    depth = 0
    for letter in QUOTED.sub("", text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return True
    return False


def parse_ahead(texts: Iterable[str]) -> None:
    """Parse many expressions in one call to DuckDB, ten times quicker than one by one; `check` then finds them."""
    wanted = [as_query(text) for text in dict.fromkeys(texts) if 0 < len(text) < LONGEST_AHEAD and "\0" not in text]
    if len(wanted) < FEW or any("\ud800" <= letter <= "\udfff" for text in wanted for letter in text):
        return
    query = "SELECT q, json_serialize_sql(q) FROM (SELECT unnest(?::VARCHAR[]) AS q)"
    _ahead.clear()
    _ahead.update(connection().execute(query, [wanted]).fetchall())


def as_query(text: str, source: str = "") -> str:
    """The expression as a query; `source` is SQL for what is behind FROM."""
    return f"{BEFORE}{text}\n)" + (f" FROM {source}" if source else "")


def character(text: str, byte: Any) -> int | None:
    """The character of an expression at a byte of `as_query`, which is how DuckDB says where; None if it does not."""
    written = text.encode("utf-8", "surrogatepass")
    place = int(byte) - len(BEFORE) if byte is not None else -1
    if not 0 <= place < LONGEST * 4:
        return None
    return len(written[:place].decode("utf-8", "ignore"))


def _serialized(sql: str) -> str:
    if ready := _ahead.pop(sql, None):
        return ready
    return str(connection().execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0][0])


def _select(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(_serialized(as_query(text)))
    except RecursionError:
        raise refused(TOO_DEEP) from None
    if parsed.get("error"):
        reason = str(parsed.get("error_message", "")).split("\n")[0].strip()
        reason = TOO_DEEP if "max_expression_depth" in reason else reason
        reason = reason if "SELECT statements" not in reason else "it must be one scalar expression, no statement"
        place = character(text, parsed.get("position"))
        if reason.endswith('near ")"') and place == len(text):  # the one that `as_query` puts behind it
            reason = "it is not complete, or has a ')' too many"
        raise refused(reason, place)
    if len(parsed["statements"]) != 1:
        raise refused("it must be one expression: ';' is not allowed")
    return dict(parsed["statements"][0]["node"])


@lru_cache(maxsize=1)
def _bare() -> dict[str, Any]:
    bare = _select("NULL")
    bare.pop("select_list")
    return bare


def _shape(node: Any) -> Any:
    """A tree without its positions in the text."""
    if isinstance(node, Mapping):
        return {key: _shape(value) for key, value in node.items() if not key.startswith("query_location")}
    return [_shape(each) for each in node] if isinstance(node, list) else node


def nodes(tree: Any, closed: frozenset[Any] = frozenset()) -> Iterator[Mapping[str, Any]]:
    """Every node of a tree, from the left, but for those of a `closed` class or type and what is below them.

    Without recursion, for the tree may be deep. Raises NodeError, `invalid_expression`, below `DEEPEST`.
    """
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise refused(TOO_DEEP)
        if isinstance(node, Mapping):
            if closed & {node.get("class"), node.get("type")}:
                continue
            if "class" in node:
                yield node
            waiting += [(value, depth + 1) for value in reversed([*node.values()])]
        elif isinstance(node, list):
            waiting += [(each, depth + 1) for each in reversed(node)]


def _check_node(node: Mapping[str, Any]) -> None:
    kind = node["class"]
    if kind not in ALLOWED:
        raise refused(REFUSED.get(kind, f"{kind.lower()} is not allowed"))
    if kind == "CONSTANT" and abs(whole_number(node)) > LARGEST:
        raise refused("a whole number has at most 38 digits; write 1e40, or a text")
    if kind == "FUNCTION":
        _check_function(str(node["function_name"]).lower(), bool(node.get("schema") or node.get("catalog")))
        if reason := oversized(node):
            raise refused(reason)


def _check_function(name: str, qualified: bool) -> None:
    if reason := unusable(name, qualified):
        raise refused(reason)
    if not functions()[name] & {"scalar", "macro"}:
        raise refused(f"function '{name}' works on many rows ({', '.join(sorted(functions()[name]))}), not on one")
    for definition in _macros().get(name, ()):
        try:
            check(definition)
        except NodeError:
            raise refused(f"function '{name}' works on many rows, not on one") from None


def unusable(name: str, qualified: bool = False) -> str | None:
    """Why nobody may call this function (in small letters), if so: it is not known, or tells about the server."""
    if qualified or DENIED.match(name):
        return f"function '{name}' is not allowed"
    return None if name in functions() else f"function '{name}' does not exist.{instead(name, functions())}"


def usable(name: str) -> bool:
    """Whether an expression may call this function."""
    try:
        _check_function(name.lower(), qualified=False)
    except NodeError:
        return False
    return True


@lru_cache(maxsize=1)
def _macros() -> dict[str, list[str]]:
    """What the functions that are written in SQL are short for."""
    query = (
        "SELECT function_name, list(macro_definition) FROM duckdb_functions() WHERE function_type = 'macro' GROUP BY 1"
    )
    return dict(connection().execute(query).fetchall())


@lru_cache(maxsize=1)
def functions() -> dict[str, frozenset[str]]:
    """Every function DuckDB knows, with its kinds: scalar, aggregate, macro, table, …"""
    rows = connection().execute("SELECT function_name, list(DISTINCT function_type) FROM duckdb_functions() GROUP BY 1")
    return {name.lower(): frozenset(kinds) for name, kinds in rows.fetchall()}

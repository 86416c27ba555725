"""`${name}` in SQL that users write: a value enters as a literal, and can never become more than that."""

import datetime as dt
import itertools
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.pointers import pointer

PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
# What may hold a placeholder as text: a string, a quoted name, a comment; and strings that have no escape for it.
QUOTED = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\r\n]*|/\*.*?\*/"
    r"|(?<!\w)[eE]'(?:[^'\\]|''|\\.)*'|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$",
    re.DOTALL,
)
STRING, COMMENT = duckdb.token_type.string_const, duckdb.token_type.comment


def placeholders(setting: Any, path: str = "/config") -> list[tuple[str, str]]:
    """Every `${name}` in the strings of a JSON value, in order: the JSON pointer of its string, and the name.

    Settings may be millions of rows: pointers are made for what is found only.
    """
    found: list[tuple[str, str]] = []
    waiting: list[tuple[Any, Any]] = [(setting, None)]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, str):
            if "${" in value:
                found += [(path + _pointer(place), match[1]) for match in PLACEHOLDER.finditer(value)]
        elif isinstance(value, dict):
            waiting += [(each, (place, key)) for key, each in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(value[index], (place, index)) for index in range(len(value) - 1, -1, -1)]
    return found


def _pointer(place: Any) -> str:
    parts = []
    while place is not None:
        place, key = place
        parts.append(key)
    return pointer(reversed(parts))


def refused(reason: str, position: int | None = None) -> NodeError:
    """The error for an expression that will not be run; `position` is the character of it that is to blame."""
    end = "" if reason.endswith("?") else "."
    return NodeError(f"This expression cannot be used: {reason}{end}", code="invalid_expression", position=position)


def substitute(template: str, values: Mapping[str, Any]) -> str:
    """Put parameters into SQL as typed literals; inside a string or quoted name, as escaped text of it.

    Raises:
        NodeError: `invalid_expression`, where DuckDB would read more than a value into a value.
    """
    if '"' in template and _in_a_type(template, values):
        raise refused("a text right behind a quoted name would make the name a type; put an operator between")
    made = _filled(template, values)
    calm = _filled(template, {name: "x" if isinstance(value, str) else value for name, value in values.items()})
    if made != calm and _tokens(made) != _tokens(calm):
        raise refused("the value of a parameter would change its meaning here; put the parameter between '…'")
    return made


def _in_a_type(template: str, values: Mapping[str, Any]) -> bool:
    """Whether a parameter is in a quoted name that has a text behind it, or in that text: such a name is a type."""
    filled = (_pieces(_filled(template, dict.fromkeys(values, text))) for text in ("x", "xx"))
    one, other = ([piece for piece in pieces if piece[0] != COMMENT] for pieces in filled)
    pairs = zip(itertools.pairwise(one), itertools.pairwise(other), strict=False)
    return any(mine != theirs and mine[0][1][:1] == b'"' and mine[1][0] == STRING for mine, theirs in pairs)


def _tokens(sql: str) -> list[tuple[Any, bytes]]:
    """DuckDB's own tokens, of strings and quoted names their kind alone."""
    return [(kind, b"" if kind == STRING or piece[:1] == b'"' else piece) for kind, piece in _pieces(sql)]


def _pieces(sql: str) -> list[tuple[Any, bytes]]:
    """DuckDB's own tokens: of what kind each is, and its text."""
    text = sql.encode("utf-8", "surrogatepass")
    found = duckdb.tokenize(sql)
    ends = [start for start, _ in found[1:]] + [len(text)]
    return [(kind, text[start:end].strip()) for (start, kind), end in zip(found, ends, strict=True)]


def _filled(template: str, values: Mapping[str, Any]) -> str:
    made, end = [], 0
    for match in QUOTED.finditer(template):
        made.append(_literals(template[end : match.start()], values))
        made.append(_inside(match[0], values))
        end = match.end()
    return "".join([*made, _literals(template[end:], values)])


def _literals(text: str, values: Mapping[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda match: sql_literal(values[match[1]]), text)


def _inside(quoted: str, values: Mapping[str, Any]) -> str:
    mark = quoted[0]
    if mark not in "'\"":
        if (mark == "/" and "/*" in quoted[2:]) or (mark in "eE$" and PLACEHOLDER.search(quoted)):
            raise refused(
                "a parameter can stand in '…', but not in E'…' or $$…$$, nor beside a comment within a comment"
            )
        return PLACEHOLDER.sub("", quoted)
    return PLACEHOLDER.sub(lambda match: as_text(values[match[1]]).replace(mark, mark * 2), quoted)


def written_at(template: str, values: Mapping[str, Any], place: int) -> int:
    """Where in a template stands what `substitute` put at a place of its text: of a value, its placeholder."""
    quoted = [(match.start(), match.end(), match[0][0]) for match in QUOTED.finditer(template)]
    grown = 0
    for match in PLACEHOLDER.finditer(template):
        mark = next((mark for start, end, mark in quoted if start < match.start() < end), None)
        value = _literals(match[0], values) if mark is None else _inside(f"{mark}{match[0]}{mark}", values)[1:-1]
        if place < match.start() + grown + len(value):
            return min(place - grown, match.start())
        grown += len(value) - len(match[0])
    return place - grown


def sql_literal(value: Any) -> str:
    """A Python value as a typed SQL literal; a value can never become more than that."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return str(value) if value >= 0 else f"({value})"
        case float():
            return f"({value!r}::DOUBLE)" if math.isfinite(value) else f"('{value!r}'::DOUBLE)"
        case dt.datetime():
            kind = "TIMESTAMPTZ" if value.tzinfo else "TIMESTAMP"
            return f"({kind} '{value.isoformat(sep=' ')}')"
        case dt.date():
            return f"(DATE '{value.isoformat()}')"
        case list() | tuple():
            return "[" + ", ".join(sql_literal(each) for each in value) + "]"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def as_text(value: Any) -> str:
    """A parameter's value inside other text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.date) else str(value)

"""The type that values of several tables have together, and which have none."""

import re
from collections.abc import Collection

from orchestrator.crs import differ, remedy, title, written_in
from orchestrator.errors import NodeError
from orchestrator.ops._types import INTEGER, family, plain
from orchestrator.schema import is_geometry
from orchestrator.sql import literal

DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 20, "HUGEINT": 38}
DECIMAL = re.compile(r"DECIMAL\((\d+), *(\d+)\)")
MOST = 38
IN_FLOAT = 5  # a FLOAT keeps every whole number of so many digits
ZONED = re.compile(r"TIMESTAMP( WITH TIME ZONE|TZ.*)")


def widened(value: str, kinds: Collection[str]) -> str:
    """SQL of a value in the type for all of these, the first table's first; as it is where DuckDB does that well."""
    if len(kinds) < 2:
        return value
    first = next(iter(kinds))
    if is_geometry(first):
        return f"st_setcrs({value}, {literal(written_in(first) or '')})"
    if family(first) == "text":
        return f"CAST({value} AS VARCHAR)"
    kind = number(kinds) if family(first) == "number" else None
    return f"CAST({value} AS {kind})" if kind else value


def number(kinds: Collection[str]) -> str | None:
    """The type for numbers of all these, if not DuckDB's: it never rounds, and what does not fit it is an error."""
    whole, scale = (max(each) for each in zip(*map(digits, kinds), strict=True))
    if "DOUBLE" in kinds:
        return "DOUBLE"
    if "FLOAT" in kinds:
        return "DOUBLE" if whole > IN_FLOAT or scale else "FLOAT"
    if whole < DIGITS["HUGEINT"] and all(INTEGER.fullmatch(kind) for kind in kinds):
        return None
    return f"DECIMAL({min(whole + scale, MOST)},{scale})"


def digits(kind: str) -> tuple[int, int]:
    """How many a number may have before and after the point; none where that is not fixed."""
    if found := DECIMAL.fullmatch(kind):
        return int(found[1]) - int(found[2]), int(found[2])
    return DIGITS.get(kind.removeprefix("U"), 0), 0


def check(name: str, one: tuple[int, str], other: tuple[int, str]) -> None:
    """Refuse types of a column, in two tables by number, that have nothing in common.

    Raises:
        NodeError: `type_mismatch`, `crs_mismatch` or `missing_crs`; names both tables and types.
    """
    kinds = one[1], other[1]
    if is_geometry(kinds[0]) and is_geometry(kinds[1]):
        return _check_systems(name, one, other)
    reason = apart(*kinds)
    if reason is None:
        return None
    said = f"is {plain(kinds[0])} in table {one[0]} and {plain(kinds[1])} in table {other[0]}{reason}"
    message = f"Column '{name}' {said}. Convert one of them first."
    raise NodeError(message, code="type_mismatch", path="/config/columns")


def apart(*kinds: str) -> str | None:
    """None where values of two types, not of geometry, go into one column; else the end of a sentence that says why."""
    if family(kinds[0]) != family(kinds[1]) or _zoned(kinds[0]) != _zoned(kinds[1]):
        return ""
    fits = not all(map(DECIMAL.fullmatch, kinds)) or _together(*kinds) <= MOST
    return None if fits else f", which together need more than {MOST} digits"


def _zoned(kind: str) -> bool:
    return bool(ZONED.fullmatch(kind))


def _together(*kinds: str) -> int:
    return sum(max(each) for each in zip(*map(digits, kinds), strict=True))


def _check_systems(name: str, one: tuple[int, str], other: tuple[int, str]) -> None:
    first, second = written_in(one[1]), written_in(other[1])
    if not differ(first, second):
        return
    if first is None or second is None:
        known, unknown = (other[0], one[0]) if first is None else (one[0], other[0])
        message = f"The coordinate system of '{name}' is known in table {known}, and is not in table {unknown}."
        hint = "a reproject node with the same 'from' and 'to' says which it is"
        raise NodeError(message, code="missing_crs", port="tables", hint=hint)
    message = (
        f"Column '{name}' is in {title(first)} in table {one[0]} and in {title(second)} in table {other[0]}. "
        "Reproject one of them first."
    )
    hint = remedy((f"table {one[0]}", first), (f"table {other[0]}", second))
    raise NodeError(message, code="crs_mismatch", port="tables", hint=hint)

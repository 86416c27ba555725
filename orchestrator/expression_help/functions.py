"""The functions that expressions may use, documented by DuckDB itself."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from orchestrator.expressions import connection, usable

QUERY = """
SELECT function_name, description, examples, categories, parameters, parameter_types, varargs, return_type, alias_of,
    macro_definition
FROM duckdb_functions() WHERE function_type IN ('scalar', 'macro') ORDER BY ALL
"""
FAR = 4
# Expressions may use these, and nobody would: DuckDB's own helpers, and a function for each of 300 collations.
HELPERS = re.compile(
    r"(icu_)?collate_.*|icu_sort_key|.*_description|.*_pg_.*|combine|finalize|invoke|constant_or_null|create_sort_key|"
    r"vector_type|replace_type|remap_struct|cast_to_type|to_aggregate_state|variant_(bytes|to)_.*"
)
# DuckDB says a category for a third of them; for the others, what a function works on says it.
CATEGORIES = {
    "date": r"DATE|TIME.*|INTERVAL", "geometry": r"GEOMETRY.*", "list": r".*\[\]", "struct": r"STRUCT.*|ROW.*",
    "map": r"MAP.*", "json": r"JSON", "blob": r"BLOB", "bitstring": r"BIT", "string": r"VARCHAR",
    "numeric": r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*|BIGNUM)",
}  # fmt: skip


class Argument(BaseModel):
    """What a function takes; its type is null where any will do."""

    name: str
    type: str | None


class Signature(BaseModel):
    """One way to call a function; `varargs` is the type of any number of further values."""

    parameters: list[Argument]
    varargs: str | None
    return_type: str | None


class Function(BaseModel):
    """A function on the values of one row. An `operator` is written between or before its values."""

    name: str
    description: str
    examples: list[str]
    categories: list[str]
    signatures: list[Signature]


def functions(search: str = "", category: str = "") -> list[Function]:
    """Those of this category with this text in name or description, the best first; without a text, by name."""
    wanted, category = search.strip().lower(), category.strip().lower()
    found = [each for each in _documented() if not category or category in each.categories]
    if not wanted:
        return found
    ranked = ((_rank(each, wanted), each) for each in found)
    return [each for rank, each in sorted(ranked, key=lambda pair: pair[0]) if rank < FAR]


def _rank(function: Function, wanted: str) -> int:
    name = function.name.lower()
    tests = (name == wanted, name.startswith(wanted), wanted in name, wanted in function.description.lower())
    return next((rank for rank, found in enumerate(tests) if found), FAR)


@lru_cache(maxsize=1)
def _documented() -> tuple[Function, ...]:
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    found = connection().execute(QUERY)
    names = [each[0] for each in found.description or ()]
    for row in found.fetchall():
        said = dict(zip(names, row, strict=True))
        rows[said["function_name"]].append(said)
    shown = (name for name in sorted(rows) if usable(name) and not HELPERS.fullmatch(name))
    return tuple(_function(name, rows[name]) for name in shown)


def _function(name: str, rows: list[dict[str, Any]]) -> Function:
    signatures = [_signature(each) for each in rows]
    categories = {each for row in rows for each in row["categories"] or ()} or set(_categories(name, signatures))
    return Function(
        name=name,
        description=next(filter(None, map(_description, rows)), ""),
        examples=list(dict.fromkeys(each for row in rows for each in row["examples"] or ())),
        categories=sorted(categories),
        signatures=signatures,
    )


def _signature(row: dict[str, Any]) -> Signature:
    pairs = zip(row["parameters"] or (), row["parameter_types"] or (), strict=False)
    parameters = [Argument(name=name, type=kind) for name, kind in pairs]
    return Signature(parameters=parameters, varargs=row["varargs"], return_type=row["return_type"])


def _description(row: dict[str, Any]) -> str:
    same = row["macro_definition"] or row["alias_of"]
    return str(row["description"] or (f"The same as `{' '.join(same.split())}`." if same else ""))


def _categories(name: str, signatures: list[Signature]) -> Iterator[str]:
    if not re.fullmatch(r"\w+", name):
        yield "operator"
        return
    first = next((each.parameters[0].type for each in signatures if each.parameters and each.parameters[0].type), "")
    prefix = name.partition("_")[0].replace("array", "list")
    for category, pattern in CATEGORIES.items():
        if category == prefix or re.fullmatch(pattern, first or ""):
            yield category

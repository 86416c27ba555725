"""What comes in a file of JSON objects only after the records that decided on its columns: refused, not dropped."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.reading import read
from orchestrator.ops.base import Relation
from orchestrator.sql import literal

WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)")
Keys = Mapping[str, tuple[str, ...]]


def check_late(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], table: Relation, given: Iterable[str]
) -> None:
    """See that all records of a file that has more than the sample fit the columns of the table; one reading of it.

    Numbers in a column of `given`, whose types are the user's, are as that type has them.

    Raises:
        NodeError: `no_table`: a key is new; `mixed_types`: a whole number has a fraction.
    """
    sample = options["sample_size"]
    objects = read("read_json_objects", path, {"format": options["format"]})
    if sample < 0 or len(connection.execute(f"SELECT 1 {objects} LIMIT 1 OFFSET {sample}").fetchall()) == 0:
        return
    kinds = dict(zip(table.columns, table.types, strict=True))
    keys = {"$": tuple(kinds), **{path: names for name, kind in kinds.items() for path, names in _keys(name, kind)}}
    whole = [name for name, kind in kinds.items() if WHOLE.fullmatch(str(kind)) and name not in given]
    tests = [_new_key(place, names) for place, names in keys.items()] + ([_fraction(whole)] if whole else [])
    found = connection.execute(f"SELECT json {objects} WHERE {' OR '.join(tests)} LIMIT 1").fetchall()
    if found:
        raise _late(json.loads(found[0][0]), keys, whole, sample)


def _keys(name: str, kind: Any, before: str = "$") -> Iterator[tuple[str, tuple[str, ...]]]:
    """The places of structures inside, and the keys that each may have."""
    place = f"{before}.{json.dumps(name, ensure_ascii=False)}" if '"' not in name else ""
    while kind.id == "list" and place:
        place, kind = f"{place}[*]", kind.children[0][1]
    if kind.id == "struct" and place:
        yield place, tuple(key for key, _ in kind.children)
        for key, each in kind.children:
            yield from _keys(key, each, place)


def _new_key(place: str, names: tuple[str, ...]) -> str:
    known = f"[{', '.join(map(literal, names))}]"
    found = "json_keys(json)" if place == "$" else f"json_keys(json, {literal(place)})"
    if "*" in place:
        return f"NOT list_has_all({known}, flatten({found}))"
    return f"({found} <> {known} AND NOT list_has_all({known}, {found}))"


def _fraction(names: list[str]) -> str:
    places = [literal(f"/{name.replace('~', '~0').replace('/', '~1')}") for name in names]
    some = f"list_contains(json_type(json, [{', '.join(places)}]), 'DOUBLE')"
    value = "TRY_CAST(json_extract_string(json, {}) AS DOUBLE)"
    odd = [f"{value.format(place)} <> floor({value.format(place)})" for place in places]
    return f"({some} AND ({' OR '.join(odd)}))"


def _late(record: Mapping[str, Any], keys: Keys, whole: list[str], sample: int) -> NodeError:
    hint, behind = "sample_size: -1", f"after the first {sample:,} records, which decided on the columns"
    new = next((key for key in record if key not in keys["$"]), None)
    name = next((name for name in whole if isinstance(record.get(name), float) and record[name] % 1), None)
    if new is None and name is not None:
        message = f"Column '{name}' has {record[name]} {behind}, and whole numbers before."
        return NodeError(message, code="mixed_types", hint=hint)
    what = f"The key '{new}'" if new is not None else "A key inside an object"
    return NodeError(f"{what} comes only {behind}.", code="no_table", hint=hint)

"""What comes in a file of JSON objects only after the records that decided on its columns: refused, not dropped."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.json_late_values import Leaf, leaves
from orchestrator.formats.reading import read
from orchestrator.ops.base import Relation
from orchestrator.sql import literal

Keys = Mapping[str, tuple[str, ...]]


def check_late(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], table: Relation, given: Iterable[str]
) -> None:
    """See that all records of a file that has more than the sample fit the columns of the table; one reading of it.

    Numbers in a column of `given`, whose types are the user's, are as that type has them.

    Raises:
        NodeError: `no_table`: a key is new; `mixed_types`: a whole number has a fraction, or a day a time.
    """
    sample = options["sample_size"]
    objects = read("read_json_objects", path, {"format": options["format"]})
    if sample < 0 or len(connection.execute(f"SELECT 1 {objects} LIMIT 1 OFFSET {sample}").fetchall()) == 0:
        return
    kinds = dict(zip(table.columns, table.types, strict=True))
    keys = {"$": tuple(kinds), **{path: names for name, kind in kinds.items() for path, names in _keys(name, kind)}}
    places = [leaf for name, kind in kinds.items() if name not in given for leaf in leaves(name, kind)]
    new = " OR ".join(_new_key(place, names) for place, names in keys.items())
    said = ", ".join(f"CASE WHEN {leaf.changes()} THEN {leaf.first()} END" for leaf in places)
    query = f"SELECT json, [{said}]::VARCHAR[] {objects} WHERE {' OR '.join([new, *_changes(places)])} LIMIT 1"
    if found := connection.execute(query).fetchall():
        behind = f"after the first {sample:,} records, which decided on the columns"
        raise _late(json.loads(found[0][0]), keys, list(zip(places, found[0][1], strict=True)), behind)


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


def _changes(places: list[Leaf]) -> Iterator[str]:
    """SQL for whether a value is changed; whether that can be is asked first, of all places of a kind at once."""
    for hint in sorted({leaf.hint for leaf in places}):
        some = [leaf for leaf in places if leaf.hint == hint]
        found = hint.format(", ".join(literal(leaf.place) for leaf in some))
        yield f"({found} AND ({' OR '.join(leaf.changes() for leaf in some)}))"


def _late(record: Mapping[str, Any], keys: Keys, values: list[tuple[Leaf, str | None]], behind: str) -> NodeError:
    hint = "sample_size: -1"
    new = next((key for key in record if key not in keys["$"]), None)
    leaf, value = next((each for each in values if each[1] is not None), (None, None))
    if new is None and leaf is not None:
        message = f"{leaf.told(str(value))} {behind}, and {leaf.takes} before."
        return NodeError(message, code="mixed_types", hint=hint)
    what = f"The key '{new}'" if new is not None else "A key inside an object"
    return NodeError(f"{what} comes only {behind}.", code="no_table", hint=hint)

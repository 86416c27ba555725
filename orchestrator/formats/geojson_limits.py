"""Whole numbers of GeoJSON near the lower limit of 64 bits, which GDAL reads as DOUBLE, as they are."""

import json
import mmap
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.base import Context, Relation
from orchestrator.formats.json_records import extract
from orchestrator.formats.reading import read
from orchestrator.formats.workplace import new_file, workplace
from orchestrator.pointers import pointer
from orchestrator.sql import literal, names, quote

LARGE = re.compile(rb"-[1-9]\d{18}[\s,\]}]")
WHOLE = "{0} IS NULL OR regexp_full_match({0}, '-?\\d+') AND TRY_CAST({0} AS BIGINT) IS NOT NULL"


def exact(table: Relation, path: Path, context: Context) -> Relation:
    """The features of a file, BIGINT for DOUBLE where all values in the file are such; in design none of them."""
    doubles = [name for name, kind in names(table).items() if kind == "DOUBLE"]
    if not doubles or not _has_large(path):
        return table
    with workplace(context) as (connection, folder), suppress(NodeError, ValueError, duckdb.InvalidInputException):
        target = new_file(folder, ".ndjson")
        try:
            rows = _features(connection, path, target)
            values = {name: f"json_extract_string(json, {literal(pointer(('properties', name)))})" for name in doubles}
            tests = ", ".join(f"bool_and({WHOLE.format(value)})" for value in values.values())
            count, *found = connection.execute(f"SELECT count(*), {tests} {rows}").fetchall()[0]
            exactly = {name: values[name] for name, whole in zip(doubles, found, strict=True) if whole}
            fields = ", ".join(f"{value}::BIGINT AS {quote(name)}" for name, value in exactly.items())
            if exactly and context.design:
                return table.project(
                    f"* REPLACE ({', '.join(f'{each}::BIGINT AS {each}' for each in map(quote, exactly))})"
                )
            if exactly and table.aggregate("count(*)").fetchall() == [(count,)]:
                return _beside(table, connection.sql(f"SELECT {fields} {rows}").to_arrow_table(), context)
        finally:
            target.unlink(missing_ok=True)
    return table


def _beside(table: Relation, made: Any, context: Context) -> Relation:
    """The rows with these columns, of as many rows, in place of those of the same names."""
    kept = ", ".join(f"{'n' if name in made.column_names else 't'}.{quote(name)}" for name in table.columns)
    old, new = (context.session.name(each) for each in (table, context.session.arrow(made)))
    return context.session.connection.sql(f"SELECT {kept} FROM {old} AS t POSITIONAL JOIN {new} AS n")


def _has_large(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return LARGE.search(whole) is not None


def _features(connection: duckdb.DuckDBPyConnection, path: Path, target: Path) -> str:
    """The features, one a line, in a FROM: their number is that of the table's row."""
    try:
        extract(connection, path, "/features", target)
    except NodeError:
        target.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8-sig"))))
    most = max(1 << 24, target.stat().st_size + 1024)
    return read("read_json_objects", target, {"format": "newline_delimited", "maximum_object_size": most})

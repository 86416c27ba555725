"""Whether the columns of a CSV file are what DuckDB's sniffer says: dates, in one order, and whole numbers."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.formats.csv_groups import ungrouped
from orchestrator.formats.encodings import head
from orchestrator.formats.reading import read
from orchestrator.sql import literal, quote

INFINITE = re.compile(r"(?<![\w.])inf(inity)?(?!\w)")
OF_DATES = "[+-]?infinity"  # as it is written here and by PostgreSQL; of numbers it is `inf`, `Infinity`
NUMBER = r"[+-]?((0|[1-9]\d*)({0}\d*)?|{0}\d+)(e[+-]?\d+)?|[+-]?inf(inity)?|[+-]?nan"


def mistaken(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], columns: Mapping[str, str]
) -> dict[str, str]:
    """The types of columns that DuckDB's sniffer gives others.

    Infinite numbers are dates to it, and none behind one is a number any more; those of 39 digits may be HUGEINT,
    which is not stored; what is no number once its groups of digits are looked at is text.
    """
    encoding = str(options.get("encoding", "utf-8"))
    number = literal(NUMBER.format(re.escape(options["decimal_separator"])))
    infinite = (
        f"count_if(NOT regexp_full_match({{0}}, {number}, 'i')) = 0 AND "
        f"bool_or(NOT regexp_full_match({{0}}, '{OF_DATES}')) AND bool_or(regexp_matches({{0}}, 'inf', 'i'))"
    )
    tests = {"HUGEINT": "count({0}) > count(TRY_CAST({0} AS DECIMAL(38, 0)))"}
    start = head(path, encoding).lower()
    if "inf" in start and INFINITE.search(start):
        tests |= dict.fromkeys(("DATE", "VARCHAR"), infinite)
    if other := ungrouped("{0}", options):
        tests |= dict.fromkeys(("BIGINT", "DOUBLE", "HUGEINT"), f"bool_or({other})")
    asked = {name: tests[kind].replace("{0}", quote(name)) for name, kind in columns.items() if kind in tests}
    wrong = [name for name, found in _tested(connection, path, options, columns, asked) if found]
    return {name: "DOUBLE" if columns[name] in ("DATE", "VARCHAR") else "VARCHAR" for name in wrong}


def mixed_dates(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], columns: Mapping[str, str], form: str
) -> list[str]:
    """The columns of dates that have others than those of this form among the rows that decide on the types.

    DuckDB's sniffer takes 13/02/2024 and 02/13/2024 for dates, each by a form of its own; its reader has one form.
    """
    dates = [name for name, kind in columns.items() if kind == "DATE"]
    fits = "count({0}) = count(try_strptime({0}, {1}))"
    tests = {name: fits.format(quote(name), literal(form)) for name in dates}
    return [name for name, right in _tested(connection, path, options, columns, tests) if not right]


def _tested(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], columns: Mapping[str, str],
    tests: Mapping[str, str],
) -> Iterable[tuple[str, bool]]:  # fmt: skip
    """What each test says of the texts of its column in the rows that decide on the types."""
    given = {key: value for key, value in options.items() if key not in ("sample_size", "auto_type_candidates")}
    text = {**columns, **dict.fromkeys(tests, "VARCHAR")}
    rows = read("read_csv", path, {**given, "auto_detect": False, "columns": text})
    limit = f" LIMIT {options['sample_size']}" if options["sample_size"] >= 0 else ""
    query = f"SELECT {', '.join(tests.values())} FROM ({rows}{limit})"
    return zip(tests, connection.execute(query).fetchall()[0] if tests else (), strict=True)

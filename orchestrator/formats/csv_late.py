"""Values that come in a text file only after the rows that decided on its types, and that DuckDB would round or cut."""

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.csv_groups import plain, ungrouped
from orchestrator.formats.csv_lines import OF_LINES
from orchestrator.formats.encodings import opened
from orchestrator.formats.reading import read
from orchestrator.formats.text_types import TIME_OF_DAY
from orchestrator.sql import quote

WIDER = {
    "BIGINT": ("whole numbers", "DOUBLE"), "DATE": ("days", "TIMESTAMP"),
    "TIMESTAMP": ("times without a zone", "TIMESTAMPTZ"), "DOUBLE": ("numbers", "VARCHAR"),
}  # fmt: skip
ZEROS = r"^0\d"
OFFSET = r":\d\d(\.\d+)? ?[+-](0[1-9]|1\d|00:?[1-5])"  # of a zone that is not UTC


def check_late(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], kinds: Mapping[str, str],
    lines: Path | None, *, sample: int, name: str,
) -> None:  # fmt: skip
    """See that no column of whole numbers has a fraction or a zero in front, none of days a time, and none of times a
    zone, behind the sample: another reading.

    Args:
        connection: reads.
        path: the file.
        options: of `read_csv`, with `columns`.
        kinds: the types that the sample has said, by column.
        lines: some of a large file's lines, which are looked at in its place.
        sample: how many rows decided; -1 for all.
        name: as the user calls the file.

    Raises:
        NodeError: `mixed_types`.
    """
    tests = {each: test for each, kind in kinds.items() if (test := _test(quote(each), kind, options))}
    if not tests or sample < 0 or not _is_longer(path, sample):
        return
    texts = {**options, "columns": options["columns"] | dict.fromkeys(tests, "VARCHAR")}
    odd = ", ".join(f"CASE WHEN {test} THEN {quote(each)} END" for each, test in tests.items())

    def odd_in(source: Path, how: Mapping[str, Any]) -> list[Any]:
        query = f"SELECT {odd} {read('read_csv', source, how)} WHERE {' OR '.join(tests.values())} LIMIT 1"
        return connection.execute(query).fetchall()

    if lines is not None and not odd_in(lines, texts | OF_LINES):
        return
    if not (found := odd_in(path, texts)):  # a line was cut within a text, if it was found in some lines
        return
    column, value = next(each for each in zip(tests, found[0], strict=True) if each[1] is not None)
    before, wider = WIDER[kinds[column]]
    message = f"'{name}', column '{column}': '{value[:100]}' comes after {before} in the first {sample:,} rows alone."
    wider = "VARCHAR" if kinds[column] == "BIGINT" and ("thousands" in options or re.match(ZEROS, value)) else wider
    hint = f'sample_size: -1, or types: {{"{column}": "{wider}"}}'
    raise NodeError(message, code="mixed_types", value=value[:100], hint=hint)


def _test(column: str, kind: str, options: Mapping[str, Any]) -> str | None:
    """SQL for whether a text would lose something in its column; None where none can."""
    if kind == "DATE" and "dateformat" not in options:
        return f"(length({column}) > 10 AND regexp_matches({column}, '{TIME_OF_DAY}'))"
    if kind == "TIMESTAMP" and "timestampformat" not in options:
        return f"(length({column}) > 18 AND regexp_matches({column}, '{OFFSET}'))"
    other = ungrouped(column, options)
    if kind != "BIGINT":
        return other if kind == "DOUBLE" else None
    point, number = options["decimal_separator"], f"TRY_CAST({plain(column, options)} AS DOUBLE)"
    some = " OR ".join(f"contains({column}, '{each}')" for each in (point, "e", "E"))
    zeros = f"(starts_with({column}, '0') AND regexp_matches({column}, '{ZEROS}'))"  # those of a code, not of a number
    return f"(({some}) AND {number} <> floor({number}) OR {zeros}{f' OR {other}' if other else ''})"


def _is_longer(path: Path, rows: int) -> bool:
    """Whether a file may have more rows than so many: a row has a line or more."""
    with opened(path) as file:
        return next(islice(file, rows, None), None) is not None

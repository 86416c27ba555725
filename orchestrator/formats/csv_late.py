"""Values that come in a text file only after the rows that decided on its types, and that DuckDB would round or cut."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.encodings import opened
from orchestrator.formats.reading import read
from orchestrator.sql import quote


def check_late(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], kinds: Mapping[str, str],
    *, sample: int, name: str,
) -> None:  # fmt: skip
    """See that no column of whole numbers has a fraction, and none of days a time, behind the sample: another reading.

    Args:
        connection: reads.
        path: the file.
        options: of `read_csv`, with `columns`.
        kinds: the types that the sample has said, by column.
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
    query = f"SELECT {odd} {read('read_csv', path, texts)} WHERE {' OR '.join(tests.values())} LIMIT 1"
    if not (found := connection.execute(query).fetchall()):
        return
    column, value = next(each for each in zip(tests, found[0], strict=True) if each[1] is not None)
    before = "days" if kinds[column] == "DATE" else "whole numbers"
    message = f"'{name}', column '{column}': '{value[:100]}' comes after {before} in the first {sample:,} rows alone."
    hint = f'sample_size: -1, or types: {{"{column}": "{"TIMESTAMP" if before == "days" else "DOUBLE"}"}}'
    raise NodeError(message, code="mixed_types", value=value[:100], hint=hint)


def _test(column: str, kind: str, options: Mapping[str, Any]) -> str | None:
    """SQL for whether a text would lose something in its column; None where none can."""
    if kind == "DATE" and "dateformat" not in options:
        return f"(length({column}) > 10 AND regexp_matches({column}, '[T ].*[1-9]'))"
    if kind != "BIGINT":
        return None
    point = options["decimal_separator"]
    number = f"TRY_CAST(replace({column}, '{point}', '.') AS DOUBLE)"
    some = " OR ".join(f"contains({column}, '{each}')" for each in (point, "e", "E"))
    return f"(({some}) AND {number} <> floor({number}))"


def _is_longer(path: Path, rows: int) -> bool:
    """Whether a file may have more rows than so many: a row has a line or more."""
    with opened(path) as file:
        return next(islice(file, rows, None), None) is not None

"""Whether the dates of a CSV file are written in one order, as its sniffer says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.formats.reading import read
from orchestrator.sql import literal, quote


def mixed_dates(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], columns: Mapping[str, str], form: str
) -> list[str]:
    """The columns of dates that have others than those of this form among the rows that decide on the types.

    DuckDB's sniffer takes 13/02/2024 and 02/13/2024 for dates, each by a form of its own; its reader has one form.
    """
    dates = [name for name, kind in columns.items() if kind == "DATE"]
    given = {key: value for key, value in options.items() if key not in ("sample_size", "auto_type_candidates")}
    text = {**columns, **dict.fromkeys(dates, "VARCHAR")}
    rows = read("read_csv", path, {**given, "auto_detect": False, "columns": text})
    limit = f" LIMIT {options['sample_size']}" if options["sample_size"] >= 0 else ""
    tests = [f"count({quote(name)}) = count(try_strptime({quote(name)}, {literal(form)}))" for name in dates]
    fits = connection.execute(f"SELECT {', '.join(tests)} FROM ({rows}{limit})").fetchall()[0] if dates else ()
    return [name for name, right in zip(dates, fits, strict=True) if not right]

"""Calls of DuckDB's file readers as SQL."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.sql import literal, quote


def read(function: str, path: Path, options: Mapping[str, Any]) -> str:
    """`FROM function('path', key = value, …)` for one file; its folders' names make no columns."""
    return f"FROM {function}({arguments(path, {**options, 'hive_partitioning': False})})"


def pattern(path: Path) -> str:
    """A path as DuckDB's readers take it: a name with `*`, `?` or `[` in it means that one file."""
    return re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", str(path))


def arguments(path: Path, options: Mapping[str, Any]) -> str:
    """The arguments of `read_csv` and `sniff_csv` as SQL."""
    return ", ".join([literal(pattern(path)), *(f"{key} = {_value(value)}" for key, value in options.items())])


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Mapping():
            return "{" + ", ".join(f"{quote(key)}: {literal(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case _:
            return literal(str(value))

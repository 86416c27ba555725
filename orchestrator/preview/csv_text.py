"""Rows as CSV, written by DuckDB as a `data_writer` would: quoted where needed, null empty, empty text `""`."""

import re
from typing import TYPE_CHECKING

from duckdb import DuckDBPyRelation as Relation

from orchestrator.sql import quote

if TYPE_CHECKING:
    import pyarrow as pa

# Types whose text never needs quotes.
SAFE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN|DATE|TIME.*|UUID")


def header(table: Relation) -> bytes:
    """The first line."""
    names = ('"' + name.replace('"', '""') + '"' if needs_quotes(name) else name for name in table.columns)
    return (",".join(names) + "\n").encode()


def needs_quotes(text: str) -> bool:
    """Whether this text would not come back as it is."""
    return not text or text.startswith("#") or any(letter in text for letter in ',"\r\n')


def line(table: Relation) -> str:
    """SQL for a row as a line."""
    fields = (field(quote(name), str(kind)) for name, kind in zip(table.columns, table.types, strict=True))
    return f"concat_ws(',', {', '.join(fields)}) || chr(10)"


def field(sql: str, kind: str) -> str:
    """SQL for a value as text that may stand between two commas."""
    text = f"{sql}::VARCHAR"
    if SAFE.fullmatch(kind) and not kind.endswith("]"):
        return f"coalesce({text}, '')"
    quoted = f"""'"' || replace({text}, '"', '""') || '"'"""
    needs = f"""{text} = '' OR regexp_matches({text}, '[,"\\r\\n]|^#')"""
    return f"CASE WHEN {text} IS NULL THEN '' WHEN {needs} THEN {quoted} ELSE {text} END"


def text(lines: "pa.Array") -> bytes:
    """What is in a column of text, end to end, without a copy of each value."""
    import numpy as np

    _, ends, data = lines.buffers()
    places = np.frombuffer(ends, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(memoryview(data)[places[0] : places[-1]]) if len(lines) else b""

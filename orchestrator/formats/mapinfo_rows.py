"""The rows of a `.mid`, the table beside a `.mif`: how many, and whether the last is whole."""

import re
from pathlib import Path

from orchestrator.formats.base import Relation
from orchestrator.formats.cut_short import cut_short, tail
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote

DELIMITER = re.compile(rb'^\s*Delimiter\s+"(.)"', re.MULTILINE | re.IGNORECASE)


def check_rows(table: Relation, mif: Path, mid: Path, name: str) -> None:
    """See that the table has all rows of the `.mid`, and that its last line does not end within a value.

    Raises:
        NodeError: `unreadable_file`.
    """
    counted = _records(mid)
    (found,) = table.count("*").fetchall()[0]
    if found < counted:
        raise cut_short(name, f"it has {found:,} shapes, and the .mid has {counted:,} rows")
    end = tail(mid, 8)
    if not found or end.endswith((b"\n", b"\r")):
        return
    with mif.open("rb") as file:
        said = DELIMITER.search(file.read(1 << 16))
    if end.endswith(said[1] if said else b"\t") or _is_half_a_time(table, found):
        raise cut_short(name, "the last line of its .mid has no line end, and no last value")


def _is_half_a_time(table: Relation, count: int) -> bool:
    """Whether the last value of the last row should be a date or time: one that has too few digits is read as null."""
    column, kind = [(name, kind) for name, kind in names(table).items() if not is_geometry(kind)][-1]
    if not kind.startswith(("DATE", "TIME")):
        return False
    return table.limit(1, count - 1).project(quote(column)).fetchall() == [(None,)]


def _records(path: Path) -> int:
    """The rows of a `.mid`: a text in quotes may go on in the next line."""
    count, within = 0, False
    with path.open("rb") as file:
        for line in file:
            within ^= line.count(b'"') % 2 == 1
            count += not within and not line.isspace()
    return count

"""Sheets: read by calamine, written by openpyxl."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.excel_cells import Cells
from orchestrator.formats.python_values import values
from orchestrator.formats.streams import batches
from orchestrator.ops.base import Relation
from orchestrator.suggest import listing, near

LARGEST = 4 << 30


def _workbook(path: Path, name: str) -> Any:
    import python_calamine

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if sum(each.file_size for each in packed.infolist()) > LARGEST:
                raise NodeError(f"'{name}' is larger than {LARGEST >> 30} GiB unpacked.", code="too_large")
    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError:
        raise NodeError(f"'{name}' is protected by a password.", code="unreadable_file") from None
    except Exception:
        raise NodeError(f"'{name}' is not an Excel workbook.", code="unreadable_file") from None


def sheets(path: Path, name: str) -> list[str]:
    """The names of a workbook's sheets, in order."""
    return list(_workbook(path, name).sheet_names)


def read(path: Path, name: str, wanted: str | int | None, *, trimmed: bool) -> list[list[Any]]:
    """The cells of a sheet, an empty one as `""`; if `trimmed`, without empty rows and columns before the first value.

    Raises:
        NodeError: `unreadable_file`, `unknown_sheet`.
    """
    book = _workbook(path, name)
    known = list(book.sheet_names)
    if not known:
        raise NodeError(f"'{name}' has no sheet.", code="unreadable_file")
    if isinstance(wanted, int) and not 0 <= wanted < len(known):
        message = f"'{name}' has {len(known)} sheets, counted from 0: {wanted} is none of them."
        raise NodeError(message, code="unknown_sheet", path="/config/sheet")
    chosen = wanted if isinstance(wanted, str) else known[wanted or 0]
    if chosen not in known:
        message = f"Sheet '{chosen}' is not in '{name}'.{near(chosen, known)}"
        raise NodeError(message, code="unknown_sheet", path="/config/sheet", hint=listing(known))
    try:
        rows: list[list[Any]] = book.get_sheet_by_name(chosen).to_python(skip_empty_area=trimmed)
    except Exception:
        raise NodeError(f"Sheet '{chosen}' of '{name}' cannot be read.", code="unreadable_file") from None
    return rows


def write(table: Relation, path: Path, sheet: str, *, header: bool, most: int, log: Callable[[str, str], None]) -> int:
    """A workbook of one sheet; returns its rows. What is not there when it is read again is told to `log`.

    Raises:
        NodeError: `too_large`, `text_too_long`, `invalid_value`.
    """
    import openpyxl
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.Workbook(write_only=True)
    made, count = book.create_sheet(sheet), 0
    cells = Cells(made)
    try:
        if header:
            made.append(cells.row(table.columns))
        with batches(table, 10_000) as (_, parts):
            for batch in parts:
                count += batch.num_rows
                if count > most:
                    message = f"An Excel sheet holds {most:,} rows, and there are more."
                    raise NodeError(message, code="too_large", port="table", hint="write csv or parquet")
                for row in zip(*values(batch), strict=True):
                    made.append(cells.row(row))
    except IllegalCharacterError:
        message = "A text holds a control character, which Excel cannot store."
        raise NodeError(message, code="invalid_value", port="table") from None
    finally:
        made.close()
    book.save(path)
    cells.tell(log)
    return count

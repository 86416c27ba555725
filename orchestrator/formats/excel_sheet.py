"""Sheets: read by calamine, written by openpyxl."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.streams import batches
from orchestrator.ops.base import Relation
from orchestrator.suggest import listing, near

LARGEST = 4 << 30
LONGEST_TEXT = 32_767
EXACT = 10**15
FIRST_DAY = dt.date(1900, 3, 1)
ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})


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


def read(path: Path, name: str, wanted: str | int | None, corners: tuple[int, int, int, int] | None) -> list[list[Any]]:
    """The cells of a sheet, an empty one as `""`.

    Raises:
        NodeError: `unreadable_file`, `unknown_layer`.
    """
    book = _workbook(path, name)
    known = list(book.sheet_names)
    if not known:
        raise NodeError(f"'{name}' has no sheet.", code="unreadable_file")
    if isinstance(wanted, int) and wanted >= len(known):
        message = f"'{name}' has {len(known)} sheets, and {wanted} is beyond the last (counted from 0)."
        raise NodeError(message, code="unknown_sheet", path="/config/sheet")
    chosen = wanted if isinstance(wanted, str) else known[wanted or 0]
    if chosen not in known:
        message = f"Sheet '{chosen}' is not in '{name}'.{near(chosen, known)}"
        raise NodeError(message, code="unknown_sheet", path="/config/sheet", hint=listing(known))
    try:
        rows: list[list[Any]] = book.get_sheet_by_name(chosen).to_python(skip_empty_area=corners is None)
    except Exception:
        raise NodeError(f"Sheet '{chosen}' of '{name}' cannot be read.", code="unreadable_file") from None
    if corners:
        top, left, bottom, right = corners
        rows = [row[left : right + 1] for row in rows[top : bottom + 1]]
    return rows


def write(table: Relation, path: Path, sheet: str, header: bool, most: int) -> int:
    """A workbook of one sheet; returns its rows.

    Raises:
        NodeError: `too_large`, `text_too_long`, `invalid_value`.
    """
    import openpyxl
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.Workbook(write_only=True)
    made, count = book.create_sheet(sheet), 0
    cells = _Cells(made)
    try:
        if header:
            made.append([cells.of(name) for name in table.columns])
        for batch in batches(table, 10_000)[1]:
            count += batch.num_rows
            if count > most:
                message = f"An Excel sheet holds {most:,} rows, and there are more."
                raise NodeError(message, code="too_large", port="table", hint="write csv or parquet")
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                made.append([cells.of(value) for value in row])
    except IllegalCharacterError:
        message = "A text holds a control character, which Excel cannot store."
        raise NodeError(message, code="invalid_value", port="table") from None
    finally:
        made.close()
    book.save(path)
    return count


class _Cells:
    """Values as Excel stores them; text stays text, also where it looks like a formula or an error."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet

    def of(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and abs(value) >= EXACT:
            return str(value)
        if isinstance(value, dt.date) and (value.date() if isinstance(value, dt.datetime) else value) < FIRST_DAY:
            return str(value)
        return value

    def _text(self, value: str) -> Any:
        if len(value) > LONGEST_TEXT:
            message = f"A text of {len(value):,} letters does not fit: a cell of Excel holds {LONGEST_TEXT:,}."
            raise NodeError(message, code="text_too_long", port="table", value=value[:50])
        if not value.startswith("=") and value not in ERRORS:
            return value
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.sheet, value)
        cell.data_type = "s"
        return cell

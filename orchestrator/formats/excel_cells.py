"""Values as the cells of a workbook hold them."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

from orchestrator.errors import NodeError

LONGEST_TEXT = 32_767
EXACT = 10**15
FIRST_DAY = dt.date(1900, 3, 1)
ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class Cells:
    """What is written for a value; text stays text, also where it looks like a formula, an error or a number.

    What does not come back is counted: times that were cut, as Excel's have milliseconds, and rows without a value that
    have no other row above or below.
    """

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.cut = self.lost = self.blank = 0
        self.begun = False

    def row(self, values: Sequence[Any]) -> list[Any]:
        """What is written for a row, the header's too."""
        if all(value is None or value == "" for value in values):
            self.blank += 1
        else:
            self.lost += 0 if self.begun else self.blank
            self.begun, self.blank = True, 0
        return [self.of(value) for value in values]

    def tell(self, log: Callable[[str, str], None]) -> None:
        """Say how much of it there was."""
        if lost := self.lost + self.blank:
            log("warning", f"Rows at an end that hold no value ({lost:,}) are no part of a sheet: they are lost.")
        if self.cut:
            log("warning", f"Times finer than a millisecond ({self.cut:,}) are cut: Excel has no finer ones.")

    def of(self, value: Any) -> Any:
        """The same value, or what a cell holds of it; raises NodeError for a text that is too long."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, float):
            # The library writes 16 digits, and a double may need 17.
            return value if float(f"{value:.16g}") == value else self._cell(repr(value), "n")
        if isinstance(value, int):
            return str(value) if abs(value) >= EXACT else value
        if isinstance(value, dt.date) and (value.date() if isinstance(value, dt.datetime) else value) < FIRST_DAY:
            return str(value)
        if isinstance(value, dt.datetime | dt.time) and value.microsecond % 1000:
            self.cut += 1
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        return value

    def _text(self, value: str) -> Any:
        if len(value) > LONGEST_TEXT:
            message = f"A text of {len(value):,} letters does not fit: a cell of Excel holds {LONGEST_TEXT:,}."
            raise NodeError(message, code="text_too_long", port="table", value=value[:50])
        if "_x" in value:
            value = ESCAPED.sub("_x005F_", value)
        return self._cell(value, "s") if value.startswith("=") or value in ERRORS else value

    def _cell(self, value: str, kind: str) -> Any:
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.sheet, value)
        cell.data_type = kind
        return cell

"""Values that come late in a file of JSON objects, and of which their column would make others without a word."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.formats.text_types import TIME_OF_DAY
from orchestrator.sql import literal

WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)")
NUMBER = "TRY_CAST({0} AS DOUBLE)"
CHANGES = {
    "whole numbers": f"({NUMBER} <> floor({NUMBER}) OR {{0}} IN ('true', 'false'))",
    "days": f"regexp_matches({{0}}, '{TIME_OF_DAY}')",
}
HINTS = {
    "whole numbers": r"regexp_matches(json::VARCHAR, '\d[.eE]|true|false')",
    "days": r"regexp_matches(json::VARCHAR, '\d[T ]\d')",
}
AT_TOP = "list_has_any(json_type(json, [{}]), ['DOUBLE', 'BOOLEAN'])"


@dataclass(frozen=True)
class Leaf:
    """Where single values are in a record, what the column takes there, and whether there are `many` in a record."""

    column: str
    place: str
    takes: str
    many: bool = False

    @property
    def hint(self) -> str:
        """SQL, with the places, for whether there can be one that the column would change."""
        return AT_TOP if (self.takes, self.place[0]) == ("whole numbers", "/") else HINTS[self.takes]

    def changes(self) -> str:
        """SQL for whether the column would change a value of the record `json`."""
        if self.many:
            return f"list_bool_or(list_transform({self._value()}, lambda v: coalesce({self._changed('v')}, false)))"
        return self._changed(self._value())

    def first(self) -> str:
        """SQL for the first such value, as text."""
        if self.many:
            return f"list_filter({self._value()}, lambda v: coalesce({self._changed('v')}, false))[1]"
        return self._value()

    def told(self, value: str) -> str:
        """The start of a sentence on this value."""
        return f"Column '{self.column}' has {value}{' inside' if self.place.startswith('$') else ''}"

    def _value(self) -> str:
        return f"json_extract_string(json, {literal(self.place)})"

    def _changed(self, value: str) -> str:
        return CHANGES[self.takes].format(value)


def leaves(column: str, kind: Any) -> Iterator[Leaf]:
    """The places in a column of this type at which a value can be changed."""
    if takes := _takes(kind):
        pointer = f"/{column.replace('~', '~0').replace('/', '~1')}"
        yield Leaf(column, pointer, takes)
    elif '"' not in column:
        yield from _inside(column, kind, f"$.{json.dumps(column, ensure_ascii=False)}", many=False)


def _inside(column: str, kind: Any, place: str, *, many: bool) -> Iterator[Leaf]:
    if kind.id in ("list", "map"):
        step = "[*]" if kind.id == "list" else ".*"
        yield from _inside(column, kind.children[-1][1], place + step, many=True)
    elif kind.id == "struct":
        for key, each in kind.children:
            if '"' not in key:
                yield from _inside(column, each, f"{place}.{json.dumps(key, ensure_ascii=False)}", many=many)
    elif takes := _takes(kind):
        yield Leaf(column, place, takes, many)


def _takes(kind: Any) -> str:
    return "whole numbers" if WHOLE.fullmatch(str(kind)) else "days" if str(kind) == "DATE" else ""

"""Fields of delimited text as they are written, where DuckDB's writer does not say all: null beside empty text."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from orchestrator.errors import NodeError
from orchestrator.ops.base import Relation
from orchestrator.sql import literal, quote

BARE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*|DATE|TIME.*|BOOLEAN|UUID")
IN_BARE = re.compile(r"[\w+\-.: ()]")
TORN = "a text with a delimiter or a line end in it is written without quotes"


@dataclass(frozen=True)
class Marks:
    """What a field is written with; without a `quote` a text that needs one is an error that says `TORN`."""

    delimiter: str
    quote: str
    escape: str
    null: str

    def rows(self, table: Relation, *, header: bool) -> Relation:
        """All columns as text that is a field already, their names too."""
        kinds = zip(table.columns, map(str, table.types), strict=True)
        fields = [
            f"{self._field(name, kind)} AS {quote(self._named(name) if header else name)}" for name, kind in kinds
        ]
        return table.project(", ".join(fields))

    def _field(self, name: str, kind: str) -> str:
        text = f"{quote(name)}::VARCHAR"
        if not self.quote:
            torn = f"{self._odd(text)} THEN error({literal(TORN + ': ' + name)})"
            return f"CASE WHEN {text} IS NULL THEN {literal(self.null)} WHEN {torn} ELSE {text} END"
        special = self.delimiter[0] + self.quote
        bare = BARE.fullmatch(kind) and not IN_BARE.search(special)
        odd = f"{text} = {literal(self.null)}" if bare else f"{text} IN ('', {literal(self.null)}) OR {self._odd(text)}"
        inside = text if self.escape == self.quote else self._escaped(text, self.escape)
        quoted = f"concat({literal(self.quote)}, {self._escaped(inside, self.quote)}, {literal(self.quote)})"
        return f"CASE WHEN {text} IS NULL THEN {literal(self.null)} WHEN {odd} THEN {quoted} ELSE {text} END"

    def _odd(self, text: str) -> str:
        return " OR ".join(f"contains({text}, chr({ord(mark)}))" for mark in self._special())

    def _special(self) -> str:
        return "\n\r" + self.delimiter[0] + (f"{self.quote}#" if self.quote else "")

    def _escaped(self, text: str, mark: str) -> str:
        return f"replace({text}, {literal(mark)}, {literal(self.escape + mark)})"

    def _named(self, name: str) -> str:
        odd = name == self.null or any(mark in name for mark in self._special())
        if not self.quote or not odd:
            return name
        inside = name if self.escape == self.quote else name.replace(self.escape, self.escape * 2)
        return f"{self.quote}{inside.replace(self.quote, self.escape + self.quote)}{self.quote}"


@contextmanager
def whole() -> Iterator[None]:
    """Say of which column a text cannot be written without a quote.

    Raises:
        NodeError: `invalid_value`.
    """
    try:
        yield
    except duckdb.InvalidInputException as error:
        _, torn, name = str(error).partition(f"{TORN}: ")
        if not torn:
            raise
        message = f"Column '{name.strip()}' has a text with a delimiter or a line end in it, and there is no quote."
        hint = "set quote, or escapes: backslash"
        raise NodeError(message, code="invalid_value", path="/config/quote", hint=hint) from None

"""Structured conditions, as FME's Tester has them: a column, an operator and a value, without SQL."""

import math
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.expressions import connection
from orchestrator.ops._rows import short
from orchestrator.ops._types import NULL, NUMERIC, family, plain
from orchestrator.ops.settings import Column, as_text, invalid
from orchestrator.patterns import wrong
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, quote
from orchestrator.suggest import listing, near

Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "in", "not_in", "between",
    "contains", "not_contains", "starts_with", "ends_with", "matches",
    "is_null", "is_not_null", "is_empty", "is_not_empty", "has_value", "type_is",
]  # fmt: skip
TEXT = {
    "contains": "contains({column}, {value})",
    "not_contains": "NOT contains({column}, {value})",
    "starts_with": "starts_with({column}, {value})",
    "ends_with": "suffix({column}, {value})",
    "matches": "regexp_matches({column}, {value}, '{flags}')",
}
STATES = {
    "is_null": "{column} IS NULL",
    "is_not_null": "{column} IS NOT NULL",
    "is_empty": "{column}::VARCHAR = ''",
    "is_not_empty": "{column}::VARCHAR <> ''",
    "has_value": "{column}::VARCHAR <> ''",
}
TYPES = {
    "integer": r"regexp_full_match({column}, '\s*[+-]?\d+\s*') AND TRY_CAST({column} AS BIGINT) IS NOT NULL",
    "number": "isfinite(TRY_CAST({column} AS DOUBLE))",
    "date": r"regexp_full_match({column}, '\s*[\d/-]+\s*') AND TRY_CAST({column} AS DATE) IS NOT NULL",
    "timestamp": "isfinite(TRY_CAST({column} AS TIMESTAMP))",
    "boolean": "TRY_CAST({column} AS BOOLEAN) IS NOT NULL",
}
ORDERED = frozenset({"<", "<=", ">", ">=", "between"})
NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
DAY = re.compile(r"\s*\d{4,}-\d\d?-\d\d?\s*")


class Clause(BaseModel):
    """One test of a column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Column = Field(description="The column to test.", examples=["region"])
    operator: Operator = Field(
        description="How; `between` is inclusive, `matches` a regular expression, `has_value` neither null nor empty, "
        f"`type_is` what a text can be cast to: {', '.join(f'`{each}`' for each in TYPES)}.",
        examples=["="],
    )
    value: Any = Field(
        None, description="What with; a list for `in` and `not_in`, two values for `between`.", examples=["north"]
    )
    ignore_case: bool = Field(False, description="Whether `North` is `north`; of columns of text.")

    @model_validator(mode="after")
    def _value_fits(self) -> "Clause":
        if self.operator in STATES:
            if self.value is not None:
                raise invalid(f"'{self.operator}' takes no value.", "value")
        elif self.value is None:
            raise invalid(f"'{self.operator}' needs a value; to look for null use is_null.", "value")
        elif self.operator in ("in", "not_in") and not isinstance(self.value, list):
            raise invalid(f"'{self.operator}' needs a list of values.", "value")
        elif self.operator == "between" and not (isinstance(self.value, list) and len(self.value) == 2):
            raise invalid("'between' needs a list of two values: the least and the greatest.", "value")
        elif self.operator not in ("in", "not_in", "between") and isinstance(self.value, list | dict):
            raise invalid(f"'{self.operator}' needs one value, not a list.", "value")
        elif self.operator == "type_is" and self.value not in TYPES:
            raise invalid(f"'type_is' takes one of {listing(TYPES)}.{near(as_text(self.value), TYPES)}", "value")
        return self

    def sql(self, kind: str, place: str) -> str:
        """The test over a column of this type; null where the column is null. `place` is the clause's JSON pointer.

        Raises:
            NodeError: `type_mismatch` where the value or the operator does not fit the type.
        """
        column = quote(self.column)
        if self.operator in STATES:
            return STATES[self.operator].format(column=column) if not is_geometry(kind) else self._state(column)
        if is_geometry(kind):
            with at(f"{place}/operator"):
                message = f"Column '{self.column}' is a geometry; '{self.operator}' is for other columns."
                raise NodeError(message, code="type_mismatch")
        if self.operator == "type_is":
            return self._type_test(column, kind, place)
        with at(f"{place}/value"):
            if self.operator in TEXT:
                return self._search(f"{column}::VARCHAR")
            self._same_order(kind)
            return self._comparison(self._folded(column) if kind == "VARCHAR" else column, kind, place)

    def _same_order(self, kind: str) -> None:
        """Of text 9 is more than 10, which nobody means who writes a number."""
        if kind != "VARCHAR" or self.operator not in ORDERED:
            return
        values = self.value if isinstance(self.value, list) else [self.value]
        number = next((each for each in values if isinstance(each, int | float) and not isinstance(each, bool)), None)
        if number is not None:
            message = (
                f"Column '{self.column}' is text, and {short(number)} a number. "
                f"Cast the column first; to compare letters, write '{short(number)}' as text."
            )
            raise NodeError(message, code="type_mismatch")

    def _state(self, column: str) -> str:
        return f"{column} IS NULL" if self.operator in ("is_null", "is_empty") else f"{column} IS NOT NULL"

    def _type_test(self, column: str, kind: str, place: str) -> str:
        if family(kind) != "text" and kind != NULL:
            with at(f"{place}/operator"):
                message = f"Column '{self.column}' is {plain(kind)}; 'type_is' asks what a text can be cast to."
                raise NodeError(message, code="type_mismatch")
        return TYPES[self.value].format(column=f"{column}::VARCHAR")

    def _search(self, column: str) -> str:
        if self.operator == "matches":
            pattern = literal(regular(as_text(self.value)))
            return TEXT["matches"].format(column=column, value=pattern, flags="i" if self.ignore_case else "c")
        value = literal(as_text(self.value))
        return TEXT[self.operator].format(column=self._folded(column), value=self._folded(value))

    def _folded(self, text: str) -> str:
        return f"lower({text})" if self.ignore_case else text

    def _comparison(self, column: str, kind: str, place: str) -> str:
        if self.operator == "between":
            low, high = self._literals(kind, place)
            return f"{column} BETWEEN {low} AND {high}"
        if self.operator in ("in", "not_in"):
            word, empty = ("NOT IN", "true") if self.operator == "not_in" else ("IN", "false")
            values = ", ".join(self._literals(kind, place))
            return f"{column} {word} ({values})" if values else f"{column} IS NOT NULL AND {empty}"
        return f"{column} {self.operator} {self._literal(self.value, kind)}"

    def _literals(self, kind: str, place: str) -> list[str]:
        made = []
        for index, value in enumerate(self.value):
            with at(f"{place}/value/{index}"):
                made.append(self._literal(value, kind))
        return made

    def _literal(self, value: Any, kind: str) -> str:
        made = typed(value, kind, self.column)
        return self._folded(made) if kind == "VARCHAR" else made


def regular(pattern: str) -> str:
    """The regular expression (RE2), if it is one.

    Raises:
        NodeError: `invalid_config`.
    """
    if message := wrong(pattern):
        raise NodeError(message, code="invalid_config")
    return pattern


def typed(value: Any, kind: str, column: str) -> str:
    """A value as an SQL literal that compares with a column of this type without loss.

    Raises:
        NodeError: `type_mismatch`.
    """
    text = as_text(value)
    if NUMERIC.fullmatch(kind) and not isinstance(value, bool):
        if NUMBER.fullmatch(text) and math.isfinite(float(text)):
            return f"({text.strip()})"
    elif kind in ("VARCHAR", NULL):
        return literal(text)
    else:
        wanted = "TIMESTAMP" if kind == "DATE" and not DAY.fullmatch(text) else kind
        tried = connection().cursor().sql(f"SELECT TRY_CAST({literal(text)} AS {wanted})")
        if tried.fetchall() != [(None,)]:
            return f"CAST({literal(text)} AS {wanted})"
    raise NodeError(f"Column '{column}' is {plain(kind)}; {short(value)} is not one.", code="type_mismatch")

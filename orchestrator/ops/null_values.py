"""`null_values`: FME's NullAttributeMapper."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._clauses import typed
from orchestrator.ops._constants import constant, fits
from orchestrator.ops._rows import short
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote

STATES = {
    "null": "{column} IS NULL",
    "empty": "{column}::VARCHAR = ''",
    "blank": r"regexp_full_match({column}::VARCHAR, '[\s\p{{Z}}]*')",
}


class NullValues(Op):
    """Turn null, empty text, blank text or given values into one of null, empty text or a value.

    Text is compared letter by letter, blanks too, unless `ignore_case` is set; numbers as numbers: -999 is -999.0.
    Blank text is nothing but white space, or empty. Columns and their types stay. Without `columns` all are looked at,
    and those that cannot hold the new value, such as numbers for an empty text, stay as they are; columns that are
    named must be able to. FME's `missing` has no counterpart: in a table every row has every column.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"states": ["blank"], "values": ["n/a", -999], "to": "null"}

    columns: list[Column] = Field([], description="The columns; if empty, all.", examples=[["region"]])
    states: list[Literal["null", "empty", "blank"]] = Field(
        [], description="What to replace, besides `values`.", examples=[["empty"]]
    )
    values: list[Any] = Field([], max_length=1000, description="Values to replace.", examples=[["n/a", -999]])
    to: Literal["null", "empty", "value"] = Field("null", description="What to put there.")
    value: Any = Field(None, description="The value, where `to` is `value`.", examples=[0])
    ignore_case: bool = Field(False, description="Whether `N/A` is `n/a`.")

    @model_validator(mode="after")
    def _something(self) -> "NullValues":
        unique((name, ("columns", index)) for index, name in enumerate(self.columns))
        if not self.states and not self.values:
            raise invalid("Say what to replace: 'states' or 'values'.", "states")
        for index, each in enumerate(self.values):
            if each is None or isinstance(each, list | dict):
                raise invalid(
                    "A value is a text, a number, true or false; for null there is 'states'.", "values", index
                )
        if (self.to == "value") != (self.value is not None):
            raise invalid(f"'{self.to}' {'needs a' if self.to == 'value' else 'takes no'} value.", "value")
        return self

    def run(self, table: Annotated[Relation, "The rows to change."]) -> Relation:
        """One CASE a column."""
        kinds = names(table)
        chosen = {name: kinds[name] for name in self.columns} if self.columns else self._able(kinds)
        self._check_values(chosen)
        made = {name: self._changed(name, kind) for name, kind in chosen.items()}
        return table.project(", ".join(f"{made[n]} AS {quote(n)}" if n in made else quote(n) for n in kinds))

    def _new(self) -> Any:
        return "" if self.to == "empty" else self.value

    def _able(self, kinds: Mapping[str, str]) -> dict[str, str]:
        able = {name: kind for name, kind in kinds.items() if self.to == "null" or fits(self._new(), kind)}
        return {name: kind for name, kind in able.items() if not is_geometry(kind)}

    def _check_values(self, chosen: Mapping[str, str]) -> None:
        for index, value in enumerate(self.values):
            if chosen and not any(_comparable(value, kind) for kind in chosen.values()):
                message = f"{short(value)} is a value of none of the columns {', '.join(chosen)}."
                raise NodeError(message, code="type_mismatch", path=f"/config/values/{index}")

    def _changed(self, name: str, kind: str) -> str:
        column, text = quote(name), family(kind) == "text"
        if is_geometry(kind):
            message = f"Column '{name}' is {plain(kind)}, which has no values to replace."
            raise NodeError(message, code="type_mismatch", path=f"/config/columns/{self.columns.index(name)}")
        with at("/value" if self.to == "value" else "/to"):
            new = "NULL" if self.to == "null" else constant(self._new(), kind, name)
        states = [state for state in self.states if text or state == "null"]
        tests = [STATES[state].format(column=column) for state in states]
        fold = "lower({})" if self.ignore_case and text else "{}"
        values = [fold.format(typed(value, kind, name)) for value in self.values if _comparable(value, kind)]
        if values:
            tests.append(f"{fold.format(column)} IN ({', '.join(values)})")
        return f"CASE WHEN {' OR '.join(tests)} THEN {new} ELSE {column} END" if tests else column


def _comparable(value: Any, kind: str) -> bool:
    try:
        typed(value, kind, "")
    except NodeError:
        return False
    return not (kind == NULL or is_geometry(kind))

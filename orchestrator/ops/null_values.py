"""`null_values`: FME's NullAttributeMapper."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._clauses import typed
from orchestrator.ops._constants import constant, fits, kind_of
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._rows import short
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote
from orchestrator.suggest import listing, near

STATES = {
    "null": "{column} IS NULL",
    "empty": "{column}::VARCHAR = ''",
    "blank": r"regexp_full_match({column}::VARCHAR, '[\s\p{{Z}}]*')",
}


class NullValues(Op):
    """Turn null, empty text, blank text, given values or a missing column into one of null, empty text or a value.

    Text is compared letter by letter, blanks too, unless `ignore_case` is set; numbers as numbers: -999 is -999.0.
    Blank text is nothing but white space, or empty. Columns and their types stay. Without `columns` all are looked at,
    and those that cannot hold the new value, such as numbers for an empty text, stay as they are; columns that are
    named must be able to. With `missing`, those in `columns` that the table does not have are added behind the others,
    with the new value in every row: of the value's own type, or text for null and empty. No value becomes missing: a
    column is there for all rows or for none. `null` says that a row has no value, `select_columns` removes a column for
    all rows, and `filter` keeps the rows that have a value apart.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"states": ["blank"], "values": ["n/a", -999], "to": "null"}

    columns: list[Column] = Field(
        [], description="The columns; if empty, all. `missing` needs names.", examples=[["region"]]
    )
    states: list[Literal["null", "empty", "blank", "missing"]] = Field(
        [], description="What to replace, besides `values`.", examples=[["empty"]]
    )
    values: list[Any] = Field([], max_length=1000, description="Values to replace.", examples=[["n/a", -999]])
    to: Literal["null", "empty", "value"] = Field("null", description="What to put there.")
    value: Any = Field(None, description="The value, where `to` is `value`.", examples=[0])
    ignore_case: bool = Field(False, description="Whether `N/A` is `n/a`.")

    @field_validator("to", mode="before")
    @classmethod
    def _there(cls, to: Any) -> Any:
        if to == "missing":
            raise invalid(
                "No value can become 'missing': a column is there for all rows or for none. Use 'null' here, "
                "select_columns to remove a column for all rows, or filter to part the rows that have a value."
            )
        return to

    @model_validator(mode="after")
    def _something(self) -> "NullValues":
        unique((name, ("columns", index)) for index, name in enumerate(self.columns))
        if not self.states and not self.values:
            raise invalid("Say what to replace: 'states' or 'values'.", "states")
        if "missing" in self.states and not self.columns:
            raise invalid("'missing' needs the names of the columns that the table shall have.", "columns")
        for index, each in enumerate(self.values):
            if each is None or isinstance(each, list | dict):
                raise invalid(
                    "A value is a text, a number, true or false; for null there is 'states'.", "values", index
                )
        if (self.to == "value") != (self.value is not None):
            raise invalid(f"'{self.to}' {'needs a' if self.to == 'value' else 'takes no'} value.", "value")
        return self

    @property
    def columns_named(self) -> list[tuple[str, str, str | None]]:
        """None where a column may be missing."""
        return [] if "missing" in self.states else super().columns_named

    def run(self, table: Annotated[Relation, "The rows to change."], context: Context) -> Relation:
        """One CASE a column; new columns come last."""
        kinds = names(table)
        made = self._replaced(kinds)
        terms = [f"{made[n]} AS {quote(n)}" if n in made else quote(n) for n in kinds]
        return table.project(", ".join([*terms, *self._added(kinds, context)]))

    def _replaced(self, kinds: Mapping[str, str]) -> dict[str, str]:
        """The SQL of each column that changes."""
        if self.states == ["missing"] and not self.values:
            return {}
        named = {name: kinds[name] for name in self.columns if name in kinds}
        chosen = named if self.columns else self._able(kinds)
        self._check_values(chosen)
        return {name: self._changed(name, kind) for name, kind in chosen.items()}

    def _added(self, kinds: Mapping[str, str], context: Context) -> list[str]:
        """The SQL of each column that the table does not have."""
        added = {name: index for index, name in enumerate(self.columns) if name not in kinds}
        check_new(kinds, ((name, f"/columns/{index}") for name, index in added.items()))
        for name, index in added.items() if context.design else ():
            self._doubt(name, index, kinds, context)
        with at("/value"):
            return [f"{constant(self._new(), kind_of([self._new()]), name)} AS {quote(name)}" for name in added]

    def _doubt(self, name: str, index: int, kinds: Mapping[str, str], context: Context) -> None:
        """Warn of a new column whose name may be a slip."""
        others = [other for other in kinds if other not in self.columns]
        if meant := near(name, others):
            message = f"Column '{name}' is not in this table, and is added.{meant}"
            context.warn(message, code="unknown_column", hint=listing(others), path=f"/config/columns/{index}")

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
        states = [state for state in STATES if state in self.states and (text or state == "null")]
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

"""The rules of `validate`: each a test of a column that SQL can make of a row."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._casts import castable, converted
from orchestrator.ops._clauses import regular, typed
from orchestrator.ops._impossible import check_possible
from orchestrator.ops._tested import boolean, check_steady
from orchestrator.ops._types import NULL, TypeName, family, plain
from orchestrator.ops.base import Relation
from orchestrator.ops.settings import Column, Expression, column_of, invalid
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote

# What each kind of rule needs, and what it may have besides.
SETTINGS: dict[str, tuple[set[str], set[str]]] = {
    "not_null": (set(), set()),
    "not_empty": (set(), set()),
    "has_value": (set(), set()),
    "type": ({"type"}, set()),
    "range": (set(), {"min", "max"}),
    "length": (set(), {"min", "max"}),
    "pattern": ({"pattern"}, set()),
    "values": ({"values"}, set()),
    "unique": (set(), {"together_with"}),
    "expression": ({"expression"}, set()),
    "reference": ({"reference"}, set()),
}


class Rule(BaseModel):
    """Something that must be so in every row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Column | None = Field(
        None, description="The column; every kind but `expression` needs one.", examples=["amount"]
    )
    kind: Literal[
        "not_null", "not_empty", "has_value", "type", "range", "length", "pattern", "values", "unique", "expression",
        "reference",
    ] = Field(
        description="What must be so. `not_empty`: no empty text; `has_value`: neither null nor empty; `type`: it "
        "converts; `range` and `length`: from `min` to `max`, both included; `values`: it is one of a list; `unique`: "
        "no other row has it; `reference`: it is in a column of the table `reference`.",
        examples=["range"],
    )  # fmt: skip
    name: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="What a broken rule is called; if left out, such as `amount range`.",
        examples=["amount is positive"],
    )
    type: TypeName | None = Field(
        None, description="For `type`: what it must convert to, as `cast` does.", examples=["DATE"]
    )
    min: Any = Field(None, description="The least value, or length in characters.", examples=[0])
    max: Any = Field(None, description="The greatest value, or length in characters.", examples=[100])
    pattern: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="A regular expression (RE2) that is found in the text; `^` and `$` hold it to the whole.",
        examples=["^[A-Z]{2}$"],
    )
    values: list[Any] | None = Field(None, description="The values that are allowed.", examples=[["CH", "AT"]])
    together_with: list[Column] = Field(
        [], description="Further columns that are `unique` together with it.", examples=[["region"]]
    )
    expression: Expression | None = Field(None, description="What must be true.", examples=["amount >= 0"])
    reference: column_of("reference") | None = Field(  # type: ignore[valid-type]
        None, description="Column of the table `reference`.", examples=["code"]
    )

    @model_validator(mode="after")
    def _sensible(self) -> "Rule":
        needed, allowed = SETTINGS[self.kind]
        for field in ("type", "min", "max", "pattern", "values", "together_with", "expression", "reference"):
            given = getattr(self, field) not in (None, [])
            if field in needed and not given:
                raise invalid(f"'{self.kind}' needs '{field}'.", field)
            if given and field not in needed | allowed:
                raise invalid(f"'{self.kind}' takes no '{field}'.", field)
        if self.kind in ("range", "length") and self.min is None and self.max is None:
            raise invalid(f"'{self.kind}' needs 'min', 'max' or both.", "min")
        if isinstance(self.min, int | float) and isinstance(self.max, int | float) and self.max < self.min:
            raise invalid("'max' is less than 'min': no value could pass.", "max")
        self._check_values()
        if self.expression:
            check_steady(self.expression, "expression")
        if (self.column is None) != (self.kind == "expression"):
            raise invalid(f"'{self.kind}' {'needs a' if self.column is None else 'takes no'} column.", "column")
        return self

    def _check_values(self) -> None:
        if self.kind == "length":
            for field, value in (("min", self.min), ("max", self.max)):
                if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                    raise invalid("A length is a whole number from 0.", field)
        for index, value in enumerate(self.values or ()):
            if value is None or isinstance(value, list | dict):
                raise invalid("A value is a text, a number, true or false; null is allowed anyway.", "values", index)

    @property
    def title(self) -> str:
        """What it is called where it is broken."""
        return self.name or (f"{self.column} {self.kind}" if self.column else self.expression or "")

    def sql(self, table: Relation, place: str, reference: str) -> str:
        """The test of a row: false where the rule is broken. `place` is its JSON pointer, `reference` that table's SQL.

        Raises:
            NodeError: `type_mismatch`, `invalid_config`, `invalid_expression`.
        """
        if self.column is None:
            with at(f"{place}/expression"):
                check_possible(self.expression or "", names(table))
                return boolean(f"(\n{self.expression}\n)", table)
        kind = names(table)[self.column]
        if is_geometry(kind) and self.kind not in ("not_null", "has_value", "type"):
            raise self._wrong(kind, "the rule is for other columns", place)
        x = quote(self.column)
        if self.kind == "unique":
            keys = [quote(name) for name in dict.fromkeys([self.column, *self.together_with])]
            null = " OR ".join(f"{key} IS NULL" for key in keys)
            return f"count(*) OVER (PARTITION BY {', '.join(keys)}) = 1 OR {null}"
        if self.kind == "reference":
            code = quote(self.reference or "")
            return f"{x} IN (SELECT {code} FROM {reference} r WHERE {code} IS NOT NULL) OR {x} IS NULL"
        return str(getattr(self, f"_{self.kind}")(x, kind, place))

    def _not_null(self, x: str, kind: str, place: str) -> str:
        return f"{x} IS NOT NULL"

    def _not_empty(self, x: str, kind: str, place: str) -> str:
        return f"{x}::VARCHAR <> ''"

    def _has_value(self, x: str, kind: str, place: str) -> str:
        return f"{x} IS NOT NULL" + ("" if is_geometry(kind) else f" AND {x}::VARCHAR <> ''")

    def _type(self, x: str, kind: str, place: str) -> str:
        if not castable(kind, self.type):
            raise self._wrong(kind, f"which cannot become {plain(self.type)}", f"{place}/type")
        return f"{converted(x, kind, self.type or kind)} IS NOT NULL OR {x} IS NULL"

    def _range(self, x: str, kind: str, place: str) -> str:
        if family(kind) not in ("number", "date", "TIME") and kind != NULL:
            raise self._wrong(kind, "a range is of numbers, dates or times", place)
        tests = [f"NOT isnan({x})"] if kind in ("FLOAT", "DOUBLE") else []
        for field, sign, value in (("min", ">=", self.min), ("max", "<=", self.max)):
            if value is not None:
                with at(f"{place}/{field}"):
                    tests.append(f"{x} {sign} {typed(value, kind, self.column or '')}")
        return " AND ".join(tests)

    def _length(self, x: str, kind: str, place: str) -> str:
        if family(kind) != "text" and kind != NULL:
            raise self._wrong(kind, "a length is of text", place)
        ends = ((">=", self.min), ("<=", self.max))
        return " AND ".join(f"length({x}::VARCHAR) {sign} {value}" for sign, value in ends if value is not None)

    def _pattern(self, x: str, kind: str, place: str) -> str:
        with at(f"{place}/pattern"):
            return f"regexp_matches({x}::VARCHAR, {literal(regular(self.pattern or ''))})"

    def _values(self, x: str, kind: str, place: str) -> str:
        made = []
        for index, value in enumerate(self.values or ()):
            with at(f"{place}/values/{index}"):
                made.append(typed(value, kind, self.column or ""))
        return f"{x} IN ({', '.join(made)})"

    def _wrong(self, kind: str, reason: str, place: str) -> NodeError:
        message = f"Column '{self.column}' is {plain(kind)}: {reason}."
        return NodeError(message, code="type_mismatch", path=f"/config{place}")

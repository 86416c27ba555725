"""`map_values`: FME's AttributeValueMapper."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._clauses import typed
from orchestrator.ops._constants import constant, kind_of
from orchestrator.ops._new_columns import check_new, replaced
from orchestrator.ops._types import NULL, TypeName, family, plain, storable
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, as_text, invalid
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote

# What values that are kept may become besides text: nothing is rounded.
WIDER = {"number": "DOUBLE", "date": "TIMESTAMP"}


class Entry(BaseModel):
    """A value, and what becomes of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: Any = Field(None, alias="from", description="The value; null stands for null.", examples=["north"])
    to: Any = Field(None, description="What becomes of it; null for null.", examples=["N"])

    @model_validator(mode="after")
    def _scalars(self) -> "Entry":
        for place, value in (("from", self.from_), ("to", self.to)):
            if isinstance(value, list | dict):
                raise invalid("A value is a text, a number, true, false or null.", place)
        return self


class MapValues(Op):
    """Look each value of a column up in a table, and put what stands there into a new column or the same.

    Text is compared letter by letter unless `ignore_case` is set; empty text and null are looked up like any value, so
    a null that is not listed is treated as the default says. Numbers are compared as numbers: 1 is 1.0. The result is
    of `result_type`; else of the column's type where the default keeps values; else true/false, a whole number, a
    number or text, whichever holds all values that can come out. For more than 1000 values join a table.
    """

    category: ClassVar[str] = "Columns"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {
        "column": "region",
        "mapping": [{"from": "north", "to": "N"}, {"from": "south", "to": "S"}, {"from": None, "to": "-"}],
        "default": "value",
        "default_value": "?",
        "name": "code",
    }

    column: Column = Field(description="The column to look up.", examples=["region"])
    mapping: list[Entry] = Field(
        min_length=1, max_length=1000, description="The table.", examples=[[{"from": "north", "to": "N"}]]
    )
    default: Literal["keep", "null", "value"] = Field("keep", description="What becomes of values not in the table.")
    default_value: Any = Field(None, description="The value, for the default `value`.", examples=["other"])
    name: NewColumn | None = Field(
        None, description="Name of the new column; if left out, the column itself changes.", examples=["code"]
    )
    result_type: TypeName | None = Field(None, description="Type of the result.", examples=["VARCHAR"])
    ignore_case: bool = Field(False, description="Whether `North` is `north`.")

    @model_validator(mode="after")
    def _told_apart(self) -> "MapValues":
        if (self.default == "value") != (self.default_value is not None):
            end = "needs one" if self.default == "value" else f"is for the default 'value', not '{self.default}'"
            raise invalid(f"'default_value' {end}.", "default_value")
        seen: set[str | None] = set()
        for index, each in enumerate(self.mapping):
            key = None if each.from_ is None else as_text(each.from_)
            key = key.lower() if key and self.ignore_case else key
            if key in seen:
                raise invalid("This value is in the table already.", "mapping", index, "from")
            seen.add(key)
        return self

    def run(self, table: Annotated[Relation, "The rows to look up."]) -> Relation:
        """One CASE; a new column comes last."""
        output, columns = self.name or self.column, [quote(name) for name in table.columns]
        term = f"{self._looked_up(names(table)[self.column])} AS {quote(output)}"
        if output == self.column:
            return storable(table.project(", ".join(replaced(columns, quote(self.column), [term]))))
        check_new(table.columns, [(output, "/name")])
        return storable(table.project(f"*, {term}"))

    def _looked_up(self, kind: str) -> str:
        """The value in SQL, from a column of this type."""
        if is_geometry(kind):
            message = f"Column '{self.column}' is a geometry, which cannot be looked up."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        column, output, made = quote(self.column), self.name or self.column, self._made(kind)
        text = family(kind) == "text"
        fold = "lower({})" if self.ignore_case and text else "{}"
        cases = []
        for index, each in enumerate(self.mapping):
            with at(f"/mapping/{index}/from"):
                test = "IS NULL"
                if each.from_ is not None:
                    test = f"= {fold.format(typed(each.from_, 'VARCHAR' if text else kind, self.column))}"
            with at(f"/mapping/{index}/to"):
                cases.append(f"WHEN {fold.format(column)} {test} THEN {constant(each.to, made, output)}")
        with at("/default_value"):
            rest = constant(self.default_value, made, output)
        return f"CASE {' '.join(cases)} ELSE {f'CAST({column} AS {made})' if self.default == 'keep' else rest} END"

    def _made(self, kind: str) -> str:
        """The type of the result."""
        if self.default != "keep":
            return self.result_type or kind_of([*(each.to for each in self.mapping), self.default_value])
        kind = "VARCHAR" if family(kind) == "text" or kind == NULL else kind
        made = self.result_type or kind
        if made not in (kind, "VARCHAR", WIDER.get(family(kind))):
            message = f"Values of '{self.column}' are kept, and are {plain(kind)}, which does not become {plain(made)}."
            raise NodeError(message, code="type_mismatch", path="/config/result_type")
        return made

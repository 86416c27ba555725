"""`cast`: FME's AttributeManager for types, and DateTimeConverter."""

from typing import Annotated, Any, ClassVar, NamedTuple

import duckdb
from pydantic import BaseModel, ConfigDict, Field, field_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._casts import castable, converted
from orchestrator.ops._dates import as_written
from orchestrator.ops._rejected import rejected, said
from orchestrator.ops._strptime import strptime
from orchestrator.ops._types import TypeName, family, plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, unique
from orchestrator.sql import literal, names, quote


class Conversion(BaseModel):
    """A column and its new type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Column = Field(description="The column.", examples=["day"])
    type: TypeName = Field(description="Its new type, as DuckDB names it.", examples=["DATE"])
    format: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="How dates and times are written in the text, in strftime's letters.",
        examples=["%d.%m.%Y %H:%M"],
    )

    def sql(self, kind: str, index: int) -> str:
        """The converted value, null where it cannot be.

        Raises:
            NodeError: `type_mismatch`, no value of the old type has a form in the new; `invalid_config`, a format where
                neither side is text.
        """
        column = quote(self.name)
        if not castable(kind, self.type):
            message = f"Column '{self.name}' is {plain(kind)}, which cannot become {plain(self.type)}."
            raise NodeError(message, code="type_mismatch", path=f"/config/columns/{index}/type")
        if self.format is None:
            return converted(column, kind, self.type)
        if family(kind) == "text" and (family(self.type) == "date" or self.type == "TIME"):
            text = f"{column}::VARCHAR"
            return f"TRY_CAST({as_written(text, strptime(text, self.format))} AS {self.type})"
        if family(kind) == "date" and self.type == "VARCHAR":
            return f"strftime({column}, {literal(self.format)})"
        message = f"A format is for text and dates; column '{self.name}' is {plain(kind)} and becomes {self.type}."
        raise NodeError(message, code="invalid_config")


class Sorted(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "Rows that convert."]
    rejected: Annotated[Relation, "Rows that do not, as they came, with `rejection_code` and `rejection_message`."]


class Cast(Op):
    """Give columns another type; rows with a value that does not convert are rejected.

    Null stays null. A number with decimals is rounded when it becomes a whole number; empty text is no number and no
    date. A list, struct or map converts if all inside of it does; of JSON that becomes a struct, fields that are not
    there or of another type are null.
    """

    category: ClassVar[str] = "Columns"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"columns": [{"name": "amount", "type": "DECIMAL(18,2)"}]}

    columns: list[Conversion] = Field(
        min_length=1, description="The columns to convert.", examples=[[{"name": "day", "type": "DATE"}]]
    )

    @field_validator("columns")
    @classmethod
    def _unique(cls, columns: list[Conversion]) -> list[Conversion]:
        unique((each.name, (index, "name")) for index, each in enumerate(columns))
        return columns

    def run(self, table: Annotated[Relation, "The rows to convert."]) -> Sorted:
        """Both outputs keep the order of the input."""
        made = self._conversions(table)
        bad = {name: f"({quote(name)} IS NOT NULL AND {value} IS NULL)" for name, value in made.items()}
        anything = " OR ".join(bad.values())
        columns = [f"{made[name]} AS {quote(name)}" if name in made else quote(name) for name in table.columns]
        messages = " ".join(f"WHEN {bad[each.name]} THEN {_message(each)}" for each in self.columns)
        return Sorted(
            table.filter(f"NOT ({anything})").project(", ".join(columns)),
            rejected(table.filter(anything), table.columns, "'cast_failed'", f"CASE {messages} END"),
        )

    def _conversions(self, table: Relation) -> dict[str, str]:
        kinds, made = names(table), {}
        for index, each in enumerate(self.columns):
            with at(f"/columns/{index}/{'format' if each.format else 'type'}"):
                made[each.name] = each.sql(kinds[each.name], index)
        try:
            table.project(", ".join(f"{value} AS {quote(name)}" for name, value in made.items()))
        except duckdb.Error:
            for index, each in enumerate(self.columns):
                with at(f"/columns/{index}/{'format' if each.format else 'type'}"):
                    table.project(f"{made[each.name]} AS made")
            raise
        return made


def _message(each: Conversion) -> str:
    end = f" does not read as {each.format}." if each.format else f" cannot become {plain(each.type)}."
    return said(each.name, f"{quote(each.name)}::VARCHAR", end)

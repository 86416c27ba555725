"""`pivot`: FME's AttributePivoter."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, UnknownColumns, at
from orchestrator.ops._aggregations import Aggregation, OfValues
from orchestrator.ops._clauses import typed
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._taken import Source
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn, ValueAlone, as_text, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote


class Value(BaseModel):
    """A value that becomes a column. In a list, a value alone stands for this object."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Any = Field(description="The value; null for rows without one.", examples=["north"])
    name: NewColumn | None = Field(
        None, description="Name of its column; if left out, the value.", examples=["amount_north"]
    )

    @model_validator(mode="after")
    def _one_value(self) -> "Value":
        if isinstance(self.value, list | dict):
            raise invalid("A value is a text, a number, true or false, or null.", "value")
        if self.name is None and self.value in (None, ""):
            raise invalid("The column of null, or of an empty text, needs a name.", "name")
        return self

    @property
    def output(self) -> str:
        """The name of its column."""
        return self.name or as_text(self.value)

    def test(self, kind: str, column: str) -> str:
        """Whether the column, which is of this type, has the value."""
        return f"{quote(column)} " + ("IS NULL" if self.value is None else f"= {typed(self.value, kind, column)}")


class Pivot(Op):
    """From long to wide: a column for each value of a column, one row for each group of rows.

    Each cell is computed of the rows of its group that have the value; where there is none it is null, and 0 for
    `count`. Nulls in `values_from` are skipped. Null is a group of its own, and a value that may be listed. Groups come
    in the order of their first rows; a group comes out too where none of its rows has a listed value. Without `values`
    the columns depend on the data: all values there are but null, in their order.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {
        "group_by": ["country"], "column": "region", "values_from": "amount", "function": "sum",
        "values": ["north", {"value": "south", "name": "south_amount"}],
    }  # fmt: skip

    group_by: list[Column] = Field(
        [], description="Rows that are equal in these become one; if empty, all rows.", examples=[["customer"]]
    )
    column: Column = Field(description="The column whose values become columns.", examples=["year"])
    values: list[Annotated[Value, ValueAlone()]] = Field(
        [],
        max_length=1000,
        description="The values, in the order of their columns; if empty, all that are found when it runs.",
        examples=[[2023, 2024]],
    )
    values_from: Column = Field("*", description="What to put there; `*` to count rows.", examples=["amount"])
    function: OfValues = Field("count", description="How several rows of a cell become one value.")
    max_columns: int = Field(200, ge=1, le=10_000, description="How many values may be found, without `values`.")

    @model_validator(mode="after")
    def _sensible(self) -> "Pivot":
        if self.values_from == "*" and self.function != "count":
            raise invalid(f"'{self.function}' needs a column; only 'count' takes '*'.", "values_from")
        groups = [(name, ("group_by", index)) for index, name in enumerate(self.group_by)]
        unique([*groups, *((each.output, ("values", index)) for index, each in enumerate(self.values))])
        return self

    @property
    def columns_named(self) -> list[tuple[str, str, str | None]]:
        """All but `*`, which is no column."""
        return [each for each in super().columns_named if each[1] != "*"]

    def run(self, table: Annotated[Relation, "The rows to spread."], context: Context) -> Relation:
        """A projection gives each value a column of its own; then one aggregation is made of all.

        Raises NodeError: `type_mismatch`; `no_rows`, `too_large`, `invalid_value` of the values that it finds.
        """
        kinds = names(table)
        if is_geometry(kinds[self.column]):
            message = f"Column '{self.column}' is a geometry, whose values cannot be columns."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        kind = kinds.get(self.values_from, "BOOLEAN")
        with at("/function"):
            Aggregation(function=self.function, column=self.values_from).sql(kind, "n")
        rows = Source(table, context)
        values = self.values or self._found(rows.table, context)
        cells = [Aggregation(function=self.function, column=f"c{n}").sql(kind, "n") for n in range(len(values))]
        results = [*(f"t.k{n} AS {quote(name)}" for n, name in enumerate(self.group_by))]
        results += [f"{cell} AS {quote(each.output)}" for cell, each in zip(cells, values, strict=True)]
        keys = ", ".join(f"t.k{n}" for n in range(len(self.group_by)))
        order = " ORDER BY min(t.n)" if keys and context.keep_order else ""
        by = f" GROUP BY {keys}" if keys else ""
        query = f"SELECT {', '.join(results)} FROM (SELECT {self._spread(rows, values)} FROM {rows.sql}) t{by}{order}"
        return context.session.connection.sql(query)

    def _spread(self, rows: Source, values: Sequence[Value]) -> str:
        """The keys, the row's number, and for each value a column that is null in rows which do not have it."""
        kind = names(rows.table)[self.column]
        value = "true" if self.values_from == "*" else quote(self.values_from)
        columns = [f"{quote(name)} AS k{n}" for n, name in enumerate(self.group_by)]
        for number, each in enumerate(values):
            with at(f"/values/{number}" if self.values else "/column"):
                columns.append(f"CASE WHEN {each.test(kind, self.column)} THEN {value} END AS c{number}")
        return ", ".join([*columns, f"{rows.number} AS n"])

    def _found(self, table: Relation, context: Context) -> list[Value]:
        """The values of the data.

        Raises:
            UnknownColumns: before it runs.
            NodeError: `too_large`, `invalid_value`, `no_rows`.
        """
        if context.design:
            raise UnknownColumns
        column = quote(self.column)
        distinct = f"SELECT DISTINCT {column} AS v FROM {context.session.name(table)} WHERE {column} IS NOT NULL"
        query = f"SELECT v::VARCHAR FROM ({distinct}) ORDER BY v LIMIT {self.max_columns + 1}"
        found = [text for (text,) in context.session.connection.sql(query).fetchall()]
        if len(found) > self.max_columns:
            message = f"'{self.column}' has more than {self.max_columns} values; list in 'values' those to take."
            raise NodeError(message, code="too_large", path="/config/max_columns")
        if not found and not self.group_by:
            message = f"'{self.column}' has no value here, and without 'group_by' no column would come out."
            raise NodeError(message, code="no_rows", path="/config/column")
        if "" in found:
            message = "An empty text cannot be a column's name: list it in 'values' with another."
            raise NodeError(message, code="invalid_value", path="/config/column")
        check_new(self.group_by, ((text, "/column") for text in found))
        return [Value(value=text, name=text) for text in found]

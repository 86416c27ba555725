"""`route_by_value`: FME's AttributeFilter."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._clauses import typed
from orchestrator.ops._routed import check_names, routed, with_outputs
from orchestrator.ops._types import family
from orchestrator.ops.base import Context, Op, Ports, Relation
from orchestrator.ops.settings import Column, PortName, ValueAlone, as_text, invalid, port_name
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote


class Value(BaseModel):
    """A value and its port. In a list, a value alone stands for this object."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Any = Field(description="The value.", examples=["north"])
    port: PortName | None = Field(None, description="Name of its port; if left out, the value.", examples=["north"])

    @model_validator(mode="after")
    def _one_value(self) -> "Value":
        if self.value is None or self.value == "":
            raise invalid("Null and empty text have ports of their own: 'null' and 'empty'.", "value")
        if isinstance(self.value, list | dict):
            raise invalid("A value is a text, a number, true or false.", "value")
        if self.port is None:
            port_name(self.name)
        return self

    @property
    def name(self) -> str:
        """The name of its port."""
        return self.port or (self.value if isinstance(self.value, str) else as_text(self.value))


class Fixed(NamedTuple):
    """What every such node has."""

    null: Annotated[Relation, "Rows without a value."]
    empty: Annotated[Relation, "Rows with an empty text."]
    rest: Annotated[Relation, "Rows with any other value."]


class RouteByValue(Op):
    """Send each row to the port of the value that a column has: one port a value, and `null`, `empty` and `rest`.

    Text is compared letter by letter, blanks too; numbers as numbers, so that 1 is 1.0. Each port keeps the order of
    the input. Of values that are the same but for case, where that is ignored, the first has the port.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"column": "region", "values": ["north", {"value": "south", "port": "other"}]}

    column: Column = Field(description="The column to look at.", examples=["region"])
    values: list[Annotated[Value, ValueAlone()]] = Field(
        min_length=1, max_length=500, description="The values and their ports.", examples=[["north", "south"]]
    )
    ignore_case: bool = Field(False, description="Whether `North` is `north`.")

    @model_validator(mode="after")
    def _unique(self) -> "RouteByValue":
        check_names(type(self), ((each.name, ("values", n)) for n, each in enumerate(self.values)))
        return self

    def own_ports(self) -> Ports:
        """A port for each value."""
        return with_outputs(self, ((each.name, f"Rows with {as_text(each.value)}.") for each in self.values))

    def run(
        self, table: Annotated[Relation, "The rows to send."], context: Context
    ) -> Annotated[dict[str, Relation], Fixed]:
        """The place of the value in the list tells the port.

        Raises NodeError, `type_mismatch`: geometry, or a value of another type.
        """
        kind, column, count = names(table)[self.column], quote(self.column), len(self.values)
        if is_geometry(kind):
            message = f"Column '{self.column}' is a geometry: use geometry_filter to send rows by what kind it is."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        text = family(kind) == "text"
        fold = "lower({})" if self.ignore_case and text else "{}"
        cases = [f"WHEN {column} IS NULL THEN {count}"]
        if text:
            cases.append(f"WHEN {column}::VARCHAR = '' THEN {count + 1}")
        for number, each in enumerate(self.values):
            with at(f"/values/{number}"):
                value = typed(each.value, "VARCHAR" if text else kind, self.column)
            cases.append(f"WHEN {fold.format(column)} = {fold.format(value)} THEN {number}")
        place = f"CASE {' '.join(cases)} ELSE {count + 2} END"
        if context.design:
            _ = table.project(place).columns
        return dict(routed(table, place, list(self.ports.outputs), context))

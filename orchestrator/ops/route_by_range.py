"""`route_by_range`: FME's AttributeRangeFilter."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from orchestrator.ops._ranges import Closed, Ends, inside
from orchestrator.ops._routed import check_names, routed, with_outputs
from orchestrator.ops.base import Context, Op, Ports, Relation
from orchestrator.ops.settings import Column, PortName, port_name
from orchestrator.sql import names, quote


class Range(Ends):
    """A range and its port."""

    port: PortName | None = Field(
        None, description="Its port; if left out, such as `0..100`, `under 100` or `from 100`.", examples=["low"]
    )

    @model_validator(mode="after")
    def _ends_make_a_name(self) -> "Range":
        for value in (self.from_, self.to):
            if self.port is None and isinstance(value, str):
                port_name(value)
        return self

    @property
    def name(self) -> str:
        """The name of its port."""
        return self.port or self.words


class Fixed(NamedTuple):
    """What every such node has."""

    rest: Annotated[Relation, "Rows in none of the ranges, and those without a value."]


class RouteByRange(Op):
    """Send each row to the port of the range that a number, date or time is in.

    A range holds its start and not its end, unless `closed` says otherwise. Where ranges overlap the first has the row.
    Null and NaN are in no range. Each port keeps the order of the input.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {
        "column": "amount", "ranges": [{"to": 10, "port": "small"}, {"from": 10, "to": 200}],
    }  # fmt: skip

    column: Column = Field(description="The column to look at.", examples=["amount"])
    ranges: list[Range] = Field(
        min_length=1,
        max_length=500,
        description="The ranges and their ports.",
        examples=[[{"from": 0, "to": 10, "port": "low"}]],
    )
    closed: Closed = Field("from", description="Which ends belong to a range.")

    @model_validator(mode="after")
    def _unique(self) -> "RouteByRange":
        check_names(type(self), ((each.name, ("ranges", n, "port")) for n, each in enumerate(self.ranges)))
        return self

    def own_ports(self) -> Ports:
        """A port for each range."""
        return with_outputs(self, ((each.name, "Rows in its range.") for each in self.ranges))

    def run(
        self, table: Annotated[Relation, "The rows to send."], context: Context
    ) -> Annotated[dict[str, Relation], Fixed]:
        """The place of the range in the list tells the port."""
        kind, count = names(table)[self.column], len(self.ranges)
        cases = [f"WHEN {test} THEN {n}" for n, test in enumerate(inside(self.ranges, kind, self.column, self.closed))]
        if kind in ("FLOAT", "DOUBLE"):
            cases.insert(0, f"WHEN isnan({quote(self.column)}) THEN {count}")
        return dict(routed(table, f"CASE {' '.join(cases)} ELSE {count} END", list(self.ports.outputs), context))

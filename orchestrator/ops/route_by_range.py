"""`route_by_range`: FME's AttributeRangeFilter."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.expressions import connection
from orchestrator.ops._clauses import typed
from orchestrator.ops._routed import check_names, routed, with_outputs
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Context, Op, Ports, Relation
from orchestrator.ops.settings import Column, PortName, as_text, invalid, port_name
from orchestrator.tables import names, quote

SIGNS = {"from": (">=", "<"), "to": (">", "<="), "both": (">=", "<=")}


class Range(BaseModel):
    """A range and its port."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: Any = Field(None, alias="from", description="Its start; if left out, it has none.", examples=[0])
    to: Any = Field(None, description="Its end; if left out, it has none.", examples=[100])
    port: PortName | None = Field(
        None,
        description="Name of its port; if left out, such as `0..100`, `under 100` or `from 100`.",
        examples=["low"],
    )

    @model_validator(mode="after")
    def _some_end(self) -> "Range":
        if self.from_ is None and self.to is None:
            raise invalid("A range needs a start, an end or both.", "from")
        for place, value in (("from", self.from_), ("to", self.to)):
            if isinstance(value, bool | list | dict):
                raise invalid("The end of a range is a number, a date or a time.", place)
            if self.port is None and isinstance(value, str):
                port_name(value)
        return self

    @property
    def name(self) -> str:
        """The name of its port."""
        low, high = (None if value is None else as_text(value) for value in (self.from_, self.to))
        return self.port or (f"under {high}" if low is None else f"from {low}" if high is None else f"{low}..{high}")

    def sql(self, kind: str, op: "RouteByRange", place: str) -> str:
        """The test of the column, which is of this type; `place` is the range's JSON pointer.

        Raises:
            NodeError: an end is not of the type, or the range is upside down.
        """
        above, below = SIGNS[op.closed]
        ends, tests = [], []
        for end, sign, value in (("from", above, self.from_), ("to", below, self.to)):
            if value is not None:
                with at(f"{place}/{end}"):
                    ends.append(typed(value, kind, op.column))
                tests.append(f"{quote(op.column)} {sign} {ends[-1]}")
        if len(ends) == 2 and connection().cursor().sql(f"SELECT {ends[0]} > {ends[1]}").fetchall() == [(True,)]:
            message = f"The range ends at {as_text(self.to)}, before it starts at {as_text(self.from_)}."
            raise NodeError(message, code="invalid_config", path=f"/config{place}/to")
        return " AND ".join(tests)


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
        "column": "amount",
        "ranges": [{"to": 10, "port": "small"}, {"from": 10, "to": 200}],
    }

    column: Column = Field(description="The column to look at.", examples=["amount"])
    ranges: list[Range] = Field(
        min_length=1,
        max_length=500,
        description="The ranges and their ports.",
        examples=[[{"from": 0, "to": 10, "port": "low"}]],
    )
    closed: Literal["from", "to", "both"] = Field("from", description="Which ends belong to a range.")

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
        if family(kind) not in ("number", "date", "TIME") and kind != NULL:
            message = f"Column '{self.column}' is {plain(kind)}; a range is of numbers, dates or times. Cast it first."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        cases = []
        if kind in ("FLOAT", "DOUBLE"):
            cases.append(f"WHEN isnan({quote(self.column)}) THEN {count}")
        for number, each in enumerate(self.ranges):
            cases.append(f"WHEN {each.sql(kind, self, f'/ranges/{number}')} THEN {number}")
        return dict(routed(table, f"CASE {' '.join(cases)} ELSE {count} END", list(self.ports.outputs), context))

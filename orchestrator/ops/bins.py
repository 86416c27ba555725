"""`bins`: FME's AttributeRangeMapper."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.errors import at
from orchestrator.ops._constants import constant, kind_of
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._ranges import Ends, inside
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn
from orchestrator.sql import names, quote


class Bin(Ends):
    """A range and its label."""

    label: str | int | float | None = Field(
        None, description="Its label; if left out, such as `0..100`, `under 100` or `from 100`.", examples=["low"]
    )


class Bins(Op):
    """Add a column with the label of the range that a number, date or time is in.

    A range holds its start and not its end, unless `closed` says the other way round: 10 is in 10..20, not in 0..10.
    One without a start or an end goes on for ever. Ranges may not overlap; between them may be gaps. A value in no
    range, NaN too, gets the default; null stays null. Labels that are all whole numbers, or all numbers, make a column
    of that type, others text.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {
        "column": "amount",
        "ranges": [{"to": 10, "label": "small"}, {"from": 10, "to": 200, "label": "large"}],
        "default": "huge",
    }

    column: Column = Field(description="The column to look at.", examples=["amount"])
    ranges: list[Bin] = Field(
        min_length=1,
        max_length=500,
        description="The ranges and their labels.",
        examples=[[{"to": 10, "label": "small"}, {"from": 10, "label": "large"}]],
    )
    default: str | int | float | None = Field(
        None, description="The label of values in none of them; if left out, null.", examples=["other"]
    )
    closed: Literal["from", "to"] = Field("from", description="Which end belongs to a range.")
    name: NewColumn = Field("bin", description="Name of the new column.")

    def run(self, table: Annotated[Relation, "The rows to label."]) -> Relation:
        """One CASE, as the last column."""
        check_new(table.columns, [(self.name, "/name")])
        kind, column = names(table)[self.column], quote(self.column)
        tests = inside(self.ranges, kind, self.column, self.closed, apart=True)
        labels = [each.words if each.label is None else each.label for each in self.ranges]
        made = kind_of([*labels, self.default])
        with at("/default"):
            rest = constant(self.default, made, self.name)
        cases = [f"WHEN {column} IS NULL THEN {constant(None, made, self.name)}"]
        if kind in ("FLOAT", "DOUBLE"):
            cases.append(f"WHEN isnan({column}) THEN {rest}")
        for index, (test, label) in enumerate(zip(tests, labels, strict=True)):
            with at(f"/ranges/{index}/label"):
                cases.append(f"WHEN {test} THEN {constant(label, made, self.name)}")
        return table.project(f"*, CASE {' '.join(cases)} ELSE {rest} END AS {quote(self.name)}")

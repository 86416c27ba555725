"""`distinct`: FME's DuplicateFilter."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.ops._types import free
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column
from orchestrator.tables import quote


class Sorted(NamedTuple):
    """Where a row goes."""

    unique: Annotated[Relation, "The first row of each key, in input order."]
    duplicates: Annotated[Relation, "All further rows of a key, in input order."]


class Distinct(Op):
    """Send the first row of each key to `unique`, any further one to `duplicates`. Null is equal to null."""

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"]}

    columns: list[Column] = Field(
        [], description="The key; if empty, all columns together.", examples=[["customer", "day"]]
    )

    def run(self, table: Annotated[Relation, "The rows to test."]) -> Sorted:
        """A row's number within its key decides."""
        number, place = (quote(free(table.columns, name)) for name in ("_row", "_place"))
        key = ", ".join(map(quote, self.columns or table.columns))
        within = f"row_number() OVER (PARTITION BY {key} ORDER BY {number}) AS {place}"
        placed = table.project(f"*, row_number() OVER () AS {number}").project(f"*, {within}")
        columns = ", ".join(map(quote, table.columns))
        unique, duplicates = (placed.filter(f"{place} {test} 1").order(number).project(columns) for test in ("=", ">"))
        return Sorted(unique, duplicates)

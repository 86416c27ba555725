"""`distinct`: FME's DuplicateFilter."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.ops._numbered import Numbered, listed
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column


class Sorted(NamedTuple):
    """Where a row goes."""

    unique: Annotated[Relation, "The first row of each key, in input order."]
    duplicates: Annotated[Relation, "All further rows of a key, in input order."]


class Distinct(Op):
    """Send the first row of each key to `unique`, any further one to `duplicates`.

    Null is equal to null; an empty text is not null. Text is compared letter by letter, geometry vertex by vertex: a
    line drawn the other way round is another line. In a fused run (`cache: false`) the input is stored for the time of
    the run unless it is already, so that both ports tell of the same rows.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"]}

    columns: list[Column] = Field(
        [], description="The key; if empty, all columns together.", examples=[["customer", "day"]]
    )

    def run(self, table: Annotated[Relation, "The rows to test."], context: Context) -> Sorted:
        """Only keys and row numbers are grouped, so that wide rows take no memory."""
        rows = Numbered(table, context)
        key = listed(dict.fromkeys(self.columns or table.columns))
        return Sorted(*rows.split(f"SELECT min({rows.number}) AS {rows.number} FROM _rows GROUP BY {key}"))

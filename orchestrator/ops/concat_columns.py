"""`concat_columns`: FME's StringConcatenator."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.ops._new_columns import check_new
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote


class ConcatColumns(Op):
    """Add a text column with the values of others one behind the other, a separator between them.

    Values that are no text are written as `cast` writes them. A column may come twice. `skip` leaves nulls out with
    their separator, and gives null where all are null; `empty` takes them for empty text; `null` gives null where one
    is. Empty text is never left out. For other text between them use `compute`.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"columns": ["country", "region", "id"], "separator": "-", "name": "key"}

    columns: list[Column] = Field(
        min_length=1, description="The columns, in their order in the text.", examples=[["country", "city"]]
    )
    separator: str = Field("", max_length=1000, description="What to put between two values.", examples=[", "])
    name: NewColumn = Field("text", description="Name of the new column.")
    nulls: Literal["skip", "empty", "null"] = Field("skip", description="What becomes of a null.")
    keep: bool = Field(True, description="Whether the columns stay; if not, the new one may have the name of one.")

    def run(self, table: Annotated[Relation, "The rows whose values to join."]) -> Relation:
        """The new column comes last. Raises NodeError: `duplicate_column`; `type_mismatch` for geometry."""
        kinds = names(table)
        for index, name in enumerate(self.columns):
            if is_geometry(kinds[name]):
                message = f"Column '{name}' is a geometry, which is no part of a text."
                raise NodeError(message, code="type_mismatch", path=f"/config/columns/{index}")
        kept = [name for name in kinds if self.keep or name not in self.columns]
        check_new(kept, [(self.name, "/name")])
        return table.project(", ".join([*map(quote, kept), f"{self._joined()} AS {quote(self.name)}"]))

    def _joined(self) -> str:
        values = [f"{quote(name)}::VARCHAR" for name in self.columns]
        if self.nulls == "empty":
            values = [f"coalesce({value}, '')" for value in values]
        if self.nulls == "null":
            return f" || {literal(self.separator)} || ".join(values)
        joined = f"concat_ws({literal(self.separator)}, {', '.join(values)})"
        return f"CASE WHEN coalesce({', '.join(values)}) IS NOT NULL THEN {joined} END"

"""`union`: several tables below each other, as FME does where connections meet."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.ops._types import NULL, storable
from orchestrator.ops._widened import check, widened
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn
from orchestrator.sql import names, quote


class Union(Op):
    """Put tables below each other, their columns matched by name.

    Rows come in the order of the edges. Names that differ in case only are one column, called as in the first table.
    Types are widened: whole numbers with decimals, dates with timestamps; others must agree. No number is rounded to a
    DECIMAL: one that is too great for it is an error. Geometry must be in one coordinate system, however it is written.
    """

    category: ClassVar[str] = "Join"
    example: ClassVar[dict[str, Any]] = {"columns": "all", "source_column": "source"}

    columns: Literal["all", "common"] = Field(
        "all", description="All columns, null where a table has none; or only those that every table has."
    )
    source_column: NewColumn | None = Field(
        None,
        description="New column with the number of the table, from 1, in the order of the edges.",
        examples=["source"],
    )

    def run(self, tables: Annotated[list[Relation], "The tables."], context: Context) -> Relation:
        """One UNION ALL. Raises NodeError: `invalid_config`, and columns that do not go together."""
        spelled = self._columns(tables)
        if self.source_column and self.source_column.lower() in spelled:
            message = f"The tables have a column '{spelled[self.source_column.lower()]}' already."
            raise NodeError(message, code="invalid_config", path="/config/source_column")
        if not spelled:
            raise NodeError("The tables have no column in common.", code="invalid_config", path="/config/columns")
        given = [{name.lower(): kind for name, kind in names(table).items()} for table in tables]
        kinds = {low: _kinds(name, [each.get(low, NULL) for each in given]) for low, name in spelled.items()}
        selects = [self._select(table, spelled, kinds, number, context) for number, table in enumerate(tables, start=1)]
        return storable(context.session.connection.sql(" UNION ALL ".join(selects)))

    def _columns(self, tables: list[Relation]) -> dict[str, str]:
        """The columns to give: lower case to the spelling of the first table that has it."""
        spelled: dict[str, str] = {}
        for table in tables:
            for name in table.columns:
                spelled.setdefault(name.lower(), name)
        if self.columns == "all":
            return spelled
        own = [{name.lower() for name in table.columns} for table in tables]
        return {low: name for low, name in spelled.items() if all(low in each for each in own)}

    def _select(
        self, table: Relation, spelled: dict[str, str], kinds: dict[str, list[str]], number: int, context: Context
    ) -> str:
        own = {name.lower(): name for name in table.columns}
        values = {low: widened(quote(name), kinds[low]) for low, name in own.items() if low in spelled}
        made = [f"{values.get(low, 'NULL')} AS {quote(name)}" for low, name in spelled.items()]
        source = [f"{number}::BIGINT AS {quote(self.source_column)}"] if self.source_column else []
        return f"(SELECT {', '.join([*made, *source])} FROM {context.session.name(table)})"


def _kinds(name: str, given: list[str]) -> list[str]:
    """A column's types in the tables, each once, without that of mere nulls.

    Raises:
        NodeError: two of them have nothing in common.
    """
    found: dict[str, int] = {}
    for number, kind in enumerate(given, start=1):
        if kind != NULL and kind not in found:
            for before, place in found.items():
                check(name, (place, before), (number, kind))
            found[kind] = number
    return list(found)

"""`union`: several tables below each other, as FME does where connections meet."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn
from orchestrator.schema import crs_of, is_geometry
from orchestrator.tables import names, quote

Kinds = dict[str, str]


class Union(Op):
    """Put tables below each other, their columns matched by name.

    Rows come in the order of the edges. Names that differ in case only are one column, called as in the first table.
    Types are widened: whole numbers with decimals, dates with timestamps; others must agree.
    """

    category: ClassVar[str] = "Join"
    example: ClassVar[dict[str, Any]] = {"columns": "all", "source_column": "source"}

    columns: Literal["all", "common"] = Field(
        "all", description="All columns, null where a table has none; or only those that every table has."
    )
    source_column: NewColumn | None = Field(
        None, description="New column with the number of the table, from 1, in the order of the edges."
    )

    def run(
        self,
        tables: Annotated[list[Relation], "The tables."],
        context: Context,
    ) -> Relation:
        """One UNION ALL."""
        spelled = self._columns([names(table) for table in tables])
        if self.source_column and self.source_column.lower() in spelled:
            message = f"The tables have a column '{spelled[self.source_column.lower()]}' already."
            raise NodeError(message, code="invalid_config", path="/config/source_column")
        if not spelled:
            raise NodeError("The tables have no column in common.", code="invalid_config", path="/config/columns")
        selects = [self._select(table, spelled, number, context) for number, table in enumerate(tables, start=1)]
        return context.session.connection.sql(" UNION ALL ".join(selects))

    def _columns(self, tables: list[Any]) -> Kinds:
        """The columns to give: lower case to the spelling of the first table that has it, types checked."""
        spelled: Kinds = {}
        first: dict[str, tuple[int, str]] = {}
        for number, kinds in enumerate(tables, start=1):
            for name, kind in kinds.items():
                spelled.setdefault(name.lower(), name)
                if kind != NULL:
                    _check(name, first.setdefault(name.lower(), (number, kind)), (number, kind))
        if self.columns == "common":
            own = [{name.lower() for name in kinds} for kinds in tables]
            return {low: name for low, name in spelled.items() if all(low in each for each in own)}
        return spelled

    def _select(self, table: Relation, spelled: Kinds, number: int, context: Context) -> str:
        own = {name.lower(): name for name in table.columns}
        made = [f"{quote(own[low]) if low in own else 'NULL'} AS {quote(name)}" for low, name in spelled.items()]
        source = [f"{number}::INTEGER AS {quote(self.source_column)}"] if self.source_column else []
        return f"(SELECT {', '.join([*made, *source])} FROM {context.session.name(table)})"


def _check(name: str, one: tuple[int, str], other: tuple[int, str]) -> None:
    """Refuse types that have nothing in common.

    Raises:
        NodeError: `type_mismatch`, names both tables and types.
    """
    kinds = one[1], other[1]
    if is_geometry(kinds[0]) and is_geometry(kinds[1]):
        systems = [crs_of(kind) or "no coordinate system" for kind in kinds]
        if systems[0] == systems[1]:
            return
        said, end = [f"in {system}" for system in systems], "Reproject one of them first."
    elif family(kinds[0]) == family(kinds[1]):
        return
    else:
        said, end = [plain(kind) for kind in kinds], "Convert one of them first."
    message = f"Column '{name}' is {said[0]} in table {one[0]} and {said[1]} in table {other[0]}. {end}"
    raise NodeError(message, code="type_mismatch", path="/config/columns")

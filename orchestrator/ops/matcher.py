"""`matcher`: FME's Matcher."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from orchestrator.ops._lenient import Lenient, alike
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._taken import Source, held
from orchestrator.ops._types import family
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn, unique
from orchestrator.sql import names, quote


class Matches(NamedTuple):
    """Where a row goes."""

    matched: Annotated[Relation, "All rows that are equal to another one, with the number of their group."]
    single_matched: Annotated[Relation, "The first row of each group of equal rows, with the group's number."]
    not_matched: Annotated[Relation, "Rows that are equal to no other."]


class Matcher(Op):
    """Find the rows of a table that are equal to another of its rows.

    Null is equal to null; an empty text is not null, unless `null_equals_empty`. Text is compared letter by letter,
    blanks too; geometry vertex by vertex, so that a line drawn the other way round is another line, unless
    `lenient_geometry`. Groups are numbered from 1 in the order of their first rows. Each port keeps the order of the
    input.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"]}

    columns: list[Column] = Field(
        [],
        description="What must be equal; a geometry column too. If empty, all columns.",
        examples=[["name", "geometry"]],
    )
    match_id: NewColumn = Field("match_id", description="New column with the number of the group.")
    null_equals_empty: bool = Field(False, description="Whether null is equal to an empty text.")
    lenient_geometry: Lenient = False

    @model_validator(mode="after")
    def _unique(self) -> "Matcher":
        unique((name, ("columns", index)) for index, name in enumerate(self.columns))
        return self

    def run(self, table: Annotated[Relation, "The rows to compare."], context: Context) -> Matches:
        """Only keys and row numbers are grouped; rows are taken by number."""
        check_new(table.columns, [(self.match_id, "/match_id")])
        rows = Source(table, context)
        groups = held(context.session.connection.sql(self._groups(rows, context)), context)
        added = {self.match_id: "w.id"}
        return Matches(
            matched=rows.taken(groups, "n", "w.rows > 1", added),
            single_matched=rows.taken(groups, "n", "w.rows > 1 AND w.n = w.first", added),
            not_matched=rows.taken(groups, "n", "w.rows = 1"),
        )

    def _groups(self, rows: Source, context: Context) -> str:
        """For each row number `n`: the group's first, how many rows it has, and the number of those that have more."""
        kinds = names(rows.table)
        columns = self.columns or rows.table.columns
        keys = ", ".join(self._key(name, kinds[name]) for name in columns)
        window = f"OVER (PARTITION BY {keys})"
        counted = f"SELECT {rows.number} AS n, min({rows.number}) {window} AS first, count(*) {window} AS rows"
        return (
            "SELECT n, first, rows, dense_rank() OVER (PARTITION BY rows > 1 ORDER BY first) AS id "
            f"FROM ({counted} FROM {alike(rows, columns, context) if self.lenient_geometry else rows.sql})"
        )

    def _key(self, name: str, kind: str) -> str:
        return (
            f"coalesce({quote(name)}::VARCHAR, '')"
            if self.null_equals_empty and family(kind) == "text"
            else quote(name)
        )

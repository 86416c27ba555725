"""`string_search`: FME's StringSearcher."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from orchestrator.ops._new_columns import check_new
from orchestrator.ops._regex import Pattern, check
from orchestrator.ops._texts import check_text
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, unique
from orchestrator.patterns import groups
from orchestrator.sql import literal, names, quote


class Searched(NamedTuple):
    """Where a row goes."""

    matched: Annotated[Relation, "Rows whose text has a match, with the new columns."]
    not_matched: Annotated[Relation, "All other rows as they came, also those where the text is null."]


class StringSearch(Op):
    """Look for a regular expression in a column, and write what it matches into new columns.

    Regular expressions are RE2's. The first match from the left counts. Each group gets a column: a named one,
    `(?P<year>…)`, of its name, the others of the name of `match` and their number, such as `match_1`. A group that took
    no part in the match gives an empty text. Both outputs keep the order of the input.
    """

    category: ClassVar[str] = "Text"
    example: ClassVar[dict[str, Any]] = {"column": "region", "find": "^(?P<first>.)(.*)"}

    column: Column = Field(description="The column to search, a text.", examples=["address"])
    find: Pattern = Field(description="The regular expression.", examples=[r"(?P<postcode>\d{4,5}) (\w+)"])
    ignore_case: bool = Field(False, description="Whether capital and small letters are the same.")
    match: NewColumn = Field("match", description="Name of the new column for the whole match.")
    all_matches: NewColumn | None = Field(
        None, description="Name of a new column for the list of all matches.", examples=["matches"]
    )

    @model_validator(mode="after")
    def _unique(self) -> "StringSearch":
        check(f"({self.find})", "", "find")  # as `run` has it: what \Q opens must be closed
        unique((name, (place,)) for place, name in self._new())
        return self

    def run(self, table: Annotated[Relation, "The rows to search."]) -> Searched:
        """All groups are read in one go, the whole match as one around them."""
        check_text(self.column, names(table)[self.column], "/config/column")
        check_new(table.columns, ((name, f"/{place}") for place, name in self._new()))
        column, case = f"{quote(self.column)}::VARCHAR", "'i'" if self.ignore_case else "'c'"
        test = f"coalesce(regexp_matches({column}, {literal(self.find)}, {case}), false)"
        fields = ", ".join(literal(name) for name in [self.match, *self._groups()])
        made = f"unnest(regexp_extract({column}, {literal(f'({self.find})')}, [{fields}], {case}))"
        if self.all_matches is not None:
            every = f"regexp_extract_all({column}, {literal(self.find)}, 0, {case})"
            made = f"{made}, {every} AS {quote(self.all_matches)}"
        return Searched(table.filter(test).project(f"*, {made}"), table.filter(f"NOT {test}"))

    def _groups(self) -> list[str]:
        return [name or f"{self.match}_{number}" for number, name in enumerate(groups(self.find), 1)]

    def _new(self) -> list[tuple[str, str]]:
        """The new columns, each with the setting it comes from."""
        made = [("match", self.match), *(("find", name) for name in self._groups())]
        return made + ([("all_matches", self.all_matches)] if self.all_matches is not None else [])

"""`lookup`: FME's DatabaseJoiner, with a table in place of a database; Excel's VLOOKUP."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.faults import unknown_column
from orchestrator.ops._comparable import check_keys
from orchestrator.ops._constants import constant
from orchestrator.ops._first_match import FirstMatch
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._taken import Source
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, column_of, unique
from orchestrator.sql import names


class Key(BaseModel):
    """A pair of columns that must be equal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: column_of("table") = Field(description="Column of the rows.", examples=["country"])  # type: ignore[valid-type]
    lookup: column_of("reference") = Field(description="Column of the reference table.", examples=["code"])  # type: ignore[valid-type]


class Taken(BaseModel):
    """A column to take from the reference table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: column_of("reference") = Field(description="The column.", examples=["name"])  # type: ignore[valid-type]
    name: NewColumn | None = Field(None, description="Its new name; if left out, as it is.", examples=["country_name"])
    default: Any = Field(None, description="Its value where no row is found.", examples=["unknown"])

    @property
    def output(self) -> str:
        """The name it comes out with."""
        return self.name or str(self.column)


class Found(NamedTuple):
    """The rows with what was found, and those without."""

    result: Annotated[Relation, "Every row, with the columns of the row that was found, or their defaults."]
    not_found: Annotated[Relation, "Those rows for which nothing was found, as they came."]


class Lookup(Op):
    """Add columns from the row of a reference table that has the same keys.

    Every row comes out once, in its place: with the columns of the first row that has its keys, or else with the
    defaults. A null that was found stays null. Null is equal to nothing; an empty text is a value, and text is compared
    letter by letter. With `duplicates: fail` a key that the reference table has twice fails the run, whether it is
    looked up or not; null keys are not counted.
    """

    category: ClassVar[str] = "Join"
    named_only: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {
        "keys": [{"column": "region", "lookup": "region"}],
        "columns": [{"column": "country", "name": "land", "default": "?"}],
    }

    keys: list[Key] = Field(
        min_length=1, description="What must be equal.", examples=[[{"column": "country", "lookup": "code"}]]
    )
    columns: list[Taken] = Field(
        min_length=1, description="What to take.", examples=[[{"column": "name", "default": "unknown"}]]
    )
    duplicates: Literal["first", "fail"] = Field(
        "first", description="Of several reference rows of the same keys, take the first, or fail."
    )

    @model_validator(mode="after")
    def _unique(self) -> "Lookup":
        unique((each.output, ("columns", index)) for index, each in enumerate(self.columns))
        return self

    def run(
        self,
        table: Annotated[Relation, "The rows."],
        reference: Annotated[Relation, "The table to look into."],
        context: Context,
    ) -> Found:
        """Row numbers that belong together are found first, then rows are taken by them."""
        keys = [(key.column, key.lookup) for key in self.keys]
        check_keys(keys, {"table": names(table), "reference": names(reference)})
        added = self._added(table, reference)
        rows, others = Source(table, context), Source(reference, context)
        match = FirstMatch(rows, others, keys, context)
        if self.duplicates == "fail" and not context.design:
            self._check_duplicates(match)
        found = match.found(others, [each.column for each in self.columns])
        return Found(rows.taken(found, "r", added=added), rows.taken(match.pairs, "r", "w.s IS NULL"))

    def _added(self, table: Relation, reference: Relation) -> dict[str, str]:
        """The new columns: what was found, or the default.

        Raises:
            NodeError: `unknown_column`, `duplicate_column`, `type_mismatch`.
        """
        kinds, added = names(reference), {}
        for index, each in enumerate(self.columns):
            place = f"/columns/{index}"
            with at(f"{place}/column"):
                if each.column not in kinds:
                    raise unknown_column(each.column, kinds, "reference")
            check_new(table.columns, [(each.output, f"{place}/{'name' if each.name else 'column'}")])
            added[each.output] = f"w.c{index}"
            if each.default is not None:
                with at(f"{place}/default"):
                    default = constant(each.default, kinds[each.column], each.column)
                    added[each.output] = f"CASE WHEN w.s IS NULL THEN {default} ELSE w.c{index} END"
        return added

    def _check_duplicates(self, match: FirstMatch) -> None:
        """Fail at the first key that comes twice.

        Raises:
            NodeError: `duplicate_key`.
        """
        texts = ", ".join(f"k{place}::VARCHAR" for place in range(len(self.keys)))
        twice = match.theirs.filter("n <> first").order("n").limit(1).project(texts).fetchall()
        if twice:
            said = ", ".join(f"{key.lookup} = {value}" for key, value in zip(self.keys, twice[0], strict=True))
            message = f"The reference table has several rows with {said}; 'duplicates' allows one."
            raise NodeError(message, code="duplicate_key", path="/config/duplicates", port="reference")

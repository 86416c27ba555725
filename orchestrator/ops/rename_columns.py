"""`rename_columns`: FME's AttributeRenamer and BulkAttributeRenamer."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.expressions import connection
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._regex import check
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid, unique
from orchestrator.sql import quote

CASES = {"lower": "lower(name)", "upper": "upper(name)", "title": "regexp_replace(name, '^.', upper(left(name, 1)))"}


class Renamed(BaseModel):
    """A column and its new name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Column = Field(description="The column.", examples=["cust_id"])
    rename: NewColumn = Field(description="Its new name.", examples=["customer"])


class Pattern(BaseModel):
    """How names change: first `find` and `replace`, then `case`, then `prefix` and `suffix`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: list[Column] = Field(
        [],
        description="The columns; if empty, all that have no new name of their own.",
        examples=[["dep_time", "arr_time"]],
    )
    find: str | None = Field(
        None, min_length=1, max_length=1000, description="A regular expression (RE2); every match.", examples=["^cust_"]
    )
    replace: str = Field(
        "", max_length=1000, description=r"What to put in its place; `\1` is the first group.", examples=["time_"]
    )
    case: Literal["keep", "lower", "upper", "title"] = Field("keep", description="`title` has the first letter large.")
    prefix: str = Field("", max_length=200, description="What to put before the name.", examples=["src_"])
    suffix: str = Field("", max_length=200, description="What to put behind the name.", examples=["_old"])

    @model_validator(mode="after")
    def _replaces(self) -> "Pattern":
        if self.find:
            check(self.find, "", "find")
            check(self.find, self.replace, "replace")
        return self

    def names(self, before: Sequence[str]) -> list[str]:
        """The new names.

        Raises:
            NodeError: `invalid_config`, nothing is left of a name.
        """
        changed = "regexp_replace(name, $find, $replace, 'g')" if self.find else "name"
        query = f"SELECT {changed} AS name FROM (SELECT unnest($names::VARCHAR[]) AS name)"
        query = f"SELECT $prefix || {CASES.get(self.case, 'name')} || $suffix FROM ({query})"
        texts = {"find": self.find, "replace": self.replace} if self.find else {}
        values = {"names": list(before), "prefix": self.prefix, "suffix": self.suffix, **texts}
        made = [name for (name,) in connection().cursor().execute(query, values).fetchall()]
        if "" in made:
            message = f"Nothing would be left of the name '{before[made.index('')]}'."
            raise NodeError(message, code="invalid_config", path="/config/pattern")
        return made


class RenameColumns(Op):
    """Give columns other names: one by one, by a pattern, or both.

    All names change at once, so that two columns can swap theirs. Types, order and rows stay. Names that would be the
    same, whatever their case, are refused.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {
        "columns": [{"name": "amount", "rename": "price"}],
        "pattern": {"columns": ["lon", "lat"], "prefix": "wgs84_"},
    }

    columns: list[Renamed] = Field(
        [], description="Columns and their new names.", examples=[[{"name": "cust_id", "rename": "customer"}]]
    )
    pattern: Pattern | None = Field(
        None, description="How the names of other columns change.", examples=[{"find": "^cust_"}]
    )

    @model_validator(mode="after")
    def _something(self) -> "RenameColumns":
        if not self.columns and self.pattern is None:
            raise invalid("Give 'columns' or 'pattern'.", "columns")
        unique((each.name, ("columns", index, "name")) for index, each in enumerate(self.columns))
        own = {each.name for each in self.columns}
        for index, name in enumerate(self.pattern.columns if self.pattern else ()):
            if name in own:
                raise invalid(f"'{name}' has a new name in 'columns' already.", "pattern", "columns", index)
        return self

    def run(self, table: Annotated[Relation, "The table whose columns to rename."]) -> Relation:
        """A projection."""
        made = {each.name: (each.rename, f"/columns/{index}/rename") for index, each in enumerate(self.columns)}
        if self.pattern:
            chosen = self.pattern.columns or [name for name in table.columns if name not in made]
            changed = zip(chosen, self.pattern.names(chosen), strict=True)
            made |= {old: (new, "/pattern") for old, new in changed if new != old}
        check_new((name for name in table.columns if name not in made), made.values())
        return table.project(", ".join(f"{quote(n)} AS {quote(made.get(n, (n,))[0])}" for n in table.columns))

"""`split_column`: FME's AttributeSplitter."""

from itertools import accumulate
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._exploded import element, exploded, place, with_list
from orchestrator.ops._new_columns import check_new, replaced
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid, unique
from orchestrator.sql import literal, names, quote

ENDS = r"^[\s\p{Z}]+|[\s\p{Z}]+$"


class SplitColumn(Op):
    """Split text at a delimiter or into parts of fixed widths: to columns, to rows, or to a list.

    Empty text has one part, which is empty; null has none. Columns for which there is no part are null; of parts for
    which there is no column, `surplus` says what happens. Widths count characters, and what is behind the last of them
    is one more part. Parts stand behind the column, or in its place where it does not stay.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"column": "region", "delimiter": "r", "names": ["start", "end"]}

    column: Column = Field(description="The text to split.", examples=["address"])
    delimiter: str | None = Field(None, min_length=1, max_length=100, description="What to split at.", examples=[","])
    widths: list[Annotated[int, Field(ge=1, le=2**31)]] | None = Field(
        None, min_length=1, max_length=1000, description="Widths of the parts, in characters.", examples=[[4, 2, 2]]
    )
    into: Literal["columns", "rows", "list"] = Field("columns", description="What to make of the parts.")
    names: list[NewColumn] = Field(
        [],
        max_length=1000,
        description="Names of the columns; for rows and lists one, or none to change the column itself.",
        examples=[["street", "city"]],
    )
    surplus: Literal["drop", "last"] = Field(
        "drop", description="Parts without a column: dropped, or left together in the last column."
    )
    index: NewColumn | None = Field(
        None, description="For rows: name of a column with the place of the part, from 1.", examples=["part"]
    )
    trim: bool = Field(False, description="Whether to cut white space off both ends of each part.")
    drop_empty: bool = Field(False, description="Whether to leave empty parts out.")
    keep: bool = Field(True, description="Whether the column stays beside its parts.")
    keep_rows: bool = Field(True, description="For rows: whether text without a part gives a row with null.")

    @model_validator(mode="after")
    def _makes_sense(self) -> "SplitColumn":
        if (self.delimiter is None) == (self.widths is None):
            raise invalid("Give either 'delimiter' or 'widths'.", "delimiter")
        if self.into == "columns" and not self.names:
            raise invalid("Name the columns to split into.", "names")
        if self.into != "columns" and len(self.names) > 1:
            raise invalid(f"Splitting into {'rows' if self.into == 'rows' else 'a list'} takes one name.", "names", 1)
        if self.index and self.into != "rows":
            raise invalid("'index' is for splitting into rows.", "index")
        unique((name, ("names", index)) for index, name in enumerate(self.names))
        return self

    def run(self, table: Annotated[Relation, "The rows whose text to split."]) -> Relation:
        """The parts are a list first. Raises NodeError: `duplicate_column`; `type_mismatch`, not text."""
        kind, keep = names(table)[self.column], self.keep and bool(self.names)
        if family(kind) != "text" and kind != NULL:
            message = f"Column '{self.column}' is {plain(kind)}; only text can be split. Cast it first."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        output = self.names or [self.column]
        new = [(name, f"/names/{index}" if self.names else "/column") for index, name in enumerate(output)]
        new += [(self.index, "/index")] if self.index else []
        check_new((name for name in table.columns if keep or name != self.column), new)
        listed, parts = with_list(table, self._parts())
        made = [f"{value} AS {quote(name)}" for value, (name, _) in zip(self._values(parts), new, strict=True)]
        terms = replaced([quote(name) for name in table.columns], quote(self.column), made, keep)
        return exploded(listed, parts, terms, self.keep_rows or self.into != "rows")

    def _parts(self) -> str:
        """The list of parts."""
        text = f"{quote(self.column)}::VARCHAR"
        parts = f"string_split({text}, {literal(self.delimiter)})" if self.delimiter else self._cut(text)
        if self.trim:
            parts = f"[regexp_replace(part, {literal(ENDS)}, '', 'g') FOR part IN {parts}]"
        return f"[part FOR part IN {parts} IF part <> '']" if self.drop_empty else parts

    def _cut(self, text: str) -> str:
        """Parts that start behind the end of the text are none; of the first, there is always one."""
        widths = self.widths or []
        starts = [end + 1 for end in accumulate(widths)]
        lengths = [*map(str, widths[1:]), f"length({text})"]
        cut = [f"substring({text}, 1, {widths[0]})"]
        for start, length in zip(starts, lengths, strict=True):
            cut.append(f"CASE WHEN length({text}) >= {start} THEN substring({text}, {start}, {length}) END")
        return f"CASE WHEN {text} IS NOT NULL THEN [part FOR part IN [{', '.join(cut)}] IF part IS NOT NULL] END"

    def _values(self, parts: str) -> list[str]:
        if self.into == "list":
            return [parts]
        if self.into == "rows":
            return [element(parts), place(parts)][: 1 + bool(self.index)]
        values = [f"{parts}[{number}]" for number in range(1, len(self.names) + 1)]
        if self.surplus == "last":
            values[-1] = f"array_to_string(nullif({parts}[{len(values)}:], []), {literal(self.delimiter or '')})"
        return values

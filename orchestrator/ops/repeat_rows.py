"""`repeat_rows`: FME's Cloner."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._types import INTEGER, NULL, free, plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import names, quote

WHOLE = re.compile(rf"{INTEGER.pattern}|DECIMAL\(\d+,0\)")


class RepeatRows(Op):
    """Give each row several times, one after the other.

    How often is a number, or that in a column of whole numbers; a row whose number is null, 0 or negative does not
    come out; one above `maximum` fails the run. Copies are numbered from 1. Rows keep their order.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {"times": 3, "copy_number": "copy"}

    times: int | None = Field(None, ge=0, le=10**7, description="How often each row comes out.", examples=[3])
    column: Column | None = Field(None, description="Or the column that says how often.", examples=["id"])
    maximum: int = Field(10**7, ge=0, le=2**62, description="The most times that `column` may say for a row.")
    copy_number: NewColumn | None = Field(
        None, description="New column with the number of the copy.", examples=["copy"]
    )

    @model_validator(mode="after")
    def _one_way(self) -> "RepeatRows":
        if (self.times is None) == (self.column is None):
            raise invalid("Give either 'times' or 'column'.", "times")
        return self

    def run(self, table: Annotated[Relation, "The rows to repeat."]) -> Relation:
        """A list of copies is taken apart again, which keeps the order.

        Raises NodeError: `duplicate_column`; `type_mismatch`, not whole numbers.
        """
        check_new(table.columns, [(self.copy_number, "/copy_number")])
        kind = names(table).get(self.column or "", "BIGINT")
        if not WHOLE.fullmatch(kind) and kind != NULL:
            message = f"Column '{self.column}' is {plain(kind)}; how often is a whole number. Cast it first."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        number = self.copy_number or free(table.columns, "_copy")
        times = str(self.times) if self.column is None else self._of_column(quote(self.column))
        made = table.project(f"*, unnest(range(1, {times}::BIGINT + 1)) AS {quote(number)}")
        return made if self.copy_number else made.project(", ".join(map(quote, table.columns)))

    def _of_column(self, column: str) -> str:
        text = f"'A row is to come out ' || {column} || ' times; ''maximum'' allows {self.maximum:,}.'"
        return f"CASE WHEN {column} > {self.maximum} THEN error({text}) ELSE coalesce({column}, 0) END"

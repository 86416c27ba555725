"""`window`: SQL's window functions; FME's Counter, AttributeManager with adjacent features, StatisticsCalculator."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._aggregations import Aggregation
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._taken import Source
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid, unique
from orchestrator.ops.sort import Key
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote

PLACES = {
    "row_number": "row_number()", "rank": "rank()", "dense_rank": "dense_rank()", "percent_rank": "percent_rank()",
    "ntile": "ntile({n})",
}  # fmt: skip
VALUES = {
    "lag": "lag({x}, {n}{nulls})", "lead": "lead({x}, {n}{nulls})",
    "first": "first_value({x}{nulls})", "last": "last_value({x}{nulls})",
}  # fmt: skip
BY_TIES = ("rank", "dense_rank", "percent_rank")
COUNTED = ("ntile", "lag", "lead")
FRAMES = {
    "all": "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "running": "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
    "moving": "ROWS BETWEEN {preceding} PRECEDING AND {following} FOLLOWING",
}


class Function(BaseModel):
    """A window function, and the column it makes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: Literal[
        "row_number", "rank", "dense_rank", "percent_rank", "ntile", "lag", "lead", "first", "last",
        "sum", "mean", "min", "max", "count",
    ] = Field(description="What to compute for each row.", examples=["rank"])  # fmt: skip
    column: Column | None = Field(
        None, description="Of which column, from `lag` on; `count` without one counts rows.", examples=["amount"]
    )
    name: NewColumn = Field(description="Name of the new column.", examples=["place"])
    n: int = Field(
        1, ge=1, le=2**31 - 1, description="How many rows before or after, for `lag` and `lead`; tiles, for `ntile`."
    )
    skip_nulls: bool = Field(False, description="Pass over nulls, for `lag`, `lead`, `first` and `last`.")
    frame: Literal["all", "running", "moving"] = Field(
        "all",
        description="Of which rows: all of the partition; those up to this one; or those around it. "
        "For `first`, `last`, `sum`, `mean`, `min`, `max` and `count`.",
    )
    preceding: int = Field(0, ge=0, le=2**31 - 1, description="How many rows before this one a `moving` frame has.")
    following: int = Field(0, ge=0, le=2**31 - 1, description="How many rows after this one a `moving` frame has.")

    @model_validator(mode="after")
    def _sensible(self) -> "Function":
        if self.function in PLACES:
            if self.column is not None:
                raise invalid(f"'{self.function}' takes no column: rows are ordered by 'order_by'.", "column")
        elif self.column is None and self.function != "count":
            raise invalid(f"'{self.function}' needs a column.", "column")
        if self.frame != "all" and self.function in (*PLACES, "lag", "lead"):
            raise invalid(f"'{self.function}' looks at the whole partition.", "frame")
        for field in ("preceding", "following"):
            if getattr(self, field) and self.frame != "moving":
                raise invalid(f"'{field}' is for a 'moving' frame.", field)
        if self.n != 1 and self.function not in COUNTED:
            raise invalid("'n' is for 'lag', 'lead' and 'ntile'.", "n")
        if self.skip_nulls and self.function not in VALUES:
            raise invalid("'skip_nulls' is for 'lag', 'lead', 'first' and 'last'.", "skip_nulls")
        return self

    def sql(self, kinds: Mapping[str, str], number: str, window: str, order: str) -> str:
        """The function over `t`; `window` ends before its order, to which the row's number is added but for ranks.

        Raises:
            NodeError: `type_mismatch`.
        """
        if self.function in BY_TIES:
            return f"{PLACES[self.function]} OVER ({window} ORDER BY {order or number})"
        over = f"OVER ({window} ORDER BY {f'{order}, ' if order else ''}{number}"
        if self.function in PLACES:
            return f"{PLACES[self.function].format(n=self.n)} {over})"
        x = f"t.{quote(self.column)}" if self.column else "*"
        made = VALUES.get(self.function, "").format(x=x, n=self.n, nulls=" IGNORE NULLS" if self.skip_nulls else "")
        if self.function in ("lag", "lead"):
            return f"{made} {over})"
        over = f"{over} {FRAMES[self.frame].format(preceding=self.preceding, following=self.following)})"
        if made:
            return f"{made} {over}"
        each = Aggregation(function=self.function, column=self.column or "*")
        return each.sql(kinds.get(each.column, ""), number, f" {over}")


class Window(Op):
    """Add columns that are computed of the rows around each row: its place, the row before, running totals.

    Rows are looked at in the order of `order_by`, and in input order where that does not decide; without it, in input
    order. Rows that are equal in `order_by` have the same `rank`, `dense_rank` and `percent_rank`; without it no two
    are equal. Null is a partition of its own. `lag`, `lead`, `first` and `last` take nulls too, unless `skip_nulls`;
    `sum`, `mean`, `min`, `max` and the `count` of a column skip them, and are null (`count`: 0) where there is nothing
    else. The rows come out in the order they came in.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {
        "functions": [
            {"function": "rank", "name": "place"},
            {"function": "sum", "column": "amount", "frame": "running", "name": "so_far"},
        ],
        "partition_by": ["region"],
        "order_by": [{"column": "day"}],
    }

    functions: list[Function] = Field(
        min_length=1,
        description="What to compute, a new column each.",
        examples=[[{"function": "lag", "column": "amount", "name": "before"}]],
    )
    partition_by: list[Column] = Field(
        [], description="Rows that are equal in these are looked at by themselves.", examples=[["customer"]]
    )
    order_by: list[Key] = Field([], description="In which order to look at them.", examples=[[{"column": "day"}]])

    @model_validator(mode="after")
    def _unique(self) -> "Window":
        unique((each.name, ("functions", index, "name")) for index, each in enumerate(self.functions))
        return self

    def run(self, table: Annotated[Relation, "The rows."], context: Context) -> Relation:
        """One window for all, to which each adds its frame. Raises NodeError: `type_mismatch`, `duplicate_column`."""
        rows, kinds = Source(table, context), names(table)
        for index, key in enumerate(self.order_by):
            if is_geometry(kinds[key.column]):
                message = f"Column '{key.column}' is a geometry, which has no order."
                raise NodeError(message, code="type_mismatch", path=f"/config/order_by/{index}/column")
        by = ", ".join(f"t.{quote(name)}" for name in self.partition_by)
        window = f"PARTITION BY {by}" if by else ""
        order = ", ".join(f"t.{key.sql()}" for key in self.order_by)
        made = [f"t.{quote(name)}" for name in table.columns]
        for index, each in enumerate(self.functions):
            check_new(table.columns, [(each.name, f"/functions/{index}/name")])
            with at(f"/functions/{index}/function"):
                made.append(f"{each.sql(kinds, f't.{rows.number}', window, order)} AS {quote(each.name)}")
        end = f" ORDER BY t.{rows.number}" if context.keep_order else ""
        return context.session.connection.sql(f"SELECT {', '.join(made)} FROM {rows.sql} t{end}")

"""What `aggregate` can compute of a group: each function, the types it takes, and its SQL."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._exact_sum import exact_sum
from orchestrator.ops._types import INTEGER, family, plain
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import literal, quote

OfValues = Literal[
    "count", "count_distinct", "sum", "mean", "min", "max", "median", "stddev", "first", "last", "concat",
]  # fmt: skip
Function = Literal[OfValues, "union_geometry"]
IN_ORDER = frozenset({"first", "last", "concat", "union_geometry"})
TAKES = {
    "sum": {"number"}, "mean": {"number"}, "stddev": {"number"}, "median": {"number", "date"},
    "union_geometry": {"geometry"},
}  # fmt: skip
REFUSES = {"min": {"geometry"}, "max": {"geometry"}, "concat": {"geometry"}}
# Types whose sum may have more digits than any type has, though the mean has not.
WIDE = frozenset(f"DECIMAL({width},{scale})" for width in range(30, 39) for scale in range(width + 1))
# The order in which threads add up must not show: deviations are computed in the order of their values.
SQL = {
    "count": "count({x})",
    "count_distinct": "count(DISTINCT {x})",
    "min": "min({x})",
    "max": "max({x})",
    "median": "median({x})",
    "stddev": "stddev_samp({x} ORDER BY {x})",
    "first": "arg_min({x}, {number})",
    "last": "arg_max({x}, {number})",
    "concat": "string_agg({x}::VARCHAR, {separator} ORDER BY {number})",
    "union_geometry": "max(NULL)",
}


class Aggregation(BaseModel):
    """A function over a column of each group. All but `count` of `*` skip nulls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: Function = Field(description="What to compute; `stddev` is that of a sample.", examples=["sum"])
    column: Column = Field("*", description="Of which column; `*` counts rows.", examples=["amount"])
    name: NewColumn | None = Field(
        None, description="Name of the result; if left out, such as `sum_amount`.", examples=["total"]
    )
    separator: str = Field(", ", max_length=100, description="What `concat` puts between two values.")

    @model_validator(mode="after")
    def _star_is_counted(self) -> "Aggregation":
        if self.column == "*" and self.function != "count":
            raise invalid(f"'{self.function}' needs a column; only 'count' takes '*'.", "column")
        return self

    @property
    def output(self) -> str:
        """The name of the result."""
        return self.name or ("count" if self.column == "*" else f"{self.function}_{self.column}")

    def sql(self, kind: str, number: str, over: str = "") -> str:
        """The aggregate over `t`, whose column is of this type; `number` is the column of row numbers.

        With `over`, an OVER clause, it is that of a window.

        Raises:
            NodeError: `type_mismatch`, the function does not take the type.
        """
        if self.column == "*":
            return f"count(*){over}"
        found = family(kind)
        if found not in TAKES.get(self.function, {found}) or found in REFUSES.get(self.function, ()):
            message = f"'{self.function}' cannot be computed of column '{self.column}', which is {plain(kind)}."
            wanted = " or ".join(sorted(TAKES.get(self.function, ())))
            raise NodeError(message, code="type_mismatch", hint=f"it takes a {wanted} column" if wanted else None)
        x = f"t.{quote(self.column)}"
        if self.function == "median" and found == "number":
            x = f"{x}::DOUBLE"  # DuckDB would round one that lies between two decimals
        if self.function in ("sum", "mean"):
            return self._total(kind, x, over)
        return SQL[self.function].format(x=x, number=f"t.{number}", separator=literal(self.separator)) + over

    def _total(self, kind: str, x: str, over: str) -> str:
        wide = self.function == "mean" and kind in WIDE
        if wide or kind in ("FLOAT", "DOUBLE"):
            return self._float_total(x if kind == "DOUBLE" else f"{x}::DOUBLE", over)
        if self.function == "mean":
            return f"CAST(avg({x}){over} AS DOUBLE)"
        small = INTEGER.fullmatch(kind) and not kind.endswith("HUGEINT")
        return f"CAST(sum({x}){over} AS BIGINT)" if small else f"sum({x}){over}"

    def _float_total(self, x: str, over: str) -> str:
        """A window goes through its rows in their order, whatever the number of threads."""
        if over:
            return f"{'fsum' if self.function == 'sum' else 'favg'}({x}){over}"
        return exact_sum(x) if self.function == "sum" else f"{exact_sum(x)} / count({x})"

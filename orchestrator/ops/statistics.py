"""`statistics`: FME's StatisticsCalculator."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._aggregations import Aggregation
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._taken import Source, held
from orchestrator.ops._types import INTEGER, family, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote

Statistic = Literal[
    "count", "value_count", "null_count", "min", "max", "range", "sum", "mean", "median", "mode", "stddev",
    "stddev_population",
]  # fmt: skip
SHARED: dict[str, Any] = {"value_count": "count", "min": "min", "max": "max", "sum": "sum", "mean": "mean"}
COUNTS = {"count": "count(*)", "null_count": "count(*) - count({x})"}
# In an order, since the sums inside would show how the threads shared the rows.
OF_NUMBERS = {"stddev": "stddev_samp({x} ORDER BY {n})", "stddev_population": "stddev_pop({x} ORDER BY {n})"}


class Described(NamedTuple):
    """The rows, and their groups."""

    complete: Annotated[Relation, "Every row, with the statistics of its group."]
    summary: Annotated[Relation, "One row for each group with its statistics, in the order of first appearance."]


class Statistics(Op):
    """Compute statistics of columns, of all rows or of each group of rows.

    New columns are called `<column>_<statistic>`, such as `amount_mean` and `amount_p95`. Nulls are skipped, and
    counted by `count` and `null_count`; an empty text is a value. Where a group has no value the result is null. Null
    is a group of its own. The sum of whole numbers is BIGINT and an error beyond that. Of values that are as frequent
    the `mode` is the first to appear. Percentiles and the median lie between two values where they must. `stddev` is
    that of a sample. Without `group_by` one row comes out of `summary`, also of an empty table.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {
        "columns": ["amount"], "statistics": ["mean", "stddev"], "percentiles": [95], "group_by": ["region"],
    }  # fmt: skip

    columns: list[Column] = Field(min_length=1, description="The columns to look at.", examples=[["amount"]])
    statistics: list[Statistic] = Field(
        ["min", "max", "mean"], description="What to compute of each column; `range` is from the least to the greatest."
    )
    percentiles: list[Annotated[float, Field(ge=0, le=100)]] = Field(
        [], description="Percentiles to compute too.", examples=[[5, 95]]
    )
    group_by: list[Column] = Field([], description="Rows that are equal in these are a group.", examples=[["region"]])

    @model_validator(mode="after")
    def _unique(self) -> "Statistics":
        for field, what in (("columns", "Column"), ("statistics", "Statistic"), ("percentiles", "Percentile"),
                            ("group_by", "Column")):  # fmt: skip
            found = ((f"{each:g}" if isinstance(each, float) else each) for each in getattr(self, field))
            unique(((each, (field, index)) for index, each in enumerate(found)), what, advice="")
        if not self.statistics and not self.percentiles:
            raise invalid("Give a statistic or a percentile.", "statistics")
        groups = [(name, ("group_by", index)) for index, name in enumerate(self.group_by)]
        unique([*groups, *((each, ("columns", index)) for each, (index, *_) in self._made().items())])
        return self

    def _made(self) -> dict[str, tuple[int, str, str | float]]:
        """The new columns: place and name of the column, and what of it."""
        return {
            f"{name}_p{of:g}" if isinstance(of, float) else f"{name}_{of}": (index, name, of)
            for index, name in enumerate(self.columns)
            for of in (*self.statistics, *self.percentiles)
        }

    def run(self, table: Annotated[Relation, "The rows."], context: Context) -> Described:
        """The groups are computed once; rows find theirs by what they are grouped by."""
        made = self._made()
        check_new(table.columns, ((name, f"/columns/{index}") for name, (index, *_) in made.items()))
        rows, connection = Source(table, context), context.session.connection
        groups = context.session.name(held(connection.sql(self._groups(rows, made)), context))
        keys = ", ".join(f"s.k{n} AS {quote(name)}" for n, name in enumerate(self.group_by))
        results = ", ".join(f"s.r{n} AS {quote(name)}" for n, name in enumerate(made))
        on = " AND ".join(f"t.{quote(name)} IS NOT DISTINCT FROM s.k{n}" for n, name in enumerate(self.group_by))
        columns = ", ".join(f"t.{quote(name)}" for name in table.columns)
        source = f"{rows.sql} t JOIN {groups} s ON {on or 'true'}"
        orders = (f" ORDER BY t.{rows.number}", " ORDER BY s.first") if context.keep_order else ("", "")
        return Described(
            connection.sql(f"SELECT {columns}, {results} FROM {source}{orders[0]}"),
            connection.sql(f"SELECT {keys}{', ' if keys else ''}{results} FROM {groups} s{orders[1]}"),
        )

    def _groups(self, rows: Source, made: dict[str, tuple[int, str, str | float]]) -> str:
        """Each group's keys `k0`, …, results `r0`, …, and the number of its first row."""
        kinds = names(rows.table)
        columns = [f"t.{quote(name)} AS k{n}" for n, name in enumerate(self.group_by)]
        for number, (index, name, of) in enumerate(made.values()):
            with at(f"/columns/{index}"):
                columns.append(f"{_sql(of, name, kinds[name], f't.{rows.number}')} AS r{number}")
        by = f" GROUP BY {', '.join(f't.{quote(name)}' for name in self.group_by)}" if self.group_by else ""
        return f"SELECT {', '.join(columns)}, min(t.{rows.number}) AS first FROM {rows.sql} t{by}"


def _sql(of: str | float, name: str, kind: str, number: str) -> str:
    """A statistic of a column of table `t`, or the percentile.

    Raises:
        NodeError: `type_mismatch`.
    """
    x = f"t.{quote(name)}"
    if of in SHARED:
        return Aggregation(function=SHARED[str(of)], column=name).sql(kind, number)
    if of in COUNTS:
        return COUNTS[str(of)].format(x=x)
    if of == "mode" and not is_geometry(kind):
        return f"mode({x} ORDER BY {number})"
    if family(kind) == "number":
        if of in OF_NUMBERS:
            return OF_NUMBERS[str(of)].format(x=f"{x}::DOUBLE", n=number)
        if of == "range":
            return f"(max({x})::HUGEINT - min({x}))::BIGINT" if INTEGER.fullmatch(kind) else f"max({x}) - min({x})"
        return _percentile(of, f"{x}::DOUBLE")
    if family(kind) == "date" and of not in OF_NUMBERS:
        return f"max({x}) - min({x})" if of == "range" else _percentile(of, x)
    said = f"Percentile {of:g}" if isinstance(of, float) else f"'{of}'"
    message = f"{said} cannot be computed of column '{name}', which is {plain(kind)}."
    raise NodeError(message, code="type_mismatch")


def _percentile(of: str | float, x: str) -> str:
    return f"quantile_cont({x}, {0.5 if of == 'median' else float(of) / 100!r})"

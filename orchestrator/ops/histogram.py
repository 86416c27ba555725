"""`histogram`: the histogram of FME's StatisticsCalculator."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._taken import Source
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote

MOST = 100_000  # bins of a group
BINS, VALUES = ("lower", "upper", "label", "count", "share"), ("value", "label", "count", "share")


class Histogram(Op):
    """Count the rows in equal ranges of a number, or of each value of a column.

    By `bins` each range holds its lower end and not its upper one, but the last, which holds both. They go from the
    least to the greatest number of the whole table, unless `from` and `to` say otherwise; by `width` they begin at a
    multiple of it, and the last may end after `to`. Every group has all the bins, also those without rows. By `values`
    each value that a group has is a row, in the order of the values; an empty text is one. Null is not counted, and in
    bins neither are NaN, infinity and what lies outside; `share` is the part of the rows that are counted. Groups come
    in the order of their first rows; null is a group of its own. Without rows there are no bins, unless both ends are
    given.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {"column": "amount", "bins": 5, "group_by": ["region"]}

    column: Column = Field(description="The column to look at.", examples=["amount"])
    by: Literal["bins", "values"] = Field("bins", description="Count in ranges, or for each value.")
    bins: int | None = Field(None, ge=1, le=MOST, description="How many ranges; 10 if nothing is said.", examples=[10])
    width: float | None = Field(None, gt=0, allow_inf_nan=False, description="Or how wide each is.", examples=[0.5])
    from_: float | None = Field(
        None, alias="from", allow_inf_nan=False, description="Where the first range begins.", examples=[0]
    )
    to: float | None = Field(None, allow_inf_nan=False, description="Where the last range ends.", examples=[100])
    group_by: list[Column] = Field([], description="Count in each group of equal values.", examples=[["region"]])

    @model_validator(mode="after")
    def _sensible(self) -> "Histogram":
        if self.by == "values":
            for field, value in (("bins", self.bins), ("width", self.width), ("from", self.from_), ("to", self.to)):
                if value is not None:
                    raise invalid(f"'{field}' is for bins.", field)
        if self.bins is not None and self.width is not None:
            raise invalid("Give either 'bins' or 'width'.", "width")
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise invalid(f"The range ends at {self.to:g}, not after it begins at {self.from_:g}.", "to")
        if self.width and self.from_ is not None and self.to is not None and (self.to - self.from_) / self.width > MOST:
            raise invalid(f"That makes more than {MOST:,} bins.", "width")
        made = ((name, ("group_by",)) for name in (BINS if self.by == "bins" else VALUES))
        unique([*made, *((name, ("group_by", index)) for index, name in enumerate(self.group_by))])
        return self

    def run(self, table: Annotated[Relation, "The rows to count."], context: Context) -> Relation:
        """Groups are known by the number of their first row.

        Raises NodeError, `type_mismatch`: geometry, or ranges of what is no number.
        """
        kind = names(table)[self.column]
        if self.by == "bins" and family(kind) != "number" and kind != NULL:
            message = f"Column '{self.column}' is {plain(kind)}; ranges are of numbers. Count by 'values'."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        if is_geometry(kind):
            message = f"Column '{self.column}' is a geometry, whose values cannot be counted."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        rows = Source(table, context)
        keys = "".join(f", {quote(name)} AS k{place}" for place, name in enumerate(self.group_by))
        window = f"PARTITION BY {', '.join(map(quote, self.group_by))}" if keys else ""
        group = f"min({rows.number}) OVER ({window})" if keys else "0"
        value = f"{quote(self.column)}::DOUBLE" if self.by == "bins" else quote(self.column)
        given = f"SELECT {rows.number} AS n, {value} AS x, {group} AS g{keys} FROM {rows.sql}"
        known = ", ".join(["g", *(f"k{place}" for place in range(len(self.group_by)))])
        groups = f"SELECT {known} FROM given WHERE n = g" if keys else "SELECT 0 AS g"
        counted = self._in_bins() if self.by == "bins" else self._of_values()
        columns = [*(f"k{place} AS {quote(name)}" for place, name in enumerate(self.group_by)), *counted[0]]
        share = "count / nullif(sum(count) OVER (PARTITION BY g), 0)::DOUBLE AS share"
        order = f" ORDER BY counted.g, counted.{counted[2]}" if context.keep_order else ""
        return context.session.connection.sql(
            f"WITH given AS ({given}), groups AS ({groups}), {counted[1]} "
            f"SELECT {', '.join([*columns, 'count', share])} FROM counted JOIN groups USING (g){order}"
        )

    def _of_values(self) -> tuple[list[str], str, str]:
        """The columns, the table `counted`, and its order."""
        counted = "counted AS (SELECT g, x, count(*) AS count FROM given WHERE x IS NOT NULL GROUP BY g, x)"
        return ["x AS value", "x::VARCHAR AS label"], counted, "x"

    def _in_bins(self) -> tuple[list[str], str, str]:
        """The same for ranges."""
        columns = ["lower", "upper"]
        short, long = (f"format('{{:.{digits}g}} – {{:.{digits}g}}', lower, upper)" for digits in (12, 17))
        same = "format('{:.12g}', lower) = format('{:.12g}', upper)"
        label = f"CASE WHEN {same} THEN {long} ELSE {short} END AS label"
        return [*columns, label], in_bins(self._ranges()), "i"

    def _ranges(self) -> str:
        """One row: where the bins begin and end, how many they are and how wide each is; none without both ends."""
        low, high = (f"{value!r}::DOUBLE" if value is not None else "NULL::DOUBLE" for value in (self.from_, self.to))
        ends = f"SELECT coalesce({low}, min(x)) AS low, coalesce({high}, max(x)) AS high FROM given WHERE isfinite(x)"
        ends += " HAVING low IS NOT NULL AND high IS NOT NULL"
        if self.width is not None:
            message = literal(f"A width of {self.width:g} makes more than {MOST:,} bins.")
            first = "low" if self.from_ is not None else f"least(low, {tidy('floor(round(low / w, 9)) * w')})"
            first = f"SELECT {first} AS low, high, w FROM (SELECT *, {self.width!r}::DOUBLE AS w FROM ({ends}))"
            many = "greatest(ceil(round((high - low) / w, 9)), 1)"
            counted = f"SELECT *, {many} AS many FROM ({first})"
            k = f"CASE WHEN many > {MOST} THEN error({message}) ELSE many END::BIGINT AS k"
            end = f"greatest(high, {tidy('low + many * w')})"
            return f"SELECT low, {end} AS high, {k}, w AS step FROM ({counted})"
        bins = self.bins or 10
        middle, below = ("low", 0) if self.from_ is not None else ("low", 0.5) if self.to is None else ("high", 1)
        grown = (
            f"SELECT CASE WHEN low < high THEN low ELSE {middle} - {below} END AS low, "
            f"CASE WHEN low < high THEN high ELSE {middle} + {1 - below} END AS high FROM ({ends})"
        )
        return f"SELECT low, high, {bins} AS k, high / {bins} - low / {bins} AS step FROM ({grown})"


def tidy(number: str) -> str:
    """SQL of a number without the noise of binary fractions: 0.3 for 3 * 0.1."""
    return "format('{:.15g}', " + number + ")::DOUBLE"


def in_bins(ranges: str) -> str:
    """The tables up to `counted`: for each group `g` and bin `i` its `count`, and where the bin begins and ends.

    The bin that arithmetic tells is off by one at most; the edges decide.
    """
    exact, short = "low + i * step", tidy("low + i * step")
    edge = f"CASE WHEN abs({short} - ({exact})) <= step * 1e-6 THEN {short} ELSE {exact} END"
    return f"""
        ranges AS ({ranges}),
        edged AS (
            SELECT *, [low] || list_transform(range(1, k), lambda i: {edge}) || [high] AS edges
            FROM ranges
        ),
        guessed AS (
            SELECT g, x, k, edges, least(greatest(floor((x / 2 - low / 2) / (step / 2)), 0), k - 1)::BIGINT AS i
            FROM given, edged WHERE x >= low AND x <= high
        ),
        found AS (
            SELECT
                g,
                i + CASE WHEN x < edges[i + 1] THEN -1 WHEN i + 1 < k AND x >= edges[i + 2] THEN 1 ELSE 0 END AS i,
                count(*) AS count
            FROM guessed GROUP BY ALL
        ),
        bins AS (SELECT unnest(range(k)) AS i, unnest(edges[:-2]) AS lower, unnest(edges[2:]) AS upper FROM edged),
        counted AS (
            SELECT g, i, lower, upper, coalesce(count, 0) AS count
            FROM groups CROSS JOIN bins LEFT JOIN found USING (g, i)
        )
    """

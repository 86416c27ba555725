"""`sample`: FME's Sampler."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from orchestrator.ops._numbered import Numbered, listed, settled
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Column, invalid
from orchestrator.sql import quote


class Sampled(NamedTuple):
    """Where a row goes."""

    sampled: Annotated[Relation, "The sample, in input order."]
    rest: Annotated[Relation, "All other rows, in input order."]


class Sample(Op):
    """Take the first, last, every nth or random rows, of the table or of each group.

    `every` takes the first row and each nth after it: rows 1, 1 + n, 1 + 2n, … A random sample has exactly n rows, or
    the fraction rounded, where there are that many; the same seed takes the same rows. In a fused run (`cache: false`)
    the input is stored for the time of the run unless it is already, so that both ports tell of the same rows.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"method": "first", "n": 10}

    method: Literal["first", "last", "every", "random"] = Field("first", description="Which rows to take.")
    n: int | None = Field(
        None,
        ge=0,
        le=2**62,
        description="How many rows; for `every`, the distance from one to the next.",
        examples=[10],
    )
    fraction: float | None = Field(None, ge=0, le=1, description="How many, as a part of all rows.", examples=[0.1])
    seed: int = Field(0, ge=-(2**62), le=2**62, description="Another seed gives another random sample.")
    group_by: list[Column] = Field(
        [], description="Take a sample of each group of equal values in these.", examples=[["region"]]
    )

    @model_validator(mode="after")
    def _how_many(self) -> "Sample":
        if self.method == "every" and (not self.n or self.fraction is not None):
            raise invalid("'every' needs 'n', the distance between two rows, from 1.", "n")
        if (self.n is None) == (self.fraction is None):
            raise invalid("Give either 'n' or 'fraction'.", "n")
        return self

    def run(self, table: Annotated[Relation, "The rows to take from."], context: Context) -> Sampled:
        """The first n of all are a plain LIMIT."""
        if self.method != "first" or self.n is None or self.group_by:
            rows = Numbered(table, context)
            return Sampled(*rows.split(self._numbers(table, rows.number)))
        table = settled(table, context)
        return Sampled(table.limit(self.n).project("*"), table.limit(2**62, offset=self.n).project("*"))

    def _numbers(self, table: Relation, number: str) -> str:
        """A row's place among all, or in its group, decides."""
        place, count = (quote(free(table.columns, name)) for name in ("_place", "_count"))
        window = f"PARTITION BY {listed(self.group_by)}" if self.group_by else ""
        orders = {"last": f"{number} DESC", "random": f"hash({number}, {self.seed}::BIGINT), {number}"}
        order = orders.get(self.method, number)
        limit = f"round({count} * {self.fraction!r}::DOUBLE)" if self.n is None else str(self.n)
        test = f"({place} - 1) % {self.n} = 0" if self.method == "every" else f"{place} <= {limit}"
        return (
            f"SELECT {number} FROM (SELECT {number}, row_number() OVER ({window} ORDER BY {order}) AS {place}, "
            f"count(*) OVER ({window}) AS {count} FROM _rows) WHERE {test}"
        )

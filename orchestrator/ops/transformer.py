"""`transformer`: one node for three operations, for graphs that are written that way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr, field_validator

from orchestrator.errors import NodeError
from orchestrator.ops.aggregate import Aggregate
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.compute import Compute
from orchestrator.ops.filter import Filter

OPERATIONS: dict[str, type[Op]] = {"map": Compute, "filter": Filter, "aggregate": Aggregate}


class Transformer(Op):
    """Compute columns, keep the rows that pass, or aggregate: `params` are the settings of that node type."""

    category: ClassVar[str] = "Advanced"
    example: ClassVar[dict[str, Any]] = {"operation": "filter", "params": {"condition": "amount > 100"}}

    operation: Literal["map", "filter", "aggregate"] = Field(
        description="What to do: `map` is `compute`.", examples=["filter"]
    )
    params: dict[str, Any] = Field(
        description="The settings of `compute`, `filter` or `aggregate`.", examples=[{"condition": "amount > 100"}]
    )
    _inner: Op = PrivateAttr()

    @field_validator("params")
    @classmethod
    def _valid(cls, params: dict[str, Any], info: Any) -> dict[str, Any]:
        if "operation" in info.data:
            OPERATIONS[info.data["operation"]].model_validate(params)
        return params

    def model_post_init(self, _: Any) -> None:
        """Read the settings of the operation."""
        self._inner = OPERATIONS[self.operation].model_validate(self.params)

    @property
    def columns_named(self) -> list[tuple[str, str, str | None]]:
        """Those of the operation, below `params`."""
        return [(f"/params{path}", name, port) for path, name, port in self._inner.columns_named]

    def run(self, table: Annotated[Relation, "The rows."], context: Context) -> Relation:
        """The first output of the operation."""
        with _below("/params"):
            return next(iter(self._inner.call({"table": table}, context).values()))

    def operations(self) -> dict[str, Op]:
        """The one that is chosen."""
        return {"/params": self._inner}

    def ignores_order(self) -> bool:
        """As the operation does."""
        return self._inner.ignores_order()


@contextmanager
def _below(place: str) -> Iterator[None]:
    """Put what is said of a setting below this place."""
    try:
        yield
    except NodeError as error:
        error.path = f"/config{place}" + (error.path or "").removeprefix("/config")
        raise
    except Exception as error:
        error.setting = f"/config{place}" + getattr(error, "setting", "").removeprefix("/config")  # type: ignore[attr-defined]
        raise

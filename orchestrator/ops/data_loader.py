"""`data_loader`: FME's Reader."""

from typing import Annotated, Any, ClassVar, cast

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.formats import Reader, readers
from orchestrator.ops._by_format import ByFormat
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote
from orchestrator.suggest import listing, near


class DataLoader(ByFormat):
    """Read a dataset: a file below the data root, a table of a database, or the answer of a web service."""

    category: ClassVar[str] = "Read and write"
    example: ClassVar[dict[str, Any]] = {"source_type": "csv", "path": "flights.csv"}
    chooser: ClassVar[str] = "source_type"

    source_type: str = Field(description="The dataset's format; its options stand beside it.", examples=["csv"])
    columns: list[str] | None = Field(
        None,
        min_length=1,
        description="Keep only these columns, in this order; all by default.",
        examples=[["day", "dep_delay"]],
        json_schema_extra={"x-ui": {"widget": "columns"}},
    )
    limit: int | None = Field(
        None,
        ge=0,
        le=2**63 - 1,
        description="Read at most so many rows.",
        examples=[1000],
        json_schema_extra={"x-ui": {"widget": "number"}},
    )

    @classmethod
    def formats(cls) -> "dict[str, type[Any]]":
        """Every format that can be read."""
        return dict(readers())

    def run(self, context: Context) -> Annotated[Relation, "The rows of the dataset."]:
        """What the format reads, cut to the columns and rows that are wanted."""
        table = cast(Reader, self).load(context)
        if self.columns is not None:
            table = self._chosen(table, self.columns)
        return table if self.limit is None else table.limit(self.limit)

    @staticmethod
    def _chosen(table: Relation, wanted: list[str]) -> Relation:
        for index, name in enumerate(wanted):
            if name not in table.columns:
                message = f"Column '{name}' is not in this dataset.{near(name, table.columns)}"
                hint = listing(table.columns)
                raise NodeError(message, code="unknown_column", path=f"/config/columns/{index}", hint=hint)
        return table.project(", ".join(map(quote, dict.fromkeys(wanted))))

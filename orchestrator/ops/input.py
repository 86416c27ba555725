"""`input`: rows that are posted with an execution."""

from typing import Any, ClassVar

from pydantic import Field, field_validator

from orchestrator.errors import NodeError
from orchestrator.faults import unknown_column
from orchestrator.ops import _rows
from orchestrator.ops._rows import Row, TypedColumn
from orchestrator.ops.base import Context, Op, Relation, UnknownColumns
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote


class Input(Op):
    """The rows given to an execution as `input_data`, under this name or the node's id; without them, the sample.

    Columns and their types are those of `columns`, then those of the sample; what is given must fit them. With neither,
    they are known only when rows are given, and a run without rows fails; with `columns` alone it has none.
    """

    category: ClassVar[str] = "Input"
    example: ClassVar[dict[str, Any]] = {"name": "orders", "sample": [{"id": 1, "amount": 12.5}]}

    name: str = Field("", max_length=1000, description="Name in `input_data`.", examples=["orders"])
    columns: list[TypedColumn] = Field(
        [], description="The columns and their types.", examples=[[{"name": "id", "type": "BIGINT"}]]
    )
    sample: list[Row] = Field([], description="Rows for trying the workflow out.", examples=[[{"id": 1}]])

    @field_validator("columns")
    @classmethod
    def _unique(cls, columns: list[TypedColumn]) -> list[TypedColumn]:
        _rows.check_columns(columns)
        return columns

    def run(self, context: Context) -> Relation:
        """The rows, in the order given.

        Raises NodeError: `missing_input`, and rows that do not fit the columns; UnknownColumns, in design.
        """
        closed = bool(self.columns or any(self.sample))
        if not closed and context.design:
            raise UnknownColumns
        sample = self._sample(context) if closed else None
        if context.given is None or context.design:
            if sample is None:
                message = f"No rows were given for input '{self.name}', and it has no columns and no sample."
                raise NodeError(message, code="missing_input", hint="post them in input_data")
            return sample
        columns = [] if sample is None else _columns(sample)
        return _rows.relation(context.session, context.given, columns, "/input_data", closed=closed)

    def fitted(self, table: Relation, context: Context) -> Relation:
        """A table in place of posted rows: with the declared columns, in their types; further ones go along.

        Raises:
            NodeError: `unknown_column`, for one that is declared and not there.
        """
        if not (self.columns or any(self.sample)):
            return table
        there = {name.lower(): (name, kind) for name, kind in names(table).items()}
        made = []
        for column in _columns(self._sample(context)):
            if column.name.lower() not in there:
                raise unknown_column(column.name, table.columns)
            name, kind = there.pop(column.name.lower())
            same = kind == column.type or (is_geometry(kind) and is_geometry(column.type))
            made.append(f"{quote(name) if same else f'CAST({quote(name)} AS {column.type})'} AS {quote(column.name)}")
        return table.project(", ".join([*made, *(quote(name) for name, _ in there.values())]))

    def _sample(self, context: Context) -> Relation:
        return _rows.relation(context.session, self.sample, self.columns, "/config/sample")


def _columns(table: Relation) -> list[TypedColumn]:
    return [TypedColumn(name=n, type=str(kind)) for n, kind in zip(table.columns, table.types, strict=True)]

"""Columns of text, changed in place or into a new column."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Relation
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import names, quote


class Texts(BaseModel):
    """Which columns of text a node changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: list[Column] = Field(min_length=1, description="The columns to change, all text.", examples=[["region"]])
    name: NewColumn | None = Field(
        None,
        description="Write what one column becomes to this column, and leave that one as it is; "
        "a column of this name is replaced.",
        examples=["code"],
    )

    @model_validator(mode="after")
    def _one_for_a_name(self) -> "Texts":
        if self.name is not None and len(self.columns) > 1:
            raise invalid("A name is for what one column becomes; several columns are changed in place.", "name")
        return self

    def changed(self, table: Relation, change: Callable[[str], str]) -> Relation:
        """The table with the columns changed; `change` gives the SQL of the new value from that of the old.

        Raises:
            NodeError: `type_mismatch`, a column is no text.
        """
        self.check_texts(table)
        texts = {column: f"{quote(column)}::VARCHAR" for column in self.columns}
        return with_columns(table, {self.name or column: change(text) for column, text in texts.items()})

    def check_texts(self, table: Relation) -> None:
        """Refuse a column that is no text.

        Raises:
            NodeError: `type_mismatch`.
        """
        kinds = names(table)
        for index, column in enumerate(self.columns):
            check_text(column, kinds[column], f"/config/columns/{index}")


def check_text(column: str, kind: str, path: str) -> None:
    """Refuse a column of another type.

    Raises:
        NodeError: `type_mismatch`.
    """
    if family(kind) != "text" and kind != NULL:
        message = f"Column '{column}' is {plain(kind)}; it must be text."
        raise NodeError(message, code="type_mismatch", path=path, hint="a cast node makes text of it: VARCHAR")


def with_columns(table: Relation, made: dict[str, str]) -> Relation:
    """The table with these columns, by their SQL: one that is there keeps its place, others come last."""
    new = {name.lower(): f"{value} AS {quote(name)}" for name, value in made.items()}
    kept = [new.pop(name.lower(), quote(name)) for name in table.columns]
    return table.project(", ".join([*kept, *new.values()]))

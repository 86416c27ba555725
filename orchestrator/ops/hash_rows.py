"""`hash_rows`: FME's CRCCalculator."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from orchestrator.ops._digests import written
from orchestrator.ops._new_columns import check_new
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, unique
from orchestrator.sql import names, quote


class HashRows(Op):
    """Add a column with a hash of each row's values, to find rows that changed.

    Rows have the same hash if their values are written the same, in the order of the columns: 1 and the text `1` are,
    1 and 1.0 are not. Null and empty text differ, and no value runs into the next: ('a', 'bc') is not ('ab', 'c').
    Geometry goes in as its WKB, vertex by vertex, without its coordinate system. What is hashed is, for each value, the
    number of its bytes in UTF-8, a colon and the bytes, and `-` for null; lists and structs are written as JSON, bytes
    and WKB in hexadecimal capitals. The hash is text in small hexadecimal letters.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"columns": ["id", "region", "geometry"], "algorithm": "md5"}

    columns: list[Column] = Field([], description="The columns; if empty, all.", examples=[["name", "geometry"]])
    algorithm: Literal["md5", "sha256"] = Field("sha256", description="`md5` is shorter, and not safe from forgery.")
    name: NewColumn = Field("hash", description="Name of the new column.")

    @field_validator("columns")
    @classmethod
    def _unique(cls, columns: list[Column]) -> list[Column]:
        unique((name, (index,)) for index, name in enumerate(columns))
        return columns

    def run(self, table: Annotated[Relation, "The rows to hash."]) -> Relation:
        """The new column comes last."""
        check_new(table.columns, [(self.name, "/name")])
        text = written(self.columns or table.columns, names(table))
        return table.project(f"*, {self.algorithm}({text}) AS {quote(self.name)}")

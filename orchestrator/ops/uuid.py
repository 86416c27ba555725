"""`uuid`: FME's UUIDGenerator."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import NAMESPACE_OID, UUID, uuid4

from pydantic import Field, model_validator

from orchestrator.ops._digests import written
from orchestrator.ops._new_columns import check_new
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid, unique
from orchestrator.sql import literal, names, quote


class Uuid(Op):
    """Add a column with a UUID for each row: made from its values, or random.

    From values (`columns`) the same values always give the same UUID (version 5, RFC 9562), in any run and any system
    that makes it so; rows with equal values share one. Of one text column it is the UUID of that text as a name, null
    of null; of others that of the values written as `hash_rows` writes them. `random` ones (version 4) are others in
    each run, but with a `seed` the same for the same place in the table.
    """

    title: ClassVar[str] = "UUID"
    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {"method": "columns", "columns": ["id", "region"]}

    method: Literal["columns", "random"] = Field("columns", description="What the UUID is made from.")
    columns: list[Column] = Field([], description="The columns; if empty, all.", examples=[["id"]])
    namespace: UUID = Field(NAMESPACE_OID, description="Another namespace gives the same values another UUID.")
    seed: int | None = Field(
        None, ge=-(2**62), le=2**62, description="For `random`: gives the same UUIDs in each run.", examples=[1]
    )
    name: NewColumn = Field("uuid", description="Name of the new column.")

    @model_validator(mode="after")
    def _fits_the_method(self) -> "Uuid":
        unique((name, ("columns", index)) for index, name in enumerate(self.columns))
        if self.method == "random" and self.columns:
            raise invalid("A random UUID is made from no columns.", "columns")
        if self.method == "columns" and self.seed is not None:
            raise invalid("'seed' is for random UUIDs.", "seed")
        return self

    def run(self, table: Annotated[Relation, "The rows."]) -> Relation:
        """The new column comes last. Random ones come from a number drawn once, so that each reader sees the same."""
        check_new(table.columns, [(self.name, "/name")])
        if self.method == "columns":
            return self._shaped(table, f"sha1(from_hex({literal(self.namespace.hex)}) || {self._named(table)})", 5)
        drawn = uuid4().hex if self.seed is None else f"seed {self.seed}"
        return self._shaped(table, f"sha256({literal(f'{drawn} ')} || row_number() OVER ())", 4)

    def _named(self, table: Relation) -> str:
        kinds, columns = names(table), self.columns or table.columns
        alone = columns[0] if len(columns) == 1 and kinds[columns[0]] == "VARCHAR" else None
        return f"encode({quote(alone)})" if alone else written(columns, kinds)

    def _shaped(self, table: Relation, digits: str, version: int) -> Relation:
        """The first 32 hexadecimal digits; the 13th becomes the version, the 17th is binary 10 and two free bits."""
        name = quote(self.name)
        variant = f"substr('89ab', 1 + ('0x' || {name}[17])::INTEGER % 4, 1)"
        made = f"{name}[:12] || '{version}' || {name}[14:16] || {variant} || {name}[18:32]"
        columns = [*map(quote, table.columns), f"CAST({made} AS UUID) AS {name}"]
        return table.project(f"*, {digits} AS {name}").project(", ".join(columns))

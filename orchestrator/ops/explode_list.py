"""`explode_list`: FME's ListExploder."""

from typing import Annotated, Any, ClassVar, NamedTuple

from duckdb.sqltypes import DuckDBPyType as Kind
from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._exploded import element, exploded, place, with_list
from orchestrator.ops._nested import STRUCTS, fails, from_json, leaves
from orchestrator.ops._new_columns import check_new, replaced
from orchestrator.ops._rejected import rejected, said
from orchestrator.ops._types import NULL, TypeName, free, plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import quote

TEXTS = ("JSON", "VARCHAR", NULL)


class Exploded(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "A row for each element."]
    rejected: Annotated[
        Relation, "Rows whose text is no JSON array or has an element of another type, as they came, with the reason."
    ]


class ExplodeList(Op):
    """Make a row of each element of a list, a map or a JSON array, the other columns beside it.

    Rows come in the order of the table and of each list. A null in a list gives a row; a list that is null or has no
    elements gives one row with null, or none. A map has elements of a `key` and a `value`. Elements of JSON become
    `element_type`; JSON's null is null. What is made of the elements stands in the place of the list.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {"column": "tags", "name": "tag", "index": "n"}

    column: Column = Field(description="The list, map or JSON array.", examples=["tags"])
    name: NewColumn | None = Field(
        None, description="Name of the column for elements; if left out, that of the list.", examples=["tag"]
    )
    index: NewColumn | None = Field(
        None, description="Name of a column with the place of the element in its list, from 1.", examples=["n"]
    )
    keep_rows: bool = Field(True, description="Whether a list without elements gives a row with null.")
    element_type: TypeName = Field("VARCHAR", description="The type of the elements of JSON.")
    fields: bool = Field(False, description="Whether fields of elements that are structs become columns.")
    prefix: str = Field("", max_length=200, description="What to put before the names of fields.", examples=["tag_"])

    @model_validator(mode="after")
    def _names_once(self) -> "ExplodeList":
        if self.fields and self.name:
            raise invalid("Fields are called as they are, behind 'prefix'; give no name.", "name")
        return self

    def run(self, table: Annotated[Relation, "The rows."]) -> Exploded:
        """Elements are a column first, which fields are then taken from."""
        kind = table.types[table.columns.index(self.column)]
        read, raw = with_list(table, self._elements(kind))
        bad, code, message = self._wrong(raw) if str(kind) in TEXTS else ("false", "''", "''")
        rows, held = self._exploded(table, read.filter(f"NOT {bad}"), raw, str(kind) in TEXTS)
        made = self._made(rows.types[rows.columns.index(held)], held)
        new = [(name, "/prefix" if self.fields else "/name") for name in made]
        new += [(self.index, "/index")] if self.index else []
        check_new((name for name in table.columns if name != self.column), new)
        terms = [f"{value} AS {quote(name)}" for name, value in made.items()]
        return Exploded(
            rows.project(", ".join(replaced([quote(name) for name in rows.columns], quote(held), terms))),
            rejected(read.filter(bad), table.columns, code, message),
        )

    def _exploded(self, table: Relation, read: Relation, raw: str, json: bool) -> tuple[Relation, str]:
        """A row for each element of the list `raw`, and the name of the column that holds it."""
        listed, items = with_list(read, f"[{from_json('each', self.element_type)} FOR each IN {raw}]" if json else raw)
        held = free([*table.columns, self.index], "_element")
        made = [f"{element(items)} AS {quote(held)}"]
        made += [f"{place(items)} AS {quote(self.index)}"] if self.index else []
        terms = replaced([quote(name) for name in table.columns], quote(self.column), made)
        return exploded(listed, items, terms, self.keep_rows), held

    def _made(self, kind: Kind, held: str) -> dict[str, str]:
        """What is made of an element of this type: a column, or one for each field."""
        if not self.fields:
            return {self.name or self.column: quote(held)}
        if kind.id in STRUCTS:
            return {f"{self.prefix}{name}": value for (name,), value in leaves(quote(held), kind, 1)}
        message = f"An element of '{self.column}' is {plain(kind)}, and has no fields."
        raise NodeError(message, code="type_mismatch", path="/config/fields")

    def _wrong(self, raw: str) -> tuple[str, str, str]:
        """Whether a row is to be rejected, with which code and message. `null` in JSON is a list that is null."""
        column = quote(self.column)
        null = f"json_type(TRY_CAST({column} AS JSON)) IS NOT DISTINCT FROM 'NULL'"
        broken = f"({column} IS NOT NULL AND {raw} IS NULL AND NOT {null})"
        wrong = f"list_any_value([each FOR each IN {raw} IF {fails('each', self.element_type)}])"
        bad = f"coalesce({broken} OR {wrong} IS NOT NULL, false)"
        messages = (
            f"CASE WHEN {broken} THEN {said(self.column, f'{column}::VARCHAR', ' is no JSON array.')} "
            f"ELSE {said(self.column, f'{wrong}::VARCHAR', f' cannot become {plain(self.element_type)}.')} END"
        )
        return bad, f"CASE WHEN {broken} THEN 'invalid_json' ELSE 'cast_failed' END", messages

    def _elements(self, kind: Kind) -> str:
        """A list of elements; of text, of JSON."""
        column = quote(self.column)
        if str(kind) in TEXTS:
            return f"TRY_CAST({column} AS JSON[])"
        if kind.id == "map":
            return f"map_entries({column})"
        if kind.id in ("list", "array"):
            return f"[each FOR each IN {column}]" if kind.id == "array" else column
        message = f"Column '{self.column}' is {plain(kind)}; a list, a map or an array in JSON has elements."
        raise NodeError(message, code="type_mismatch", path="/config/column")

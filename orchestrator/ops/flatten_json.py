"""`flatten_json`: FME's JSONFlattener and JSONExtractor."""

from typing import Annotated, Any, ClassVar, NamedTuple

import duckdb
from duckdb.sqltypes import DuckDBPyType as Kind
from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.expressions import connection
from orchestrator.ops._nested import NESTED, STRUCTS, fails, from_json, json_of, leaves
from orchestrator.ops._new_columns import check_new, replaced
from orchestrator.ops._rejected import rejected, said
from orchestrator.ops._types import NULL, TypeName, free, plain
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid
from orchestrator.sql import literal, quote


class Extracted(BaseModel):
    """A value in the JSON, and the column for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(
        min_length=1,
        max_length=1000,
        description='Where it is: `$.a.b[0]`, keys with other characters as `$."a b"`, or `/a/b/0`.',
        examples=["$.address.city"],
    )
    name: NewColumn = Field(description="Name of the column.", examples=["city"])
    type: TypeName = Field("VARCHAR", description="Its type.", examples=["VARCHAR"])

    @model_validator(mode="after")
    def _one_value(self) -> "Extracted":
        try:
            kind = str(connection().cursor().sql(f"SELECT json_extract('1', {literal(self.path)})").types[0])
        except duckdb.Error as error:
            reason = str(error).split(": ", 1)[-1].split("\n")[0]
            raise invalid(f"This is no path: {reason}.", "path") from None
        if kind != "JSON":
            raise invalid("This path finds many values: name one, or take the list and explode it.", "path")
        return self


class Flattened(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "The rows with the new columns."]
    rejected: Annotated[
        Relation, "Rows whose text is not JSON or has a value of another type, as they came, with the reason."
    ]


class FlattenJson(Op):
    """Make columns of what is inside a struct, a map or JSON.

    Of a struct all fields become columns, and the fields of structs in it, down to `max_depth` levels; lists and maps
    stay whole. Of JSON, text of JSON and maps, whose fields are not known before a run, `extract` names the values to
    take and their types; it may be used on structs too. What is not there is null, as are JSON's null and all fields of
    null. Numbers in text are read too; decimals are rounded for a whole number; in a list or struct an element of
    another type is null. The columns stand behind the column, or in its place where it does not stay.
    """

    category: ClassVar[str] = "Columns"
    example: ClassVar[dict[str, Any]] = {
        "column": "properties",
        "extract": [{"path": "$.name", "name": "name"}, {"path": "$.size.height", "name": "height", "type": "DOUBLE"}],
    }

    column: Column = Field(description="The struct, map or JSON.", examples=["properties"])
    extract: list[Extracted] = Field(
        [],
        max_length=1000,
        description="The values to take; if empty, all fields of a struct.",
        examples=[[{"path": "$.name", "name": "name", "type": "VARCHAR"}]],
    )
    separator: str = Field("_", max_length=20, description="What stands between the names of a field in a field.")
    prefix: str = Field("", max_length=200, description="What to put before the names of fields.", examples=["p_"])
    max_depth: int | None = Field(
        None, ge=1, le=1000, description="How many levels of structs to open; if left out, all.", examples=[1]
    )
    keep: bool = Field(False, description="Whether the column stays.")

    def run(self, table: Annotated[Relation, "The rows."]) -> Flattened:
        """A projection, which knows the fields of a struct by its type.

        Raises NodeError: `type_mismatch`, `duplicate_column`; `invalid_config` where no type names the fields.
        """
        kind = table.types[table.columns.index(self.column)]
        if kind.id not in NESTED and str(kind) not in ("JSON", "VARCHAR", NULL):
            message = f"Column '{self.column}' is {plain(kind)}; a struct, a map or JSON, also as text, is needed."
            raise NodeError(message, code="type_mismatch", path="/config/column")
        if self.extract:
            return self._extracted(table, kind)
        if kind.id not in STRUCTS:
            message = f"What is in '{self.column}', which is {plain(kind)}, is not known: name the values to take."
            raise NodeError(message, code="invalid_config", path="/config/extract")
        found = leaves(quote(self.column), kind, self.max_depth)
        fields = [(self.prefix + self.separator.join(path), value) for path, value in found]
        return Flattened(
            self._with(table, table, fields, "/prefix"),
            rejected(table.filter("false"), table.columns, "''", "''"),
        )

    def _extracted(self, table: Relation, kind: Kind) -> Flattened:
        """All values are found in one go, as a list of JSON."""
        column, found = quote(self.column), quote(free(table.columns, "_found"))
        paths = ", ".join(literal(each.path) for each in self.extract)
        read = table.project(f"*, json_extract({json_of(column, kind)}, [{paths}]) AS {found}")
        fields = [(each.name, from_json(f"{found}[{n}]", each.type)) for n, each in enumerate(self.extract, 1)]
        broken = "false" if kind.id in NESTED else f"({column} IS NOT NULL AND {found} IS NULL)"
        wrong = [fails(f"{found}[{n}]", each.type) for n, each in enumerate(self.extract, 1)]
        messages = [f"WHEN {broken} THEN {said(self.column, f'{column}::VARCHAR', ' is not JSON.')}"]
        for number, each in enumerate(self.extract, 1):
            text = said(each.name, f"{found}[{number}]::VARCHAR", f" cannot become {plain(each.type)}.")
            messages.append(f"WHEN {wrong[number - 1]} THEN {text}")
        bad = f"coalesce({broken} OR {' OR '.join(wrong)}, false)"
        code = f"CASE WHEN {broken} THEN 'invalid_json' ELSE 'cast_failed' END"
        return Flattened(
            self._with(table, read.filter(f"NOT {bad}"), fields, "/extract/{}/name"),
            rejected(read.filter(bad), table.columns, code, f"CASE {' '.join(messages)} END"),
        )

    def _with(self, table: Relation, rows: Relation, fields: list[tuple[str, str]], place: str) -> Relation:
        """The rows with these names and values; `place` is the JSON pointer of a field's name, by its number."""
        new = [(name, place.format(number)) for number, (name, _) in enumerate(fields)]
        check_new((name for name in table.columns if self.keep or name != self.column), new)
        terms = [f"{value} AS {quote(name)}" for name, value in fields]
        return rows.project(", ".join(replaced([*map(quote, table.columns)], quote(self.column), terms, self.keep)))

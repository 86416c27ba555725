"""The columns of a table as PostgreSQL stores them: their types, and each value as text that COPY reads."""

import re
from dataclasses import dataclass

from orchestrator.errors import NodeError
from orchestrator.formats.finite import finite_value
from orchestrator.ops.base import Relation
from orchestrator.schema import is_geometry
from orchestrator.sql import names, quote

LONGEST_NAME = 63  # bytes; PostgreSQL would cut it
TYPES = {
    "BOOLEAN": "boolean", "TINYINT": "smallint", "SMALLINT": "smallint", "UTINYINT": "smallint", "INTEGER": "integer",
    "USMALLINT": "integer", "BIGINT": "bigint", "UINTEGER": "bigint", "UBIGINT": "numeric(20)", "FLOAT": "real",
    "DOUBLE": "double precision", "VARCHAR": "text", "DATE": "date", "TIME": "time", "TIMESTAMP": "timestamp",
    "TIMESTAMP_NS": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz", "TIME WITH TIME ZONE": "timetz",
    "UUID": "uuid", "JSON": "jsonb", "BLOB": "bytea", "INTERVAL": "interval",
}  # fmt: skip
AS_IT_IS = re.compile(r"BOOLEAN|U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|VARCHAR")
DECIMAL = re.compile(r"DECIMAL(\(\d+, ?\d+\))")
ESCAPED = r"""'"' || replace(replace(x::VARCHAR, '\', '\\'), '"', '\"') || '"'"""


@dataclass(frozen=True)
class Stored:
    """A column to be stored, by its type in DuckDB; `finite` is SQL of its value for JSON."""

    name: str
    kind: str
    finite: str

    @property
    def geometry(self) -> bool:
        """Whether it goes to a type of PostGIS."""
        return is_geometry(self.kind)

    def type(self) -> str:
        """The type of a new column; a structure becomes jsonb."""
        return _type(self.kind) or "jsonb"

    def text(self, srid: int = 0) -> str:
        """SQL for the value as PostgreSQL's input functions read it; `srid` is for geometry."""
        column = quote(self.name)
        if AS_IT_IS.fullmatch(self.kind):
            return column
        if self.geometry:
            return f"'SRID={srid};' || hex(st_aswkb({column}))"
        if self.kind == "BLOB":
            return rf"'\x' || hex({column})"
        if self.kind.endswith("[]") and _type(self.kind):
            value = rf"'\\x' || hex(x)" if self.kind == "BLOB[]" else ESCAPED  # noqa: F541
            each = f"CASE WHEN x IS NULL THEN 'NULL' ELSE {value} END"
            return f"'{{' || array_to_string(list_transform({column}, lambda x: {each}), ',') || '}}'"
        if _type(self.kind):
            return f"{column}::VARCHAR"
        return f"to_json({self.finite})::VARCHAR"


def _type(kind: str) -> str | None:
    if found := DECIMAL.fullmatch(kind):
        return f"numeric{found[1]}"
    if kind.endswith("[]") and not kind.endswith("[][]"):
        inner = _type(kind[:-2])
        return f"{inner}[]" if inner else None
    return TYPES.get(kind)


def stored(table: Relation) -> list[Stored]:
    """The columns of a table.

    Raises:
        NodeError: `text_too_long`, PostgreSQL would cut the name.
    """
    for name in table.columns:
        if len(name.encode()) > LONGEST_NAME:
            shown = name if len(name) <= 60 else f"{name[:59]}…"
            message = f"Column '{shown}' has a name of more than {LONGEST_NAME} bytes, which PostgreSQL cannot hold."
            raise NodeError(message, code="text_too_long", port="table")
    columns = zip(names(table).items(), table.types, strict=True)
    return [Stored(name, kind, finite_value(quote(name), each)) for (name, kind), each in columns]

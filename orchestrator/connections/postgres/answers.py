"""The columns of an answer: how PostgreSQL is asked for each, and what DuckDB makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.sql import literal, quote

SIMPLE = ("bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "date", "time", "timestamp",
          "timestamptz", "bytea", "name", "bpchar")  # fmt: skip
AS_IT_IS = frozenset({*SIMPLE, *(f"_{each}" for each in SIMPLE), "uuid", "interval"})
GEOMETRY = ("geometry", "geography")
INFINITE = ("date", "timestamp", "timestamptz")
LARGEST_DECIMAL = 38
# The driver adds 30 years to what PostgreSQL keeps for infinity, and the sum overflows.
LATEST = {"date": ("-2147472692", "-2147472691"), "timestamp": ("-9222425352054775809", "-9222425352054775808")}
FIRST = "epoch_us(TIMESTAMP '4714-11-24 (BC) 00:00:00')"  # PostgreSQL's first: what is before it has overflown, too


@dataclass(frozen=True)
class Answered:
    """A column of an answer by its type in PostgreSQL; `modifier` is what a type such as numeric(10,2) has in it."""

    name: str
    type: str
    modifier: int = -1

    def asked(self) -> str:
        """How PostgreSQL is asked for it: as it is where the driver knows the type, else as text."""
        column = quote(self.name)
        value = f"({column})[:]" if self.type.startswith("_") else column  # the driver wants the first index to be 1
        if self.type in AS_IT_IS or self.type in GEOMETRY or self.decimal():
            return f"{value} AS {column}"
        kind = {"numeric": "float8", "_numeric": "float8[]"}.get(self.type) or (
            "text[]" if self.type.startswith("_") else "text"
        )
        return f"{value}::pg_catalog.{kind} AS {column}"

    def may_be_of_a_domain(self) -> bool:
        """Whether it is an array of what is not known by its name."""
        return self.type.startswith("_") and self.type not in (*AS_IT_IS, "_numeric", "_uuid")

    def taken(self, crs: str | None) -> str:
        """What DuckDB makes of it; `crs` is that of a geometry column, as text."""
        column = quote(self.name)
        return f"{self._value(column, crs)} AS {column}"

    def _value(self, column: str, crs: str | None) -> str:
        if self.type in GEOMETRY:
            made = f"st_geomfromwkb({column}::BLOB)"
            return f"st_setcrs({made}, {literal(projjson(crs))})" if crs else made
        if self.type in ("json", "jsonb"):
            return f"{column}::JSON"
        if self.type == "_uuid":
            return f"{column}::UUID[]"
        if self.type in INFINITE:
            return _finite(column, self.type)
        if self.type[1:] in INFINITE:
            return f"list_transform({column}, lambda x: {_finite('x', self.type[1:])})"
        return f"NULLIF({column}, 'nan')::{self.decimal()}" if self.decimal() else column

    def decimal(self) -> str | None:
        """DuckDB's name of the type of numeric(p, s) where it has one."""
        if self.type != "numeric" or self.modifier < 4:
            return None
        precision, scale = (self.modifier - 4) >> 16 & 0xFFFF, (self.modifier - 4) & 0x7FF
        fits = precision <= LARGEST_DECIMAL and scale <= precision
        return f"DECIMAL({precision}, {scale})" if fits else None

    def srid(self) -> int:
        """The number of a geometry's coordinate system in its type; 0 where it says none. (PostGIS's gserialized.h)"""
        return 0 if self.modifier < 0 else ((self.modifier & 0x0FFFFF00) - (self.modifier & 0x10000000)) >> 8


def _finite(column: str, kind: str) -> str:
    latest, earliest = LATEST["date" if kind == "date" else "timestamp"]
    number = f"({column} - DATE '1970-01-01')" if kind == "date" else f"epoch_us({column})"
    infinity = f"{kind} '{{}}infinity'"
    cases = f"WHEN {latest} THEN {infinity.format('')} WHEN {earliest} THEN {infinity.format('-')}"
    known = column if kind == "date" else f"CASE WHEN {number} >= {FIRST} THEN {column} END"
    return f"CASE {number} {cases} ELSE {known} END"


def columns(schema: Any) -> list[Answered]:
    """The columns that the driver's Arrow schema describes.

    Raises:
        NodeError: `duplicate_column`.
    """
    found: dict[str, Answered] = {}
    for field in schema:
        said: Mapping[bytes, bytes] = field.metadata or {}
        made = Answered(
            field.name, said.get(b"POSTGRESQL:type", b"").decode(), int(said.get(b"POSTGRESQL:typmod", b"-1"))
        )
        if (first := found.get(made.name.lower())) is not None:
            message = f"Two columns are called '{first.name}': give one another name with AS."
            raise NodeError(message, code="duplicate_column")
        found[made.name.lower()] = made
    return list(found.values())


def systems(answered: list[Answered], crs: str | None, look_up: Callable[[int], str | None]) -> dict[str, str | None]:
    """The coordinate system of each geometry column: what its type says, else `crs`."""
    geometry = [each for each in answered if each.type in GEOMETRY]
    return {each.name: (look_up(each.srid()) if each.srid() else None) or crs for each in geometry}

"""What is known of a table before anyone reads its rows: columns, types, coordinate systems."""

import json
from functools import lru_cache
from typing import Any

from duckdb import DuckDBPyRelation as Relation
from pydantic import BaseModel, ConfigDict, Field, model_serializer

from orchestrator.sql import shown

GEOMETRY = "GEOMETRY"


class Column(BaseModel):
    """A column at a port; `crs` (such as `EPSG:4326`) and `geometry_types` are for geometry only."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str
    nullable: bool = Field(True, description="Always true: any column at any port may hold null.")
    crs: str | None = None
    geometry_types: tuple[str, ...] | None = Field(
        None, description="The kinds of geometry in a stored table; null where no rows are known."
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        """The fields, though `_serialize` leaves some out."""
        return handler({key: said for key, said in core.items() if key != "serialization"})

    @model_serializer
    def _serialize(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"name": self.name, "type": shown(self.type), "nullable": self.nullable}
        if self.type == GEOMETRY:
            plain |= {"crs": self.crs, "geometry_types": self.geometry_types}
        return plain


def columns(table: Relation) -> tuple[Column, ...]:
    """The columns of a relation, without running it."""
    return tuple(column(name, str(kind)) for name, kind in zip(table.columns, table.types, strict=True))


@lru_cache(maxsize=4096)
def column(name: str, kind: str) -> Column:
    """A column from DuckDB's name of its type; a geometry type's text carries its coordinate system."""
    if is_geometry(kind):
        return Column(name=name, type=GEOMETRY, crs=crs_of(kind))
    return Column(name=name, type=kind)


def is_geometry(kind: object) -> bool:
    """Whether this DuckDB type is GEOMETRY, with or without a coordinate system."""
    return str(kind).startswith(GEOMETRY) and not str(kind).endswith("]")


def geometry_columns(table: Relation) -> list[str]:
    """The names of the geometry columns, in order; the first is the active one."""
    return [name for name, kind in zip(table.columns, table.types, strict=True) if is_geometry(kind)]


@lru_cache(maxsize=1024)
def crs_of(kind: str) -> str | None:
    """The coordinate system in a type's text, as `AUTHORITY:CODE` where it has one, else as it is written."""
    inside = kind[len(GEOMETRY) :].strip()
    if not inside:
        return None
    written = inside[2:-2].replace("''", "'")
    try:
        system = json.loads(written)
    except ValueError:
        return written
    if not isinstance(system, dict):
        return written
    match system.get("id"):
        case {"authority": authority, "code": code}:
            return f"{authority}:{code}"
    return str(system.get("name", written))

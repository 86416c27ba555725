"""Columns of a second table beside those of the first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from orchestrator import carried
from orchestrator.errors import NodeError, at
from orchestrator.faults import unknown_column
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._spatial import shapes
from orchestrator.ops.base import Relation
from orchestrator.schema import geometry_columns
from orchestrator.sql import quote

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._spatial import Shapes

Suffix = Annotated[str, Field(description="Appended to a column's name that the first table has too.")]


def called(
    first: Sequence[str], second: Relation, port: str, *, wanted: Sequence[str] | None, suffix: str
) -> dict[str, str]:
    """The second table's columns to take, with what they are called beside the `first` names.

    Without `wanted`, all but its active geometry.

    Raises:
        NodeError: `unknown_column` on `columns`; `duplicate_column` on `suffix`.
    """
    known = {name.lower(): name for name in second.columns}
    shape = geometry_columns(second)[:1]
    taken = [name for name in second.columns if name not in shape] if wanted is None else wanted
    used = {name.lower() for name in first}
    names: dict[str, str] = {}
    for number, name in enumerate(dict.fromkeys(taken)):
        if name.lower() not in known:
            with at(f"/columns/{number}"):
                raise unknown_column(name, second.columns, port)
        new = name + suffix if name.lower() in used else name
        if new.lower() in used:
            message = f"Both tables have a column '{new}'; another suffix keeps them apart."
            raise NodeError(message, code="duplicate_column", path="/config/suffix")
        used.add(new.lower())
        names[known[name.lower()]] = new
    return names


def new_columns(table: Sequence[str], named: dict[str, str | None]) -> list[str]:
    """The names that settings give to new columns, refused where the table has one or two are the same.

    Raises:
        NodeError: `duplicate_column`, on the setting.
    """
    check_new(table, ((name, f"/{setting}") for setting, name in named.items()))
    return [name for name in named.values() if name is not None]


def read(table: Relation, port: str, geometry: str, names: dict[str, str]) -> "tuple[pa.Table, Shapes]":
    """These columns of a table under their new names, and its shapes."""
    found = carried.to_arrow(table.project(", ".join(map(quote, [*names, geometry]))))
    beside = found.select(range(len(names))).rename_columns(list(names.values())).combine_chunks()
    return beside, shapes(found.column(len(names)), port)


def taken(beside: "pa.Table", rows: Any) -> list[Any]:
    """These rows of the table, column by column."""
    return [carried.taken(each, rows) for each in beside.columns]

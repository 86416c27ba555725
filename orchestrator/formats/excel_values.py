"""Cells as columns: one name and one type each."""

import datetime as dt
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any


def columns_of(rows: list[list[Any]], header: bool) -> dict[str, list[Any]]:
    """Columns by name; rows of nothing at the end are left out."""
    while rows and not any(value != "" for value in rows[-1]):
        rows = rows[:-1]
    width = max((len(row) for row in rows), default=0)
    columns = [list(column) for column in zip_longest(*rows, fillvalue="")] if rows else []
    if not header:
        return {f"column{index}": column for index, column in enumerate(columns)}
    names = unique(text(column[0]) or f"column{index}" for index, column in enumerate(columns))
    return dict(zip(names, (column[1:] for column in columns), strict=True)) if width else {}


def unique(names: Iterable[str]) -> list[str]:
    """Names that all differ, whatever their case: `a`, `a_1`."""
    made: dict[str, str] = {}
    for name in names:
        number, found = 0, name
        while found.lower() in made:
            number += 1
            found = f"{name}_{number}"
        made[found.lower()] = found
    return list(made.values())


def table_of(columns: dict[str, list[Any]]) -> Any:
    """An Arrow table of them."""
    import pyarrow

    return pyarrow.table({name: array_of(values) for name, values in columns.items()})


def array_of(values: list[Any]) -> Any:
    """An Arrow array of one type for all cells: text where there are several kinds."""
    import pyarrow

    cells = [None if value == "" else value for value in values]
    kinds = set(map(type, cells)) - {type(None)}
    if kinds == {float}:
        return _numbers(cells)
    types = {
        frozenset({bool}): pyarrow.bool_(),
        frozenset({dt.date}): pyarrow.date32(),
        frozenset({dt.datetime}): pyarrow.timestamp("us"),
        frozenset({dt.time}): pyarrow.time64("us"),
        frozenset({dt.timedelta}): pyarrow.duration("us"),
    }
    if kinds == {dt.date, dt.datetime}:
        cells, kinds = [_moment(cell) for cell in cells], {dt.datetime}
    if found := types.get(frozenset(kinds)):
        return pyarrow.array(cells, found)
    return pyarrow.array([None if cell is None else text(cell) for cell in cells], pyarrow.string())


def _numbers(cells: list[Any]) -> Any:
    """Whole numbers as BIGINT: Excel itself knows floating point only."""
    import pyarrow
    from pyarrow import compute

    found = pyarrow.array(cells, pyarrow.float64())
    whole = compute.all(
        compute.and_(compute.equal(compute.floor(found), found), compute.less(compute.abs(found), 2**53))
    )
    return found.cast(pyarrow.int64()) if whole.as_py() else found


def _moment(cell: Any) -> Any:
    return dt.datetime.combine(cell, dt.time()) if type(cell) is dt.date else cell


def text(cell: Any) -> str:
    """A cell as text; whole numbers without a fraction."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case dt.datetime():
            return cell.isoformat(sep=" ")
        case _:
            return str(cell)

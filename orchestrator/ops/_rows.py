"""Rows written in the settings, or posted with an execution, as a table of stable types."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError
from orchestrator.expressions import connection
from orchestrator.ops._casts import converted
from orchestrator.ops._new_columns import AT_MOST, too_long
from orchestrator.ops._types import INTEGER, TypeName, nested, plain
from orchestrator.ops.base import Relation
from orchestrator.ops.settings import NewColumn, unique
from orchestrator.pointers import escaped
from orchestrator.sql import quote
from orchestrator.tables import Session

Row = dict[str, Any]
SIZE = "[]0123456789"  # what a list's type has behind that of its elements
SURROGATE = re.compile("[\ud800-\udfff]")
KINDS = {bool: "true or false", int: "whole numbers", float: "numbers", str: "text", list: "lists", dict: "objects"}
ARROW = {
    bool: pyarrow.bool_(), int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string(),
    dt.date: pyarrow.date32(), dt.datetime: pyarrow.timestamp("us"),
}  # fmt: skip


class TypedColumn(BaseModel):
    """A column and its type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: NewColumn = Field(description="Name of the column.", examples=["amount"])
    type: TypeName = Field(description="Its type, as DuckDB names it.", examples=["BIGINT"])


def check_columns(columns: Sequence[TypedColumn]) -> None:
    """Refuse a name that comes twice."""
    unique((column.name, (index, "name")) for index, column in enumerate(columns))


def relation(
    session: Session, rows: Sequence[Row], columns: Sequence[TypedColumn], place: str, *, closed: bool = False
) -> Relation:
    """A table of these rows; a missing key is null. Without `columns`, types come from the values of all rows.

    `place` is the JSON pointer of the rows, such as `/config/rows`. With `closed`, a key that is no column is refused.

    Raises:
        NodeError: `mixed_types`, `type_mismatch`, `unknown_column`, `invalid_config`, each on the row and column.
    """
    declared = {column.name: column.type for column in columns}
    names = list(dict.fromkeys([*declared, *(key for row in rows for key in row)]))
    _check_names(names, rows, place, declared if closed else None)
    if not names:
        raise NodeError("There is no column: give a row, or 'columns'.", code="invalid_config", path="/config/columns")
    arrays, made = [], []
    for name in names:
        values = [row.get(name) for row in rows]
        kind = declared.get(name)
        arrays.append(_array(name, values, place) if kind is None else _typed(name, values, kind, place))
        made.append(quote(name) if kind is None else f"{_cast(name, kind)} AS {quote(name)}")
    return session.arrow(pyarrow.table(arrays, names=names)).project(", ".join(made))


def _check_names(names: Iterable[str], rows: Sequence[Row], place: str, declared: Mapping[str, str] | None) -> None:
    seen: dict[str, str] = {}
    for name in names:
        index = next((index for index, row in enumerate(rows) if name in row), 0)
        if declared is not None and name not in declared:
            message = f"Row {index + 1} has '{name}', which is none of the columns {', '.join(declared)}."
            raise NodeError(message, code="unknown_column", path=f"{place}/{index}", row=index)
        if said := too_long(name):
            message = f"This makes no column: {said}."
            raise NodeError(message, code="invalid_name", path=f"{place}/{index}", row=index, hint=AT_MOST)
        if not name or seen.setdefault(name.lower(), name) != name:
            other = seen.get(name.lower())
            message = f"'{other}' and '{name}' differ in case only." if name else "A column needs a name."
            raise NodeError(message, code="invalid_config", path=f"{place}/{index}", row=index)


def _array(name: str, values: Sequence[Any], place: str) -> pyarrow.Array:
    """Values of one kind as an Arrow array; whole numbers among numbers become numbers, only nulls become text."""
    kind: type | None = None
    for index, value in enumerate(values):
        found = type(value) if type(value) in ARROW else next((k for k in (list, dict) if isinstance(value, k)), str)
        if value is None or found is kind:
            continue
        if kind is not None and {kind, found} != {int, float}:
            message = (
                f"Column '{name}' holds {KINDS.get(kind, kind.__name__)} and, in row {index + 1}, "
                f"{KINDS.get(found, found.__name__)}: {short(value)}. Give its type in 'columns'."
            )
            raise _error(message, "mixed_types", (place, index, name), value)
        kind = float if kind is not None else found
    try:
        return pyarrow.array(values, ARROW.get(kind or str), from_pandas=False)
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError):
        index = next((i for i in range(len(values)) if not _fits(values[: i + 1], kind)), 0)
        message = f"Column '{name}', row {index + 1}: {short(values[index])} does not fit. Give its type in 'columns'."
        raise _error(message, "mixed_types", (place, index, name), values[index]) from None


def _fits(values: Sequence[Any], kind: type | None) -> bool:
    try:
        pyarrow.array(values, ARROW.get(kind or str))
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError):
        return False
    return True


def _typed(name: str, values: Sequence[Any], kind: str, place: str) -> pyarrow.Array:
    """The values as text for DuckDB to convert, after trying that each of them can be."""
    for index, value in enumerate(values):
        if isinstance(value, str) and SURROGATE.search(value):
            message = f"Column '{name}', row {index + 1}: the text is not Unicode: it has half of a character pair."
            raise _error(message, "type_mismatch", (place, index, name), ascii(value))
    texts = pyarrow.array([_text(value) for value in values], pyarrow.string())
    tests = f"{_cast('v', kind)} IS NULL AND v IS NOT NULL"
    tried = connection().cursor().from_arrow(pyarrow.table([texts], names=["v"])).project(tests)
    for index, (wrong,) in enumerate(tried.fetchall()):
        if wrong or (INTEGER.fullmatch(kind.rstrip(SIZE)) and _fraction(values[index])):
            message = f"Column '{name}', row {index + 1}: {short(values[index])} cannot become {plain(kind)}."
            raise _error(message, "type_mismatch", (place, index, name), values[index])
    return texts


def _cast(name: str, kind: str) -> str:
    if nested(kind):
        return converted(f"TRY_CAST({quote(name)} AS JSON)", "JSON", kind)
    return f"TRY_CAST({quote(name)} AS {kind})"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value, default=str, ensure_ascii=False)


def _fraction(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_fraction, value))
    try:
        return value is not None and Decimal(str(value).strip()) % 1 != 0
    except InvalidOperation:
        return False


def short(value: Any) -> str:
    """A value in a message, cut after 60 characters."""
    text = "null" if value is None else _text(value) or ""
    quoted = f"'{text}'" if isinstance(value, str) else text
    return quoted if len(quoted) <= 60 else quoted[:59] + "…"


def _error(message: str, code: str, where: tuple[str, int, str], value: Any) -> NodeError:
    place, index, name = where
    return NodeError(message, code=code, path=f"{place}/{index}/{escaped(name)}", row=index, value=value)

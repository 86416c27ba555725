"""Records of texts, as XML gives them, as a table: which columns there are, and of which types."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from orchestrator.errors import NodeError
from orchestrator.formats.streams import stored
from orchestrator.formats.texts import converted, guessed, with_types
from orchestrator.formats.workplace import empty, remembered
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import quote

BATCH = 10_000
NUMBER = "\1row"
Record = Mapping[str, str | list[str | None] | None]


def table(
    read: Callable[[], Iterator[Record]], path: Path, settings: BaseModel, context: Context, *, name: str,
    sample: int, types: Mapping[str, str],
) -> Relation:  # fmt: skip
    """The records as rows. The first `sample` of them (-1: all) decide on columns and types, `types` override them.

    A column that has several values in one of these records is a list column.

    Raises:
        NodeError: `no_table`, `unknown_column`; `mixed_types`, `invalid_value`: a later record does not fit.
    """
    lists, kinds = remembered(path, settings, lambda: _described(islice(read(), sample if sample >= 0 else None)))
    if not kinds:
        raise NodeError(f"'{name}' has no records there.", code="no_table", path="/config/records")
    kinds = with_types(kinds, types, name)
    if context.design:
        many = zip(kinds.items(), lists.values(), strict=True)
        return empty(context, {key: f"{kind}[]" if several else kind for (key, kind), several in many})
    return converted(stored(_schema(lists), _batches(read(), lists, name), context), kinds, name)


def _described(records: Iterator[Record]) -> tuple[dict[str, bool], dict[str, str]]:
    """Which columns hold lists, and the type of each column's values, in the same order."""
    import pyarrow

    found = list(records)
    lists: dict[str, bool] = {}
    for record in found:
        for key, value in record.items():
            lists[key] = lists.get(key, False) or isinstance(value, list)
    if not lists:
        return {}, {}
    made = pyarrow.Table.from_batches(list(_batches(iter(found), lists, "")), _schema(lists))
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        table = connection.from_arrow(made)  # names that differ in case only get a number here, as in the run
        return lists, guessed(table.project(f"* EXCLUDE ({quote(NUMBER)})"))


def _schema(lists: Mapping[str, bool]) -> Any:
    import pyarrow

    text = pyarrow.string()
    fields = [(key, pyarrow.list_(text) if many else text) for key, many in lists.items()]
    return pyarrow.schema([(NUMBER, pyarrow.int64()), *fields])


def _value(value: Any, many: bool) -> Any:
    return [value] if many and isinstance(value, str) else value


def _batches(records: Iterator[Record], lists: Mapping[str, bool], name: str) -> Iterator[Any]:
    import pyarrow

    first, schema = 1, _schema(lists)
    while rows := list(islice(records, BATCH)):
        for number, record in enumerate(rows, first):
            for key, value in record.items():
                if key not in lists or (isinstance(value, list) and not lists[key]):
                    raise _late(name, number, key, key in lists)
        columns = {key: [_value(record.get(key), many) for record in rows] for key, many in lists.items()}
        numbers = list(range(first, first + len(rows)))
        yield pyarrow.RecordBatch.from_pydict({NUMBER: numbers, **columns}, schema=schema)
        first += len(rows)


def _late(name: str, number: int, key: str, known: bool) -> NodeError:
    what = f"there are several values for '{key}'" if known else f"there is a column '{key}'"
    message = f"'{name}', row {number:,}: {what}, unlike in the records that decided on the columns."
    return NodeError(message, code="mixed_types" if known else "no_table", row=number, hint="sample_size: -1")

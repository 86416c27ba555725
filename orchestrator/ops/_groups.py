"""The groups of a table, each read by itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from orchestrator.ops._numbered import listed, numbered
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Relation
from orchestrator.sql import names, quote

ROUNDED = frozenset({"INTERVAL", "TIMESTAMP_NS", "TIME_NS"})  # in Python: months become days, nanoseconds go


class Groups:
    """A table, stored in the order of its groups: those of the same values in `by`, or each row where that is empty.

    Groups come in the order of their first rows, rows in input order. `folder` is the run's, to put results in.
    """

    def __init__(self, table: Relation, by: Sequence[str], context: Context) -> None:
        (scratch := context.scratch or context.root).mkdir(parents=True, exist_ok=True)
        self.folder = Path(mkdtemp(dir=scratch, prefix="groups-"))
        self._session, self._columns = context.session, table.columns
        self._row = quote(free(table.columns, "_row"))
        self._group = quote(free([*table.columns, "_row"], "_group"))
        group = f"min({self._row}) OVER (PARTITION BY {listed(by)})" if by else self._row
        rows = numbered(self._session, table, self._row)
        ordered = f"SELECT *, {group} AS {self._group} FROM {rows} ORDER BY {self._group}, {self._row}"
        self._session.store(self._session.connection.sql(ordered), self.folder / "rows.parquet")
        self._stored = self._session.parquet(self.folder / "rows.parquet")

    def first_rows(self, columns: Sequence[str], most: int) -> Mapping[int, dict[str, Any]]:
        """So many groups by number, with the values of these columns in their first rows.

        What Python cannot hold is text: a cast to the column's type gives the value back.
        """
        first = self._stored.filter(f"{self._row} = {self._group}").order(self._group).limit(most)
        kinds = names(self._stored)
        asked = [*map(quote, columns), *(_text(name, kinds[name]) for name in columns)]
        rows = first.project(", ".join([self._group, *asked])).fetchall()
        return {number: _held(columns, told) for number, *told in rows}

    def rows(self, number: int) -> Relation:
        """The rows of a group."""
        return self._stored.filter(f"{self._group} = {number}").project(listed(self._columns))


def _text(name: str, kind: str) -> str:
    """SQL for a value as text where Python has none like it; infinity there is a day of the year 9999."""
    if kind in ROUNDED:
        return f"{quote(name)}::VARCHAR"
    if kind.startswith(("DATE", "TIMESTAMP")):
        return f"CASE WHEN NOT isfinite({quote(name)}) THEN {quote(name)}::VARCHAR END"
    return "NULL"


def _held(columns: Sequence[str], told: Sequence[Any]) -> dict[str, Any]:
    values, texts = told[: len(columns)], told[len(columns) :]
    return {name: text or value for name, value, text in zip(columns, values, texts, strict=True)}

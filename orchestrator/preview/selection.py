"""Which rows of a stored table, in which order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestrator.errors import NodeError
from orchestrator.expressions import check
from orchestrator.faults import translate, unknown_column
from orchestrator.ops._tested import boolean
from orchestrator.sql import quote
from orchestrator.tables import Session


@dataclass(frozen=True)
class Selection:
    """What a client asks for.

    `where` is an expression, true for the rows to take. `sort` names columns with commas, a `-` before those that
    descend; a name with a comma or a `-` in front goes into double quotes. Nulls come last; equal rows stay in their
    order. `limit` and `offset` count rows of what is left.
    """

    where: str | None = None
    sort: str | None = None
    limit: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        for name in ("limit", "offset"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise NodeError(f"'{name}' is {value}; it must be 0 or more.", code="invalid_request", path=at(name))
        if self.where is not None:
            with asked("where"):
                check(self.where)

    @property
    def everything(self) -> bool:
        """Whether it is the whole table as it is stored."""
        return self.where is None and not self.sort and self.limit is None and not self.offset

    def rows(self, session: Session, path: Path, columns: Sequence[str]) -> str:
        """SQL for these rows, all columns."""
        row = free(columns)
        source, tests, order, cut = stored(session, path, row), [], "", ""
        if self.where is None and not self.sort:
            # By number, so that the pages of the Parquet file before these rows are not even read.
            tests.append(f"{row} >= {self.offset}")
            tests += [f"{row} < {self.offset + self.limit}"] if self.limit is not None else []
        else:
            cut = f" LIMIT {'ALL' if self.limit is None else self.limit} OFFSET {self.offset}"
        if self.where is not None:
            tests.append(f"(\n{self.where}\n)")
        if self.sort:
            order = " ORDER BY " + ", ".join([*self._keys(columns), row])
        given = ", ".join(map(quote, columns))
        return f"SELECT {given} FROM {source} WHERE {' AND '.join(tests) or 'true'}{order}{cut}"

    def count(self, session: Session, path: Path, columns: Sequence[str]) -> str:
        """SQL for how many rows there are, before `limit` and `offset`; without `where` the file's footer knows.

        It is bound before `rows`: here `where` can name the table's own columns alone, and so can what is said of it.

        Raises:
            NodeError: `type_mismatch`: `where` gives something else than true or false.
        """
        given = ", ".join(map(quote, columns))
        counted = f"SELECT count(*) FROM (SELECT {given} FROM {session.scan(path)})"
        if self.where is None:
            return counted
        test = boolean(f"(\n{self.where}\n)", session.parquet(path))
        return f"{counted} WHERE {test}"

    def _keys(self, columns: Sequence[str]) -> Iterator[str]:
        known = {name.lower(): name for name in columns}
        for name, descends in sort_keys(self.sort or ""):
            if name.lower() not in known:
                error = unknown_column(name, columns)
                error.path = at("sort")
                raise error
            yield quote(known[name.lower()]) + (" DESC NULLS LAST" if descends else " NULLS LAST")


def sort_keys(text: str) -> Iterator[tuple[str, bool]]:
    """Names and whether they descend: `a,-b`, `"odd, name",-"-c"`."""
    for each in split(text):
        descends = each.startswith("-")
        name = each[1:] if descends else each
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].replace('""', '"')
        yield name, descends


def split(text: str) -> list[str]:
    """The parts between commas that are outside of double quotes."""
    parts, quoted = [""], False
    for letter in text:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def stored(session: Session, path: Path, row: str) -> str:
    """SQL for a stored table with the number of each row; what else DuckDB tells of a file stays out of reach."""
    return session.scan(path, f", file_row_number AS {row}")


def free(columns: Sequence[str]) -> str:
    """A name that no column has."""
    taken, name = {each.lower() for each in columns}, "_row"
    while name in taken:
        name += "_"
    return name


def at(parameter: str) -> str:
    """The JSON pointer of a query parameter."""
    return f"/query/{parameter}"


@contextmanager
def asked(parameter: str | None) -> Iterator[None]:
    """Errors inside are about this query parameter, if any.

    Raises:
        NodeError: also in place of DuckDB's errors.
    """
    try:
        yield
    except (NodeError, duckdb.Error) as error:
        made = translate(error)
        made.path = made.path or (at(parameter) if parameter else None)
        raise made from None

"""Columns of text with few values, which are written five times as fast once their values are known.

DuckDB scans such a column of a stored table as a dictionary, but hashes the text of every row again to write it. As an
ENUM it does not, and the file is the same. The values of a stored table are taken for those of the tables that come
from it, by the column's name, and those of a sample for all of a large file; a row with another value ends the writing,
which is then done without.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

import duckdb

from orchestrator.schema import Column
from orchestrator.sql import literal, quote

LARGE = 500_000  # rows: before a table of so many has been stored it does not pay
MOST = 1_000
ENOUGH, OFTEN, EVEN = 1_000, 10, 4  # rows of a sample, those of a value, and how many fewer than on average
OTHER = "not one of the few values of column "
# Ours of a scanned table; DuckDB's of a cast, and of one that it makes while it reads a text file.
OTHERS = (
    OTHER + "{1}",
    "') when casting from source column {0}\n",
    'converting column "{0}". Could not convert string',
)


class FewValues:
    """What is known of the text in the tables that a session has stored."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count()
        self._pays = False
        self._tables: dict[str, Path] = {}  # by the name of a column at whose values nobody has looked
        self._types: dict[str, str] = {}
        self._samples: list[tuple[Sequence[str], str]] = []
        self._foreseen: dict[str, Set[str]] = {}
        self._wrong: set[str] = set()  # names of columns that mean several things

    def fields(self, columns: Iterable[Column]) -> dict[str, str]:
        """SQL for the columns that are written as an ENUM, by name."""
        plain: set[str] = set()
        while self._samples:
            some, sample = self._samples.pop(0)
            self._count(some, sample)
            plain.update(some)
        names = _texts(columns) if self._pays else []
        self._look([name for name in names if name in self._tables])
        return {name: self._field(name, plain) for name in names if name in self._types}

    def _field(self, name: str, plain: Set[str]) -> str:
        """Text of a file is cast; of a scanned dictionary only each text of it is, where that cannot fail."""
        kind, value = self._types[name], quote(name)
        if name in plain:
            return f"{value}::{kind}"
        cast, said = f"TRY_CAST({value} AS {kind})", literal(OTHER + quote(name))
        return f"if({cast} IS NULL AND {value} IS NOT NULL, error({said})::{kind}, {cast})"

    def foresee(self, names: Sequence[str], sample: str) -> None:
        """Take the values of columns of text in a sample of a large table for all there are, once it is to be stored.

        Where the table has another value it is written twice: so only if in the sample none is rare, as another would.
        `sample` is SQL from its FROM on.
        """
        self._samples.append((names, sample))

    def _count(self, names: Sequence[str], sample: str) -> None:
        counts = ", ".join(
            f"CASE WHEN count(DISTINCT {n}) <= {MOST} THEN histogram({n}) END" for n in map(quote, names)
        )
        counted = self._connection.execute(f"SELECT {counts} {sample}").fetchall()[0]
        for name, found in zip(names, counted, strict=True):
            least, rows = (min(found.values()), sum(found.values())) if found else (0, 0)
            if name in self._wrong or rows < ENOUGH or least < OFTEN or rows > EVEN * least * len(found):
                continue
            if self._foreseen.setdefault(name, found.keys()) != found.keys():
                self._types.pop(name, None)
                self._wrong.add(name)
            elif name not in self._types:
                self._define(name, found)
                self._pays = True

    def note(self, columns: Iterable[Column], written: Iterable[str], path: Path, rows: int) -> None:
        """A table has been stored, these columns of it as an ENUM. What a large one says of a name counts."""
        self._pays = self._pays or rows >= LARGE
        for name in set(_texts(columns)) - set(written) - self._wrong:
            if rows >= LARGE or not (name in self._types or name in self._tables):
                self._types.pop(name, None)
                self._tables[name] = path

    def is_other(self, error: duckdb.Error) -> bool:
        """Whether writing ended at a value that is not among the few of its column, which is then left alone."""
        said = str(error)
        found = {name for name in self._types if any(words.format(name, quote(name)) in said for words in OTHERS)}
        self._wrong |= found
        for name in found:
            del self._types[name]
        return bool(found)

    def _look(self, names: Iterable[str]) -> None:
        """Make a type of the values of each of these columns that has few: then all of its file has a dictionary."""
        by_path: defaultdict[Path, list[str]] = defaultdict(list)
        for name in names:
            by_path[self._tables.pop(name)].append(name)
        for path, some in by_path.items():
            plain = "SELECT DISTINCT path_in_schema FROM parquet_metadata({}) WHERE encodings NOT LIKE '%DICTIONARY%'"
            many = {name for (name,) in self._connection.execute(plain.format(literal(str(path)))).fetchall()}
            for name in some:
                if name not in many:
                    self._make(name, path)

    def _make(self, name: str, path: Path) -> None:
        values = f"SELECT DISTINCT {quote(name)} AS v FROM read_parquet({literal(str(path))}) WHERE v IS NOT NULL"
        found = [value for (value,) in self._connection.execute(f"{values} LIMIT {MOST + 1}").fetchall()]
        if 0 < len(found) <= MOST:
            self._define(name, found)

    def _define(self, name: str, values: Iterable[str]) -> None:
        kind = f"_few_{next(self._numbers)}"
        self._connection.execute(f"CREATE TYPE {kind} AS ENUM ({', '.join(map(literal, values))})")
        self._types[name] = kind


def _texts(columns: Iterable[Column]) -> list[str]:
    return [each.name for each in columns if each.type == "VARCHAR"]

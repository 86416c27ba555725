"""Tables of SQLite databases, which may come from anywhere: opened read-only, and nothing in them is trusted."""

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote as url_quote

from orchestrator.errors import NodeError
from orchestrator.formats.cut_short import pages
from orchestrator.formats.sqlite_journal import restored
from orchestrator.sql import quote
from orchestrator.suggest import listing, near

MAGIC = b"SQLite format 3\0"
BATCH = 10_000
MOST_COLUMNS = 2_000
STORED = ("integer", "real", "text", "blob")
LONGEST_VALUE = 256 << 20


def _zoned(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _local(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo:
        raise ValueError(text)
    return found


TIMES: Mapping[str, Callable[[str], Any]] = {
    "date": dt.date.fromisoformat, "timestamp": _local, "timestamptz": _zoned, "time": dt.time.fromisoformat,
}  # fmt: skip


def opened(path: Path, name: str) -> sqlite3.Connection:
    """The database to be read only, without any way to another file.

    Raises:
        NodeError: `unreadable_file`.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NodeError(f"'{name}' is not an SQLite database.", code="unreadable_file")
    restored(path, name)
    pages(path, name)
    connection = sqlite3.connect(f"file:{url_quote(str(path))}?mode=ro", uri=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """Errors of SQLite as sentences. Raises NodeError, `unreadable_file`."""
    try:
        yield
    except sqlite3.Error as error:
        raise NodeError(f"'{name}' cannot be read: {str(error)[:200]}.", code="unreadable_file") from None


def tables(connection: sqlite3.Connection) -> list[str]:
    """The names of its tables and views."""
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return [row[0] for row in connection.execute(f"{query} ORDER BY rowid")]


def table_named(connection: sqlite3.Connection, wanted: str | None, name: str) -> str:
    """The table that a setting means; the only one by default.

    Raises:
        NodeError: `no_table`, `unknown_layer`.
    """
    known = tables(connection)
    if not known:
        raise NodeError(f"'{name}' has no table.", code="no_table")
    if wanted is None and len(known) > 1:
        message = f"'{name}' has {len(known)} tables: say which to read."
        raise NodeError(message, code="unknown_layer", path="/config/table", hint=listing(known))
    if wanted is not None and wanted not in known:
        message = f"Table '{wanted}' is not in '{name}'.{near(wanted, known)}"
        raise NodeError(message, code="unknown_layer", path="/config/table", hint=listing(known))
    return wanted or known[0]


def kinds(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """The type of each column, from how it was declared and from all of its values: `int`, `date` and so on."""
    for kind, made in TIMES.items():
        connection.create_function(f"is_{kind}", 1, _fits(made), deterministic=True)
    # Hidden columns (2 and 3 are generated ones) are no columns of `SELECT *`.
    info = connection.execute(f"SELECT name, type FROM pragma_table_xinfo({_text(table)}) WHERE hidden <> 1").fetchall()
    wanted = {column: meaning(said) for column, said in info}
    tests = [
        part
        for column, kind in wanted.items()
        for part in (
            *(
                f"count(CASE WHEN typeof({quote(column)}) = '{each}' THEN 1 END)"
                for each in ("integer", "real", "text", "blob")
            ),
            _test(quote(column), kind),
        )
    ]
    counts: list[Any] = []
    for start in range(0, len(tests), 500):
        query = f"SELECT {', '.join(tests[start : start + 500])} FROM {quote(table)}"
        counts.extend(connection.execute(query).fetchone())
    return {
        column: _kind(kind, counts[5 * index : 5 * index + 5]) for index, (column, kind) in enumerate(wanted.items())
    }


def _fits(made: Callable[[str], Any]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            made(value)
        except (ValueError, TypeError):
            return False
        return True

    return fits


def _test(column: str, kind: str) -> str:
    """SQL that is true where all values are of a kind that SQLite itself does not have."""
    if kind == "bool":
        return f"min({column} IN (0, 1))"
    return f"min(is_{kind}({column})) FILTER (WHERE {column} IS NOT NULL)" if kind in TIMES else "1"


def meaning(said: str) -> str:
    """What a column's declared type means, `any` where it says nothing, by the rules of SQLite's affinity and the
    names of dates and times.
    """
    name = said.upper().strip()
    if "BOOL" in name:
        return "bool"
    if name.startswith(("TIMESTAMP", "DATETIME")):
        return "timestamptz" if "TZ" in name or "WITH TIME ZONE" in name else "timestamp"
    if name in ("DATE", "TIME"):
        return name.lower()
    if "INT" in name:
        return "int"
    if any(each in name for each in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if any(each in name for each in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return "float"
    return "blob" if "BLOB" in name else "any"


def _kind(declared: str, counts: list[Any]) -> str:
    """The declared kind where all values are of it, else the one that holds them all."""
    integers, reals, texts, blobs, fits = counts
    if not integers + reals + texts + blobs:
        return "text" if declared == "any" else declared
    if declared == "bool" and fits and not reals + texts + blobs:
        return "bool"
    if declared in TIMES and fits and not integers + reals + blobs:
        return declared
    if blobs:
        return "blob"
    if texts or declared == "text":
        return "text"
    return "float" if reals or declared == "float" else "int"


def schema(kinds: Mapping[str, str]) -> Any:
    """The same as an Arrow schema."""
    import pyarrow

    types = {
        "int": pyarrow.int64(), "float": pyarrow.float64(), "text": pyarrow.string(), "blob": pyarrow.binary(),
        "bool": pyarrow.bool_(), "date": pyarrow.date32(), "timestamp": pyarrow.timestamp("us"),
        "timestamptz": pyarrow.timestamp("us", "UTC"), "time": pyarrow.time64("us"),
    }  # fmt: skip
    return pyarrow.schema({name: types[kind] for name, kind in kinds.items()})


def rows(connection: sqlite3.Connection, table: str, kinds: Mapping[str, str]) -> Iterator[Any]:
    """The rows as Arrow batches."""
    import pyarrow

    made, names = schema(kinds), ", ".join(map(quote, kinds))
    found = connection.execute(f"SELECT {names} FROM {quote(table)}")
    while some := found.fetchmany(BATCH):
        columns = [
            pyarrow.array([None if value is None else _value(value, kind) for value in column], field.type)
            for column, kind, field in zip(zip(*some, strict=True), kinds.values(), made, strict=True)
        ]
        yield pyarrow.RecordBatch.from_arrays(columns, schema=made)


def _value(value: Any, kind: str) -> Any:
    if kind in TIMES:
        return TIMES[kind](value)
    if kind == "text":
        return value if isinstance(value, str) else str(value)
    if kind == "blob":
        return value if isinstance(value, bytes) else str(value).encode()
    return {"bool": bool, "float": float, "int": int}[kind](value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
